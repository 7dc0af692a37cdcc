#include "rules/alerting_rule.h"

#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/rule_fixture.h"

namespace tocsin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// One value of the series `m` for each evaluation, a minute apart, and what comes of it, see
/// RuleFixture::Evaluate().
struct LifeCase {
  const char* name;
  Rule rule;
  const char* samples;
  std::vector<const char*> expected;
};

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

const std::vector<LifeCase> kLives = {
    {"without for it fires at once and is never pending",
     RuleFixture::Alerting("m > 0"),
     "1 1 1 1",
     {
         "firing@0/0 =1 | firing 0..240 | firing 0",
         "firing@0/0 =1 |  | firing 0",  // A minute is not more than the resend delay.
         "firing@0/0 =1 | repeat 0..360 | firing 0",
         "firing@0/0 =1 |  | firing 0",
     }},
    {"with for it waits, and fires when that has passed",
     RuleFixture::Alerting("m > 0", minutes(5)),
     "1 2 3 4 5 6 7",
     {
         "pending@0 =1 |  | pending 0",
         "pending@0 =2 |  | pending 0",
         "pending@0 =3 |  | pending 0",
         "pending@0 =4 |  | pending 0",
         "pending@0 =5 |  | pending 0",
         "firing@0/300 =6 | firing 300..540 | firing 0",
         "firing@0/300 =7 |  | firing 0",
     }},
    {"one evaluation without it resets a pending alert",
     RuleFixture::Alerting("m > 0", minutes(2)),
     "1 1 0 1 1 1",
     {
         "pending@0 =1 |  | pending 0",
         "pending@0 =1 |  | pending 0",
         " |  | ",
         "pending@180 =1 |  | pending 180",
         "pending@180 =1 |  | pending 180",
         "firing@180/300 =1 | firing 300..540 | firing 180",
     }},
    {"a resolved alert is told of with the value at the resolution, and comes back as a new one",
     RuleFixture::Alerting("m > 1", minutes(1)),
     "2 3 1 1 1 4 5",
     {
         "pending@0 =2 |  | pending 0",
         "firing@0/60 =3 | firing 60..300 | firing 0",
         "resolved@120 =1 | resolved 60..120 | ",
         "resolved@120 =1 |  | ",
         "resolved@120 =1 | repeat resolved 60..120 | ",
         "pending@300 =4 |  | pending 300",
         "firing@300/360 =5 | firing 360..600 | firing 300",
     }},
    {"a series that is gone is a reason of its own",
     RuleFixture::Alerting("m > 1"),
     "2 _ _",
     {
         "firing@0/0 =2 | firing 0..240 | firing 0",
         "missing@60 =2 | missing 0..60 | ",
         "missing@60 =2 |  | ",
     }},
    {"keep_firing_for counts from the first evaluation without it",
     RuleFixture::Alerting("m > 1", {}, minutes(3)),
     "2 1 1 1 1",
     {
         "firing@0/0 =2 | firing 0..240 | firing 0",
         "firing@0/0 =2 keep@60 |  | firing 0",
         "firing@0/0 =2 keep@60 | repeat 0..360 | firing 0",
         "firing@0/0 =2 keep@60 |  | firing 0",
         "resolved@240 =1 | resolved 0..240 | ",
     }},
    {"coming back while it is kept firing changes nothing but that",
     RuleFixture::Alerting("m > 1", minutes(1), minutes(2)),
     "2 2 1 3 1 1 1",
     {
         "pending@0 =2 |  | pending 0",
         "firing@0/60 =2 | firing 60..300 | firing 0",
         "firing@0/60 =2 keep@120 |  | firing 0",
         "firing@0/60 =3 | repeat 60..420 | firing 0",
         "firing@0/60 =3 keep@240 |  | firing 0",
         "firing@0/60 =3 keep@240 | repeat 60..540 | firing 0",
         "resolved@360 =1 | resolved 60..360 | ",
     }},
};

BOOST_FIXTURE_TEST_SUITE(alerting_rule_test, RuleFixture)

BOOST_AUTO_TEST_CASE(LivesAreLedAsInPrometheus) {
  for (const LifeCase& life : kLives) {
    BOOST_TEST_CONTEXT(life.name) {
      RuleFixture fixture;
      fixture.Start(life.rule);
      const std::vector<std::string> samples = Words(life.samples);
      BOOST_REQUIRE_EQUAL(samples.size(), life.expected.size());
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const Millis at = static_cast<Millis>(i) * kMinute;
        fixture.Put("m", at, samples[i]);
        BOOST_TEST(fixture.Evaluate(at) == life.expected[i]);
      }
    }
  }
}

/// Whatever is kept over a restart is all that counts: restarting after every evaluation leaves the
/// lives as they are.
BOOST_AUTO_TEST_CASE(ARestartAtEveryStepChangesNothing) {
  for (const LifeCase& life : kLives) {
    BOOST_TEST_CONTEXT(life.name) {
      RuleFixture fixture;
      fixture.Start(life.rule);
      const std::vector<std::string> samples = Words(life.samples);
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const Millis at = static_cast<Millis>(i) * kMinute;
        fixture.Put("m", at, samples[i]);
        BOOST_TEST(fixture.Evaluate(at) == life.expected[i]);
        fixture.Restart();
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(AReloadAtEveryStepChangesNothing) {
  for (const LifeCase& life : kLives) {
    BOOST_TEST_CONTEXT(life.name) {
      RuleFixture fixture;
      fixture.Start(life.rule);
      const std::vector<std::string> samples = Words(life.samples);
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const Millis at = static_cast<Millis>(i) * kMinute;
        fixture.Put("m", at, samples[i]);
        BOOST_TEST(fixture.Evaluate(at) == life.expected[i]);
        fixture.Reload(fixture.group->definition());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ResolvedAlertsAreToldOfForAQuarterOfAnHour) {
  Start(Alerting("m > 0"));
  Put("m", 0, "1");
  Evaluate(0);
  std::vector<Millis> told;
  Millis last_known = 0;
  for (Millis at = kMinute; at <= 30 * kMinute; at += kMinute) {
    Put("m", at, "0");
    Evaluate(at);
    if (!sink.sent.empty()) told.push_back(at / kMinute);
    if (!group->Alerts(0).empty()) last_known = at / kMinute;
  }
  const std::vector<Millis> expected = {1, 3, 5, 7, 9, 11, 13, 15};
  BOOST_TEST(told == expected, boost::test_tools::per_element());
  BOOST_TEST(last_known == 16);  // Resolved at 1: forgotten when more than 15 minutes have passed.
}

BOOST_AUTO_TEST_CASE(EndsAtIsFourOfTheLongerOfIntervalAndResendDelay) {
  settings.interval = seconds(30);
  environment.resend_delay = seconds(10);
  Start(Alerting("m > 0"));
  Put("m", 0, "1");
  BOOST_TEST(Evaluate(0) == "firing@0/0 =1 | firing 0..120 | firing 0");
}

BOOST_AUTO_TEST_CASE(AFailingEvaluationLeavesEverythingAsItWas) {
  Start(Alerting("m > 0"));
  Put("m{i=\"1\"}", 0, "1");
  Evaluate(0);
  // Another series with the same labels but for the name.
  Rule rule = Alerting("{__name__=~\"m|n\"} > 0");
  Reload(GroupOf({rule}));
  Put("m{i=\"1\"}", 2 * kMinute, "2");
  Put("n{i=\"1\"}", 2 * kMinute, "3");
  BOOST_TEST(Evaluate(2 * kMinute) == "{i=\"1\"} firing@0/0 =1 |  | firing 0");
  BOOST_TEST(Name(View().health) == "err");
  BOOST_TEST(View().last_error ==
             "vector contains metrics with the same labelset after applying alert labels");
  BOOST_TEST(group->View().failures == 1);
  BOOST_TEST(group->LastWritten().empty());
  Put("n{i=\"1\"}", 3 * kMinute, "_");
  BOOST_TEST(Evaluate(3 * kMinute) ==
             "{i=\"1\"} firing@0/0 =2 | {i=\"1\"} repeat 0..420 | firing 0");
  BOOST_TEST(Name(View().health) == "ok");
}

BOOST_AUTO_TEST_CASE(MoreAlertsThanTheLimitLeaveEverythingAsItWas) {
  EffectiveGroup limited = GroupOf({Alerting("m > 0", minutes(1))});
  limited.group.limit = 1;
  Start(limited);
  Put("m{i=\"1\"}", 0, "1");
  Evaluate(0);
  Put("m{i=\"2\"}", kMinute, "1");
  BOOST_TEST(Evaluate(kMinute) == "{i=\"1\"} pending@0 =1 |  | pending 0");
  BOOST_TEST(View().last_error == "exceeded limit of 1 with 2 alerts");
  Put("m{i=\"2\"}", 2 * kMinute, "0");
  BOOST_TEST(Evaluate(2 * kMinute) ==
             "{i=\"1\"} firing@0/120 =1 | {i=\"1\"} firing 120..360 | firing 0");
}

BOOST_AUTO_TEST_CASE(QueriesAndSeriesAreShiftedByTheOffsetAndTimersAreNot) {
  settings.query_offset = minutes(1);
  Start(Alerting("m > 0"));
  Put("m", 10 * kMinute, "1");
  Put("m", 11 * kMinute, "0");
  BOOST_TEST(Evaluate(11 * kMinute) == "firing@660/660 =1 | firing 660..900 | firing 660");
  BOOST_TEST(Query("timestamp(ALERTS)", 11 * kMinute) ==
             "{alertname=\"A\", alertstate=\"firing\"} 600");
}

BOOST_AUTO_TEST_CASE(WhenForIsRaisedAFiringAlertWaitsAgain) {
  Start(Alerting("m > 0"));
  Put("m", 0, "1");
  BOOST_TEST(Evaluate(0) == "firing@0/0 =1 | firing 0..240 | firing 0");
  Reload(GroupOf({Alerting("m > 0", minutes(2))}));
  BOOST_TEST(Evaluate(kMinute) == "pending@0 =1 |  | pending 0");
  BOOST_TEST(Evaluate(2 * kMinute) == "firing@0/120 =1 | firing 120..360 | firing 0");
}

BOOST_AUTO_TEST_CASE(PendingAlertsWaitLongerByTheTimeThatNobodyWatched) {
  Start(Alerting("m > 0", minutes(5)));
  Put("m", 0, "1");
  Evaluate(0);
  Restart(minutes(3));
  Put("m", 4 * kMinute, "1");
  BOOST_TEST(Evaluate(4 * kMinute) == "pending@180 =1 |  | pending 180");
}

BOOST_AUTO_TEST_CASE(AlertsThatEndedWhileNobodyWatchedAreResolved) {
  Start(Alerting("m > 0"));
  Put("m", 0, "1");
  Evaluate(0);
  Restart(minutes(3));
  Put("m", 3 * kMinute, "0");
  BOOST_TEST(Evaluate(3 * kMinute) == "resolved@180 =0 | resolved 0..180 | ");
}

BOOST_AUTO_TEST_CASE(AnUnchangedAlertIsNoChangeOfWhatIsKept) {
  environment.resend_delay = minutes(10);
  Start(Alerting("m > 0"));
  Put("m", 0, "1");
  Evaluate(0);
  BOOST_TEST(observer.changes == 1);
  Put("m", kMinute, "2");
  Evaluate(kMinute);
  BOOST_TEST(observer.changes == 1);
  BOOST_TEST(LifeText::Of(observer.events) == "firing@0");
}

BOOST_AUTO_TEST_CASE(EventsTellEveryChange) {
  Start(Alerting("m > 0", minutes(1)));
  for (const char* value : {"1", "0", "1", "1", "0"}) {
    const Millis at = clock.Now().time_since_epoch().count() + kMinute;
    Put("m", at, value);
    Evaluate(at);
  }
  BOOST_TEST(LifeText::Of(observer.events) ==
             "pending@60, dropped@120, pending@180, firing@240, resolved@300");
  BOOST_TEST(observer.events.back().source->group == "g");
  BOOST_TEST(observer.events.back().source->group_file == "rules.yml");
  BOOST_TEST(observer.events.back().source->rule == "A");
}

BOOST_AUTO_TEST_CASE(RuleLabelsWinOverSampleLabelsAndEmptyOnesRemove) {
  Rule rule = Alerting("m > 0");
  rule.labels = {{"a", "rule"}, {"b", ""}, {"severity", "page"}};
  Start(rule);
  Put("m{a=\"sample\",b=\"sample\",c=\"sample\",alertname=\"sample\"}", 0, "1");
  Evaluate(0);
  const Labels expected{{"alertname", "A"}, {"a", "rule"}, {"c", "sample"}, {"severity", "page"}};
  BOOST_REQUIRE(sink.sent.size() == 1);
  BOOST_TEST(sink.sent[0].labels.ToString() == expected.ToString());
  BOOST_TEST(sink.sent[0].generator_url == "http://tocsin:1/graph?g0.expr=m+%3E+0&g0.tab=1");
}

BOOST_AUTO_TEST_CASE(ANumberIsOneAlertWithoutLabels) {
  Start(Alerting("vector(1) * 2"));
  BOOST_TEST(Evaluate(0) == "firing@0/0 =2 | firing 0..240 | firing 0");
  Start(Alerting("3"));
  BOOST_TEST(Evaluate(0) == "firing@0/0 =3 | firing 0..240 | firing 0");
  Start(Alerting("\"text\""));
  Evaluate(0);
  BOOST_TEST(View().last_error == "rule result is not a vector or scalar");
}

BOOST_AUTO_TEST_CASE(AlertsOfOneRuleAreSentInOneBatchInTheOrderOfTheResult) {
  Start(Alerting("m > 0"));
  for (const char* series : {"m{i=\"3\"}", "m{i=\"1\"}", "m{i=\"2\"}"}) Put(series, 0, "1");
  Evaluate(0);
  BOOST_TEST(sink.batches == 1);
  BOOST_TEST(LifeText::Of(sink.sent) ==
             "{i=\"1\"} firing 0..240, {i=\"2\"} firing 0..240, {i=\"3\"} firing 0..240");
}

BOOST_AUTO_TEST_CASE(AlertsSayWhichRuleHasRaisedThem) {
  Start(Alerting("m>5.0"));
  for (const char* series : {"m{i=\"1\"}", "m{i=\"2\"}"}) Put(series, 0, "6");
  Evaluate(0);
  BOOST_TEST_REQUIRE(sink.sent.size() == 2U);
  const AlertRule& rule = *sink.sent[0].rule;
  BOOST_TEST(rule.group == "g");
  BOOST_TEST(rule.expression == "m > 5");
  BOOST_TEST(rule.condition == "> 5");
  BOOST_TEST((sink.sent[1].rule == sink.sent[0].rule));
}

BOOST_AUTO_TEST_CASE(SeriesThatComeAndGoDoNotDisturbOthers) {
  Start(Alerting("m > 0", minutes(2)));
  Put("m{i=\"2\"}", 0, "1");
  Evaluate(0);
  Put("m{i=\"1\"}", kMinute, "1");
  BOOST_TEST(Evaluate(kMinute).starts_with("{i=\"2\"} pending@0 =1, {i=\"1\"} pending@60 =1 |"));
  Put("m{i=\"2\"}", 2 * kMinute, "_");
  Put("m{i=\"0\"}", 2 * kMinute, "7");
  BOOST_TEST(
      Evaluate(2 * kMinute).starts_with("{i=\"1\"} pending@60 =1, {i=\"0\"} pending@120 =7 |"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
