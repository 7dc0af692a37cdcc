#include "collectors/atlas/nginx_logs.h"

#include <fstream>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::atlas {
namespace {

BOOST_AUTO_TEST_SUITE(atlas_nginx_logs_test)

BOOST_AUTO_TEST_CASE(FindsTheStatusOfARequest) {
  const struct {
    std::string line;
    std::string status;
  } rows[] = {
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /api/v1/models HTTP/1.1" 200 612 "-" "curl/8" "-")",
       "200"},
      {R"(10.0.0.1 - bob [01/May/2026:10:00:00 +0000] "POST / HTTP/1.1" 503 0 "-" "-")", "503"},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /\x22 500 HTTP/1.1" 404 1 "-" "-")",
       "404"},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "" 400 0 "-" "-")", "400"},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "-" 499)", "499"},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 2000 1)", ""},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET / HTTP/1.1" abc 1)", ""},
      {R"(10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET / HTTP/1.1)", ""},
      {R"({"status": 200, "request": "GET /"})", ""},
      {"", ""},
      {R"(] ")", ""},
  };
  for (const auto& row : rows) {
    BOOST_TEST(StatusOfAccess(row.line).value_or("") == row.status, row.line);
  }
}

BOOST_AUTO_TEST_CASE(FindsTheZoneThatRefused) {
  const std::string begin = "2026/05/01 10:00:00 [error] 31#31: *5 ";
  const std::string end = R"(, client: 10.0.0.1, server: _, request: "GET / HTTP/1.1", host: "a")";
  const struct {
    std::string line;
    std::string zone;
  } rows[] = {
      {begin + R"(limiting requests, excess: 20.540 by zone "api")" + end, "api"},
      {begin + R"(limiting requests, excess: 5.001 by zone "optimize")" + end, "optimize"},
      {begin + R"(limiting requests, dry run, excess: 5.001 by zone "api")" + end, ""},
      {begin + R"(delaying request, excess: 1.001, by zone "api")" + end, ""},
      {begin + R"(limiting connections by zone "addr")" + end, ""},
      {begin +
           R"(open() failed, client: 1.2.3.4, request: "GET / limiting requests, excess: 1 by zone "x"")",
       ""},
      {begin + R"(limiting requests, excess: 1 by zone "")" + end, ""},
      {begin + R"(limiting requests, excess: 1 by zone "ap)", ""},
      {begin + "limiting requests, excess: 1", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    BOOST_TEST(RefusingZone(row.line).value_or("") == row.zone, row.line);
  }
}

BOOST_AUTO_TEST_CASE(CountsAndGoesOnAfterARestart) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "error.log";
  const auto append = [&](const std::string& zone) {
    std::ofstream(path, std::ios::app)
        << "e 1#1: *1 limiting requests, excess: 1 by zone \"" << zone << "\", client: a\n";
  };
  append("before");
  LogCounts first(path, RefusingZone, {});
  BOOST_REQUIRE(first.Read(LongAttempt()));
  append("api");
  append("api");
  std::ofstream(path, std::ios::app) << "something else\n";
  BOOST_REQUIRE(first.Read(LongAttempt()));
  BOOST_TEST(first.lines() == 3U);
  BOOST_TEST(first.counted() == 2U);
  const std::string saved = boost::json::serialize(first.Save());

  append("api");
  append("optimize");
  LogCounts second(path, RefusingZone, boost::json::parse(saved));
  BOOST_REQUIRE(second.Read(LongAttempt()));
  BOOST_TEST((second.counts() == LogCounts::Counts{{"api", 3}, {"optimize", 1}}));
}

BOOST_AUTO_TEST_CASE(AStateThatMakesNoSenseIsNone) {
  for (const std::string state :
       {"null", "[]", R"({"counts": [1]})", R"({"counts": {"api": -1, "x": "y"}, "inode": 1})",
        R"({"device": 1, "inode": 2, "offset": -3})"}) {
    const LogCounts counts("/nowhere", RefusingZone, boost::json::parse(state));
    BOOST_TEST(counts.counts().empty(), state);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas
