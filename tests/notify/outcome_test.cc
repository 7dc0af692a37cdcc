#include "notify/outcome.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

std::string Text(const Outcome& outcome) {
  const std::string reason(Name(outcome.reason));
  switch (outcome.next) {
    case Next::kDelivered: return "delivered";
    case Next::kRetry: return "retry, " + reason;
    case Next::kGiveUp: return "give up, " + reason;
  }
  return {};
}

BOOST_AUTO_TEST_SUITE(outcome_test)

BOOST_AUTO_TEST_CASE(EveryStatusHasAnAnswer) {
  const struct {
    int first;
    int last;
    std::string outcome;
  } rows[] = {
      {200, 299, "delivered"},        {300, 400, "give up, invalid"},
      {401, 401, "give up, auth"},    {402, 402, "give up, invalid"},
      {403, 403, "give up, auth"},    {404, 406, "give up, invalid"},
      {407, 407, "give up, auth"},    {408, 408, "retry, timeout"},
      {409, 424, "give up, invalid"}, {425, 425, "retry, server"},
      {426, 428, "give up, invalid"}, {429, 429, "retry, rate_limit"},
      {430, 499, "give up, invalid"}, {500, 599, "retry, server"},
  };
  int next = 200;
  for (const auto& row : rows) {
    BOOST_TEST(row.first == next);  // No gaps.
    next = row.last + 1;
    for (int status = row.first; status <= row.last; ++status) {
      BOOST_TEST_CONTEXT(status) {
        BOOST_TEST(Text(Judge(HttpAnswer{status, {}, {}}, TimePoint{})) == row.outcome);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(EveryFailureHasAnAnswer) {
  const struct {
    ErrorCode code;
    std::string outcome;
  } rows[] = {
      {ErrorCode::kTimeout, "retry, timeout"},
      {ErrorCode::kUnavailable, "retry, unreachable"},
      {ErrorCode::kNotFound, "retry, unreachable"},
      {ErrorCode::kDenied, "retry, auth"},
      {ErrorCode::kCorrupt, "retry, server"},
      {ErrorCode::kTooLarge, "give up, invalid"},
      {ErrorCode::kInvalidInput, "give up, invalid"},
  };
  for (const auto& row : rows) {
    const Outcome outcome = Judge(Error{row.code, "why"}, TimePoint{});
    BOOST_TEST(Text(outcome) == row.outcome);
    BOOST_TEST(outcome.message == "why");
  }
}

BOOST_AUTO_TEST_CASE(SaysWhatTheReceiverSays) {
  const Outcome outcome =
      Judge(HttpAnswer{429, {{"Retry-After", "7"}}, "slow down\nplease"}, TimePoint{});
  BOOST_TEST(outcome.message == "status 429: slow down");
  BOOST_TEST((outcome.retry_after == Duration(7000)));
  BOOST_TEST(Judge(HttpAnswer{500, {}, {}}, TimePoint{}).message == "status 500");
  BOOST_TEST(Judge(HttpAnswer{500, {}, std::string(5000, 'x')}, TimePoint{}).message.size() < 300U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
