#include "exporter/query_command.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/log.h"
#include "exporter/http_server.h"
#include "tests/support/command_output.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin {
namespace {

std::string Run(const QueryFlags& flags) {
  return StatusAndOutput([&] { return RunQuery(flags); });
}

std::string Ask(const std::string& server) {
  QueryFlags flags;
  flags.expression = "up";
  flags.server = server;
  return Run(flags);
}

BOOST_AUTO_TEST_SUITE(query_command_test)

BOOST_AUTO_TEST_CASE(EvaluatesOverAFile) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "metrics.txt").string();
  std::ofstream(file) << "old 1 1700000000000\nplain 2\n";
  QueryFlags flags;
  flags.input = file;
  // What has no time is as old as the rest, else the rest would be out of sight.
  flags.expression = "{__name__=~\".+\"}";
  BOOST_TEST(Run(flags) == "0 1  old\n2  plain\n");
  flags.expression = "old";
  flags.start = "1700000000";
  flags.end = "1700000060";
  flags.step = "1m";
  BOOST_TEST(Run(flags) == "0 old\n  2023-11-14T22:13:20.000Z  1\n  2023-11-14T22:14:20.000Z  1\n");
}

BOOST_AUTO_TEST_CASE(SaysWhatAServerAnswersInstead) {
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const auto answer = [](const HttpRequest&) {
    return HttpResponse::Text(503, "too many\033 requests\nare waiting\n");
  };
  const Route route = {.path = "/api/v1/query", .methods = {"POST"}, .handle = answer};
  const auto server = HttpServer::Start({.listen = {"127.0.0.1:0"}}, {route}, log);
  BOOST_REQUIRE(server);
  const std::string address = (*server)->addresses().front();
  BOOST_TEST(Ask("http://u:secret@" + address + "/") ==
             "1 tocsin: http://" + address +
                 "/api/v1/query: this is not the answer of a Prometheus API: status 503, "
                 "\"too many\\x1b requests\"\n");
}

BOOST_AUTO_TEST_CASE(TheAddressIsShownWithoutItsPassword) {
  for (const std::string server : {"http://u:p%40w@127.0.0.1:1", "u:p%40w@127.0.0.1:1/a@b?c"}) {
    BOOST_TEST(Ask(server) == "1 tocsin: http://127.0.0.1:1: connection refused\n");
  }
  BOOST_TEST(Ask("http://u:p@w@127.0.0.1:1") == "1 tocsin: not a URL of http or https\n");
}

BOOST_AUTO_TEST_CASE(NoProxyStandsBetween) {
  const TestServer server([](const TestServer::Request& request) {
    BOOST_TEST(request.line() == "POST /api/v1/query HTTP/1.1");
    BOOST_TEST(request.body.starts_with("query=up&time="));
    return TestServer::Answer(
        200, R"({"status":"success","data":{"resultType":"scalar","result":[1,"5"]}})");
  });
  setenv("http_proxy", "http://127.0.0.1:1", 1);  // NOLINT(concurrency-mt-unsafe)
  BOOST_TEST(Ask(server.url()) == "0 5\n");
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
