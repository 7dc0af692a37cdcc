#include "notify/silence.h"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using State = Silence::State;

const TimePoint kNow(hours(1000));

Silence Make(std::string_view matchers, Duration start, Duration end, std::string id = "") {
  Silence silence;
  silence.id = std::move(id);
  silence.matchers = *ParseLabelMatchers(matchers);
  silence.starts_at = kNow + start;
  silence.ends_at = kNow + end;
  return silence;
}

std::string Set(Silences& silences, const Silence& silence, TimePoint now = kNow) {
  const auto change = silences.Set(silence, now);
  BOOST_REQUIRE(change);
  return change->id;
}

BOOST_AUTO_TEST_SUITE(silence_test)

BOOST_AUTO_TEST_CASE(IsPendingThenActiveThenExpired) {
  const Silence silence = Make("a=b", minutes(1), minutes(2));
  BOOST_TEST((silence.StateAt(kNow + minutes(1) - Duration(1)) == State::kPending));
  BOOST_TEST((silence.StateAt(kNow + minutes(1)) == State::kActive));
  BOOST_TEST((silence.StateAt(kNow + minutes(2) - Duration(1)) == State::kActive));
  BOOST_TEST((silence.StateAt(kNow + minutes(2)) == State::kExpired));
  BOOST_TEST(Name(State::kPending) == "pending");
  BOOST_TEST(Name(State::kActive) == "active");
  BOOST_TEST(Name(State::kExpired) == "expired");
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  const struct {
    std::string what;
    Silence silence;
    ErrorCode code;
  } rows[] = {
      {"no matcher", Make("", {}, hours(1)), ErrorCode::kInvalidInput},
      {"matches everything", Make("a=\"\",b=~\".*\"", {}, hours(1)), ErrorCode::kInvalidInput},
      {"ends at its start", Make("a=b", hours(1), hours(1)), ErrorCode::kInvalidInput},
      {"ends before its start", Make("a=b", hours(2), hours(1)), ErrorCode::kInvalidInput},
      {"has ended", Make("a=b", -hours(2), -hours(1)), ErrorCode::kInvalidInput},
      {"ends now", Make("a=b", -hours(2), {}), ErrorCode::kInvalidInput},
      {"not known", Make("a=b", {}, hours(1), "x"), ErrorCode::kNotFound},
      {"too long", Make("a=" + std::string(100, 'b'), {}, hours(1)), ErrorCode::kTooLarge},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Silences silences(Silences::Limits{.silences = 10, .bytes = 100});
      const auto change = silences.Set(row.silence, kNow);
      BOOST_REQUIRE(!change);
      BOOST_TEST((change.error().code == row.code));
      BOOST_TEST(silences.All(kNow).empty());
    }
  }
  Silences silences;
  BOOST_TEST(!!silences.Set(Make("a!=b", {}, hours(1)), kNow));  // As in Alertmanager.
  BOOST_TEST(!!silences.Set(Make("a=\"\",b=c", {}, hours(1)), kNow));
}

BOOST_AUTO_TEST_CASE(StartsNowAtTheEarliest) {
  Silences silences;
  const std::string id = Set(silences, Make("a=b", -hours(1), hours(1)));
  BOOST_TEST((silences.Find(id)->starts_at == kNow));
  BOOST_TEST((silences.Find(id)->updated_at == kNow));
  BOOST_TEST(id.size() == 36U);
}

BOOST_AUTO_TEST_CASE(ChangesInPlaceOrIsReplaced) {
  const struct {
    std::string what;
    Silence old;
    Silence wanted;
    bool stays;
    bool ends_old;
  } rows[] = {
      {"active, other end", Make("a=b", {}, hours(2)), Make("a=b", {}, hours(5)), true, false},
      {"active, start in whole seconds", Make("a=b", Duration(900), hours(2)),
       Make("a=b", {}, hours(5)), true, false},
      {"active, other matchers", Make("a=b", {}, hours(2)), Make("a=c", {}, hours(2)), false, true},
      {"active, other kind", Make("a=b", {}, hours(2)), Make("a=~b", {}, hours(2)), false, true},
      {"active, other order", Make("a=b,c=d", {}, hours(2)), Make("c=d,a=b", {}, hours(2)), true,
       false},
      {"active, other start", Make("a=b", {}, hours(2)), Make("a=b", hours(3), hours(4)), false,
       true},
      {"pending, other start and end", Make("a=b", hours(2), hours(3)),
       Make("a=b", hours(4), hours(5)), true, false},
      {"pending, to start in the past", Make("a=b", hours(2), hours(3)), Make("a=b", {}, hours(5)),
       false, true},
      {"pending, other matchers", Make("a=b", hours(2), hours(3)), Make("a=c", hours(2), hours(3)),
       false, true},
      {"expired", Make("a=b", {}, minutes(10)), Make("a=b", {}, hours(5)), false, false},
  };
  const TimePoint later = kNow + hours(1);
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Silences silences;
      const std::string id = Set(silences, row.old);
      Silence wanted = row.wanted;
      wanted.id = id;
      wanted.comment = "new";
      const auto change = silences.Set(wanted, later);
      BOOST_REQUIRE(change);
      BOOST_TEST((change->id == id) == row.stays);
      BOOST_TEST(change->changed.size() == (row.ends_old ? 2U : 1U));
      BOOST_TEST(change->changed.back().id == change->id);
      BOOST_TEST(silences.Find(change->id)->comment == "new");
      BOOST_TEST((silences.Find(change->id)->updated_at == later));
      BOOST_TEST((silences.Find(change->id)->ends_at == wanted.ends_at));
      if (row.stays) continue;
      BOOST_TEST((silences.Find(id)->StateAt(later) == State::kExpired));
      BOOST_TEST(silences.Find(id)->comment == "");
      if (row.ends_old) BOOST_TEST((change->changed.front().ends_at == later));
    }
  }
}

BOOST_AUTO_TEST_CASE(AnActiveOneKeepsItsStart) {
  Silences silences;
  const std::string id = Set(silences, Make("a=b", {}, hours(2)));
  Set(silences, Make("a=b", Duration(900), hours(3), id), kNow + hours(1));
  BOOST_TEST((silences.Find(id)->starts_at == kNow));
}

BOOST_AUTO_TEST_CASE(EndsOnce) {
  Silences silences;
  const std::string active = Set(silences, Make("a=b", {}, hours(2)));
  const std::string pending = Set(silences, Make("a=b", hours(1), hours(2)));
  for (const std::string& id : {active, pending}) {
    const auto change = silences.Expire(id, kNow + minutes(1));
    BOOST_REQUIRE(change);
    BOOST_TEST(change->id == id);
    BOOST_REQUIRE(change->changed.size() == 1U);
    BOOST_TEST((change->changed[0].StateAt(kNow + minutes(1)) == State::kExpired));
    BOOST_TEST((change->changed[0].starts_at <= change->changed[0].ends_at));
    const auto again = silences.Expire(id, kNow + minutes(2));
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == ErrorCode::kInvalidInput));
  }
  const auto unknown = silences.Expire("x", kNow);
  BOOST_REQUIRE(!unknown);
  BOOST_TEST((unknown.error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(OnlyThoseThatLastCountForTheLimit) {
  Silences silences(Silences::Limits{.silences = 2, .bytes = 100});
  const std::string first = Set(silences, Make("a=b", {}, hours(1)));
  Set(silences, Make("a=b", hours(1), hours(2)));
  const auto third = silences.Set(Make("a=b", {}, hours(1)), kNow);
  BOOST_REQUIRE(!third);
  BOOST_TEST((third.error().code == ErrorCode::kTooLarge));
  Set(silences, Make("a=c", {}, hours(1), first));  // Takes the place of the first.
  BOOST_TEST(!!silences.Expire(silences.All(kNow).front().id, kNow));
  Set(silences, Make("a=b", {}, hours(1)));
}

BOOST_AUTO_TEST_CASE(AreListedInAlertmanagersOrder) {
  Silences silences;
  silences.Load(
      {Make("a=b", -hours(9), hours(2), "active 2"), Make("a=b", -hours(1), hours(1), "active 1"),
       Make("a=b", hours(2), hours(3), "pending 2"), Make("a=b", hours(1), hours(9), "pending 1"),
       Make("a=b", -hours(9), -hours(2), "expired 2"),
       Make("a=b", -hours(9), -hours(1), "expired 1")},
      kNow);
  std::vector<std::string> ids;
  for (const Silence& silence : silences.All(kNow)) ids.push_back(silence.id);
  BOOST_TEST(fmt::format("{}", fmt::join(ids, ", ")) ==
             "active 1, active 2, pending 1, pending 2, expired 1, expired 2");
}

BOOST_AUTO_TEST_CASE(OnlyActiveOnesSilence) {
  Silences silences;
  silences.Load(
      {Make("a=b", -hours(1), hours(1), "3"), Make("a=~\"b|c\"", -hours(1), hours(2), "1"),
       Make("a=b,c=d", -hours(1), hours(1), "2"), Make("a=b", hours(1), hours(2), "4"),
       Make("a=b", -hours(2), -hours(1), "5")},
      kNow);
  const auto silenced_by = [&](const Labels& labels, Duration after) {
    return fmt::format("{}", fmt::join(silences.SilencedBy(labels, kNow + after), " "));
  };
  BOOST_TEST(silenced_by({{"a", "b"}}, {}) == "1 3");
  BOOST_TEST(silenced_by({{"a", "b"}, {"c", "d"}}, {}) == "1 2 3");
  BOOST_TEST(silenced_by({{"a", "c"}}, {}) == "1");
  BOOST_TEST(silenced_by({{"a", "d"}}, {}) == "");
  BOOST_TEST(silenced_by({{"a", "b"}}, hours(1)) == "1 4");
  BOOST_TEST(silenced_by({{"a", "b"}}, hours(2)) == "");
}

BOOST_AUTO_TEST_CASE(OldOnesAreForgotten) {
  Silences silences;
  silences.Load({Make("a=b", -hours(200), -hours(120), "old"),
                 Make("a=b", -hours(200), Duration(1) - hours(120), "not yet"),
                 Make("a=b", {}, {}, "never was"), Make("", {}, hours(1), "matches all"),
                 Make("a=b", {}, hours(1), "")},
                kNow);
  BOOST_TEST(silences.All(kNow).size() == 2U);
  BOOST_TEST(silences.Find("old") == nullptr);
  BOOST_TEST(silences.DropOld(kNow).empty());
  const auto dropped = silences.DropOld(kNow + Duration(1));
  BOOST_REQUIRE(dropped.size() == 1U);
  BOOST_TEST(dropped.front() == "not yet");
  BOOST_TEST(silences.All(kNow).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
