#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/kailash/health_answer.h"
#include "collectors/kailash/pool_reports.h"

namespace tocsin::collectors::kailash {
namespace {

// What is no answer of either kind.
const std::vector<std::string> kMalformed = {"",
                                             "<!DOCTYPE html><html></html>",
                                             "{\"pools\": {\"a\": {\"active_conn",
                                             "null",
                                             "[]",
                                             "\"healthy\"",
                                             "7",
                                             "{} {}"};

}  // namespace

BOOST_AUTO_TEST_SUITE(answers_test)

BOOST_AUTO_TEST_CASE(TheMembersOfHealthCountAndNotItsStatus) {
  const Result<HealthAnswer> health = ParseHealthAnswer(
      R"({"status":"healthy","workflows":{"a":"healthy","b":"degraded","c":"unhealthy",)"
      R"("d":"unknown","e":7},"mcp_servers":{"m":"stopped","n":"healthy"}})");
  BOOST_TEST_REQUIRE(static_cast<bool>(health));
  using Members = std::map<std::string, bool>;
  BOOST_TEST((health->workflows ==
              Members{{"a", true}, {"b", false}, {"c", false}, {"d", false}, {"e", false}}));
  BOOST_TEST((health->mcp_servers == Members{{"m", false}, {"n", true}}));
  const Result<HealthAnswer> bare = ParseHealthAnswer(R"({"status":"ok","workflows":[]})");
  BOOST_TEST_REQUIRE(static_cast<bool>(bare));
  BOOST_TEST(bare->workflows.empty());
  for (const std::string& body : kMalformed) {
    BOOST_TEST_CONTEXT(body) {
      const Result<HealthAnswer> none = ParseHealthAnswer(body);
      BOOST_TEST_REQUIRE(!none);
      BOOST_TEST((none.error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(APoolThatTheServerCannotAskHasNoReport) {
  const Result<PoolAnswer> answer = ParsePoolAnswer(
      R"({"timestamp":1795316925.5,"pools":{"main-db":{"health_score":100.0,)"
      R"("active_connections":3,"total_connections":5,"idle_connections":2,"utilization":0.6,)"
      R"("pool_exhaustion_events":2},"gone":{"health_score":0,"error":"cannot connect"},)"
      R"("odd":{"active_connections":"three","idle_connections":-1},"no":null}})");
  BOOST_TEST_REQUIRE(static_cast<bool>(answer));
  BOOST_TEST(answer->failed == (std::vector<std::string>{"gone", "no"}));
  BOOST_TEST_REQUIRE(answer->pools.size() == 2U);
  BOOST_TEST(answer->pools.at("main_db").active.value() == 3);
  BOOST_TEST(answer->pools.at("main_db").idle.value() == 2);
  BOOST_TEST(answer->pools.at("main_db").exhaustions.value() == 2);
  BOOST_TEST(!answer->pools.at("odd").active);
  BOOST_TEST(!answer->pools.at("odd").idle);
  for (const std::string& body : kMalformed) {
    BOOST_TEST_CONTEXT(body) {
      const Result<PoolAnswer> none = ParsePoolAnswer(body);
      BOOST_TEST_REQUIRE(!none);
      BOOST_TEST((none.error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsKnownIsNeverAddedUp) {
  PoolReports reports = {{"a", {.active = 1, .idle = std::nullopt, .exhaustions = 5}}};
  FillIn(reports, {{"a", {.active = 9, .idle = 2, .exhaustions = 9}},
                   {"b", {.active = 4, .idle = std::nullopt, .exhaustions = std::nullopt}}});
  BOOST_TEST(reports.at("a").active.value() == 1);
  BOOST_TEST(reports.at("a").idle.value() == 2);
  BOOST_TEST(reports.at("a").exhaustions.value() == 5);
  BOOST_TEST(reports.at("b").active.value() == 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash
