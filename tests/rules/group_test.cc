#include "rules/group.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/rule_fixture.h"

namespace tocsin {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

BOOST_FIXTURE_TEST_SUITE(group_test, RuleFixture)

BOOST_AUTO_TEST_CASE(RulesSeeWhatEarlierOnesHaveJustWritten) {
  Start(GroupOf({Alerting("b > 1"), Recording("a", "m * 2"), Recording("b", "a + 1")}));
  Put("m", 0, "1");
  BOOST_TEST(Evaluate(0) == " |  | ");
  BOOST_TEST(Query("{__name__=~\"a|b\"}", 0) == "a 2\nb 3");
  Put("m", kMinute, "1");
  BOOST_TEST(Evaluate(kMinute) == "firing@60/60 =3 | firing 60..300 | firing 60");
  BOOST_TEST(group->View().last_samples == 4);
}

BOOST_AUTO_TEST_CASE(WhatRulesHaveInCommonIsReadAgainOnceOneHasWrittenIt) {
  Start(GroupOf({Alerting("m > 0"), Recording("before", "sum(a) or vector(0)"),
                 Recording("any", "count({__name__=~\"a|ALERTS\"})"), Recording("a", "m * 2"),
                 Recording("after", "(sum(a) or vector(0)) + 0"),
                 Recording("all", "count({__name__=~\"a|ALERTS\"}) + 0")}));
  Put("m", 0, "1");
  Evaluate(0);
  BOOST_TEST(Query("{__name__=~\"before|any|after|all\"}", 0) == "after 2\nall 2\nany 1\nbefore 0");
  Start(GroupOf({Recording("before", "count(ALERTS)"), Alerting("m > 0"),
                 Recording("after", "count(ALERTS) + 0")}));
  Evaluate(kSecond);
  Put("m", kMinute, "_");
  Evaluate(kMinute);
  BOOST_TEST(Query("before", kMinute) == "before 1");
  BOOST_TEST(Query("after", kMinute) == "");
}

BOOST_AUTO_TEST_CASE(TimeThatTheClockHasJumpedOverCountsForNoTimer) {
  Rule rule = Alerting("m > 0");
  rule.hold = minutes(2);
  Start(rule);
  Put("m", 0, "1");
  Evaluate(0);
  group->ShiftTimers(hours(1));
  constexpr Millis kHour = 60 * kMinute;
  Put("m", kHour + kMinute, "1");
  Evaluate(kHour + kMinute);
  BOOST_CHECK(View().state == AlertState::kPending);
  Put("m", kHour + 2 * kMinute, "1");
  Evaluate(kHour + 2 * kMinute);
  BOOST_CHECK(View().state == AlertState::kFiring);
  // And a clock that is set back does not make what fires wait again.
  Evaluate(-kMinute);
  BOOST_CHECK(View().state != AlertState::kPending);
}

BOOST_AUTO_TEST_CASE(RecordedSeriesHaveTheRulesNameAndLabels) {
  Rule rule = Recording("r", "m");
  rule.labels = {{"a", "rule"}, {"b", ""}};
  Start(rule);
  Put("m{a=\"x\",b=\"y\",c=\"z\"}", 0, "1");
  Evaluate(0);
  BOOST_TEST(Query("r", 0) == "r{a=\"rule\", c=\"z\"} 1");
  BOOST_TEST(View().alerts.empty());
  BOOST_TEST(!View().state.has_value());
}

BOOST_AUTO_TEST_CASE(RecordedSeriesEndWhenTheirSourceHasNoValue) {
  Start(Recording("r", "m > 1"));
  Put("m{i=\"1\"}", 0, "2");
  Put("m{i=\"2\"}", 0, "3");
  Evaluate(0);
  BOOST_TEST(Query("r", 0) == "r{i=\"1\"} 2\nr{i=\"2\"} 3");
  Put("m{i=\"1\"}", kMinute, "1");  // The same series: the condition is false.
  Evaluate(kMinute);
  BOOST_TEST(Query("r", kMinute) == "r{i=\"2\"} 3");
  Put("m{i=\"2\"}", 2 * kMinute, "_");  // Other series.
  Put("m{i=\"3\"}", 2 * kMinute, "4");
  Evaluate(2 * kMinute);
  BOOST_TEST(Query("r", 2 * kMinute) == "r{i=\"3\"} 4");
  Put("m{i=\"1\"}", 3 * kMinute, "5");
  Evaluate(3 * kMinute);
  BOOST_TEST(Query("r", 3 * kMinute) == "r{i=\"1\"} 5\nr{i=\"3\"} 4");
  BOOST_TEST(group->LastWritten().size() == 2);
}

BOOST_AUTO_TEST_CASE(RecordingFailsAsAWhole) {
  Rule rule = Recording("r", "{__name__=~\"m|n\"}");
  EffectiveGroup limited = GroupOf({rule});
  limited.group.limit = 1;
  Start(limited);
  Put("m", 0, "1");
  Evaluate(0);
  Put("n", kMinute, "1");
  Evaluate(kMinute);
  BOOST_TEST(View().last_error == "exceeded limit of 1 with 2 series");
  limited.group.limit = 0;
  Reload(limited);
  Evaluate(2 * kMinute);
  BOOST_TEST(View().last_error ==
             "vector contains metrics with the same labelset after applying rule labels");
  // Only what has a value counts.
  Put("m", 3 * kMinute, "_");
  Evaluate(3 * kMinute);
  BOOST_TEST(Name(View().health) == "ok");
  BOOST_TEST(Query("r", 3 * kMinute) == "r 1");
}

BOOST_AUTO_TEST_CASE(AFailureIsPlacedInTheExpressionIfAPartOfItIsToBlame) {
  const auto part = [&](std::size_t rule) -> std::string {
    const RuleView view = View(rule);
    if (!view.error_position) return "";
    const auto [begin, end] = *view.error_position;
    return view.rule->expr.substr(begin, end - begin);
  };
  EffectiveGroup effective =
      GroupOf({Alerting("1  +  sum(m * on() m)"), Recording("r", "label_replace(m,'i','','','')"),
               Recording("s", "m +")});
  effective.group.rules[1].labels = {{"i", "0"}};
  Start(effective);
  Put("m{i=\"1\"}", 0, "1");
  Put("m{i=\"2\"}", 0, "1");
  Evaluate(0);
  BOOST_TEST(part(0) == "m * on() m");
  BOOST_TEST(part(1) == "label_replace(m,'i','','','')");
  BOOST_TEST(View(2).error_position.value().begin == 3);
  // The other expression is well, and its result is none that can be recorded.
  effective.group.rules[1].expr = "m";
  Reload(effective);
  Put("m{i=\"1\"}", kMinute, "_");
  Evaluate(kMinute);
  BOOST_TEST(View(0).last_error == "");
  BOOST_TEST(part(0) == "");
  Put("m{i=\"1\"}", 2 * kMinute, "1");
  Evaluate(2 * kMinute);
  BOOST_TEST(View(1).last_error ==
             "vector contains metrics with the same labelset after applying rule labels");
  BOOST_TEST(part(1) == "");
}

BOOST_AUTO_TEST_CASE(RefusedSamplesAreAnErrorAndTheOthersStay) {
  Start(Recording("r", "m"));
  Put("m{i=\"1\"}", 0, "1");
  Put("m{i=\"2\"}", 0, "1");
  Put("r{i=\"1\"}", 0, "5");
  Evaluate(0);
  BOOST_TEST(View().last_error == "duplicate sample for timestamp");
  BOOST_TEST(Query("r", 0) == "r{i=\"1\"} 5\nr{i=\"2\"} 1");
}

BOOST_AUTO_TEST_CASE(ARemovedRuleResolvesItsAlertsAndEndsItsSeries) {
  Rule other = Alerting("n > 0");
  other.name = "B";
  Start(GroupOf({Alerting("m > 0"), Recording("r", "m"), other}));
  Put("m", 0, "1");
  Put("n", 0, "1");
  Evaluate(0);
  Reload(GroupOf({other}));
  BOOST_TEST(Query("r", kMinute) == "r 1");
  observer.events.clear();
  sink.sent.clear();
  group->Evaluate(kMinute);
  BOOST_TEST(LifeText::Of(sink.sent) == "rule removed 0..60");
  BOOST_TEST(LifeText::Of(observer.events) == "resolved@60");
  BOOST_TEST(observer.events.at(0).source->rule == "A");
  BOOST_TEST(Query("r", kMinute).empty());
  BOOST_TEST(Query("ALERTS", kMinute) == "ALERTS{alertname=\"B\", alertstate=\"firing\"} 1");
  sink.sent.clear();
  group->Evaluate(2 * kMinute);
  BOOST_TEST(LifeText::Of(sink.sent) == "repeat 0..360");
}

BOOST_AUTO_TEST_CASE(ASeriesThatAnotherRuleRecordsNowGoesOn) {
  Rule old = Recording("r", "m");
  old.labels = {{"a", "b"}};
  Start(old);
  Put("m", 0, "1");
  Evaluate(0);
  Reload(GroupOf({Recording("r", "label_replace(m, \"a\", \"b\", \"\", \"\")")}));
  Evaluate(kMinute);
  BOOST_TEST(Query("r", kMinute) == "r{a=\"b\"} 1");
}

BOOST_AUTO_TEST_CASE(AGroupThatEndsResolvesItsAlertsAndEndsItsSeries) {
  Start(GroupOf({Alerting("m > 0"), Alerting("m > 1", minutes(1)), Recording("r", "m")}));
  Put("m", 0, "2");
  Evaluate(0);
  sink.sent.clear();
  observer.events.clear();
  group->End(2 * kMinute);
  BOOST_TEST(LifeText::Of(sink.sent) == "rule removed 0..120");
  BOOST_TEST(LifeText::Of(observer.events) == "resolved@120, dropped@120");
  BOOST_TEST(Query("{__name__=~\"ALERTS.*|r\"}", 2 * kMinute).empty());
  BOOST_TEST(group->Alerts(0).empty());
}

BOOST_AUTO_TEST_CASE(RulesOfTheSameNameTakeOverInOrder) {
  Start(GroupOf({Alerting("m > 0"), Alerting("m > 1")}));
  Put("m", 0, "1");
  Evaluate(0);
  Put("m", kMinute, "2");
  Evaluate(kMinute);
  Reload(GroupOf({Alerting("m > 0"), Alerting("m > 1")}));
  BOOST_TEST(LifeText::Of(group->Alerts(0)) == "firing@0/0 =2");
  BOOST_TEST(LifeText::Of(group->Alerts(1)) == "firing@60/60 =2");
  BOOST_TEST(group->View().iterations == 2);
}

BOOST_AUTO_TEST_CASE(TimersComeBackFromTheSeriesOfAPrometheus) {
  struct Row {
    const char* name;
    Millis since;  ///< Seconds, as in ALERTS_FOR_STATE.
    Millis down_at;
    const char* last;  ///< The last sample; null: `since`.
    Duration hold;
    Millis expected;  ///< ActiveAt, in seconds. Evaluated at 6000 and 6060, restored then.
  };
  const Row rows[] = {
      {"it has waited long enough", 1000, 5000, nullptr, minutes(30), 1000},
      {"it waits the grace period at least", 4000, 5500, nullptr, minutes(30), 6060 + 600 - 1800},
      {"the outage does not count", 5000, 5400, nullptr, minutes(30), 5000 + (6060 - 5400)},
      {"a short timer starts anew", 5000, 5900, nullptr, minutes(9), 6000},
      {"too long ago", 1000, 2400, nullptr, minutes(30), 6000},
      {"it had ended", 5000, 5400, "_", minutes(30), 6000},
      {"nonsense", 5000, 5400, "NaN", minutes(30), 6000},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      RuleFixture fixture;
      fixture.settings.restored = false;
      const std::string series = "ALERTS_FOR_STATE{alertname=\"A\",i=\"1\"}";
      fixture.Put(series, row.down_at * kSecond,
                  row.last != nullptr ? row.last : std::to_string(row.since));
      fixture.Put("m{i=\"1\"}", 6000 * kSecond, "1");
      fixture.Start(RuleFixture::Alerting("m > 0", row.hold));
      fixture.Evaluate(6000 * kSecond);
      fixture.Evaluate(6060 * kSecond);
      BOOST_TEST(fixture.Query("ALERTS", 6060 * kSecond).empty());
      fixture.group->RestoreFromSeries({.now = 6060 * kSecond});
      BOOST_TEST(fixture.group->Alerts(0).at(0).active_at == row.expected * kSecond);
      fixture.Evaluate(6120 * kSecond);
      BOOST_TEST(fixture.Query("ALERTS_FOR_STATE", 6120 * kSecond) ==
                 "ALERTS_FOR_STATE{alertname=\"A\", i=\"1\"} " + std::to_string(row.expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatWasAdoptedIsNotRestoredFromSeries) {
  Start(Alerting("m > 0", hours(1)));
  Put("m", 0, "1");
  Evaluate(0);
  settings.restored = false;
  Restart(minutes(5));
  Put("ALERTS_FOR_STATE{alertname=\"A\"}", 5 * kMinute, "17");
  group->RestoreFromSeries({.now = 6 * kMinute});
  BOOST_TEST(group->Alerts(0).at(0).active_at == 5 * kMinute);
}

BOOST_AUTO_TEST_CASE(ViewsTellHowManySeriesTheExpressionsHaveGiven) {
  Rule waits = Alerting("m > 1", minutes(5));
  EffectiveGroup effective = GroupOf({waits, Recording("r", "m"), Recording("fails", "m +")});
  Start(effective);
  BOOST_TEST(!View(0).result_series.has_value());
  Put("m{i=\"1\"}", 0, "1");
  Put("m{i=\"2\"}", 0, "2");
  Put("m{i=\"3\"}", 0, "3");
  Evaluate(0);
  BOOST_TEST(View(0).result_series.value() == 2);  // Though none of them fires yet.
  BOOST_TEST(View(1).result_series.value() == 3);
  BOOST_TEST(!View(2).result_series.has_value());
  Put("m{i=\"2\"}", kMinute, "1");  // The same series: the condition is false.
  Put("m{i=\"3\"}", kMinute, "_");
  effective.group.limit = 1;
  Reload(effective);
  BOOST_TEST(View(1).result_series.value() == 3);
  Evaluate(kMinute);
  BOOST_TEST(View(0).result_series.value() == 0);
  BOOST_TEST(View(1).last_error == "exceeded limit of 1 with 2 series");
  BOOST_TEST(View(1).result_series.value() == 2);
}

BOOST_AUTO_TEST_CASE(ViewsTellOfGroupAndRules) {
  EffectiveGroup effective = GroupOf({Alerting("m > 0"), Recording("r", "m +")});
  effective.group.limit = 7;
  Start(effective);
  BOOST_TEST(Name(View().health) == "unknown");
  BOOST_TEST(!View().state.has_value());
  Evaluate(0);
  group->CountMissed(3);
  const GroupView view = group->View();
  BOOST_TEST(view.file == "rules.yml");
  BOOST_TEST(view.name == "g");
  BOOST_TEST(view.limit == 7);
  BOOST_TEST(view.iterations == 4);
  BOOST_TEST(view.missed == 3);
  BOOST_TEST(view.evaluations == 2);
  BOOST_TEST(view.failures == 1);
  BOOST_TEST(Name(*view.rules.at(0).state) == "inactive");
  BOOST_TEST(view.rules.at(1).last_error.find("parse error") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
