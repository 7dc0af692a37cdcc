#include "collectors/kailash/open_executions.h"

#include <chrono>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::kailash {
namespace {

const Moment kNow = *ParseIso("2026-11-21T12:50:00");

}  // namespace

BOOST_AUTO_TEST_SUITE(open_executions_test)

BOOST_AUTO_TEST_CASE(AllHaveTheirTurnBeforeOneHasItAgain) {
  OpenExecutions open;
  for (const std::string id : {"a", "b", "c", "d", "e"}) BOOST_TEST(open.Add(id, kNow));
  using Batch = std::vector<std::string>;
  BOOST_TEST(open.NextBatch(2) == (Batch{"a", "b"}));
  open.Remove("c");
  BOOST_TEST(open.NextBatch(2) == (Batch{"d", "e"}));
  BOOST_TEST(open.NextBatch(2) == (Batch{"a", "b"}));
  BOOST_TEST(open.NextBatch(9) == (Batch{"d", "e", "a", "b"}));
  BOOST_TEST(OpenExecutions().NextBatch(2).empty());
}

BOOST_AUTO_TEST_CASE(ThereIsALimitOnNumberAndAge) {
  OpenExecutions open;
  for (std::size_t i = 0; i < OpenExecutions::kMost; ++i) {
    BOOST_TEST_REQUIRE(open.Add(std::to_string(i), kNow));
  }
  BOOST_TEST(!open.Add("x", kNow));
  BOOST_TEST(open.Add("7", kNow + std::chrono::hours(2)));  // It is there already.
  BOOST_TEST(open.Expire(kNow + OpenExecutions::kLongest) == 0U);
  BOOST_TEST(open.Expire(kNow + OpenExecutions::kLongest + std::chrono::seconds(1)) ==
             OpenExecutions::kMost);
}

BOOST_AUTO_TEST_CASE(WhatIsSavedIsTakenUpAgain) {
  OpenExecutions before;
  before.Add("a", kNow);
  before.Add("b", kNow + std::chrono::hours(1));
  OpenExecutions after;
  after.Restore(before.Save());
  BOOST_TEST(after.size() == 2U);
  BOOST_TEST(after.Expire(kNow + OpenExecutions::kLongest + std::chrono::minutes(1)) == 1U);
  after.Restore(nullptr);
  after.Restore(boost::json::object{{"c", "yesterday"}});
  BOOST_TEST(after.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash
