#include "collectors/atlas/readiness.h"

#include <map>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::atlas {
namespace {

BOOST_AUTO_TEST_SUITE(atlas_readiness_test)

BOOST_AUTO_TEST_CASE(ReadsWhatTheBodySays) {
  using Dependencies = std::map<std::string, bool>;
  const struct {
    std::string name;
    int status;
    std::string retry_after;
    std::string body;
    bool ready;
    bool maintenance;
    Dependencies dependencies;
  } rows[] = {
      {"ready",
       200,
       "",
       R"({"ready": true, "checks": {"database": true, "models": true}})",
       true,
       false,
       {{"database", true}, {"models", true}}},
      {"not ready",
       503,
       "",
       R"({"ready": false, "checks": {"database": true, "redis": false}})",
       false,
       false,
       {{"database", true}, {"redis", false}}},
      {"denied with status 200", 200, "", R"({"ready": false})", false, false, {}},
      {"no body", 200, "", "", true, false, {}},
      {"half a body", 503, "", R"({"ready": false, "checks": {"data)", false, false, {}},
      {"a page for people", 200, "", "<!doctype html>", false, false, {}},
      {"redirect", 302, "", "", false, false, {}},
      {"maintenance", 503, "3600", R"({"detail": "down", "retry_after": 3600})", false, true, {}},
      {"maintenance in words", 503, "60", "Maintenance in progress", false, true, {}},
      {"overload", 503, "1", "too many requests", false, false, {}},
      {"no header", 503, "", R"({"retry_after": 3600})", false, false, {}},
      {"not ready, try again",
       503,
       "5",
       R"({"ready": false, "checks": {}, "retry_after": 5})",
       false,
       false,
       {}},
      {"strange checks",
       200,
       "",
       R"({"checks": {"database": "up", "redis": 1, "models": true}})",
       true,
       false,
       {{"models", true}}},
      {"checks that are none", 200, "", R"({"checks": [true]})", true, false, {}},
  };
  for (const auto& row : rows) {
    HttpAnswer answer{.status = row.status, .headers = {}, .body = row.body};
    if (!row.retry_after.empty()) answer.headers = {{"Retry-After", row.retry_after}};
    const Readiness readiness = ReadReadiness(answer);
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(readiness.ready == row.ready);
      BOOST_TEST(readiness.maintenance == row.maintenance);
      BOOST_TEST((readiness.dependencies == row.dependencies));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas
