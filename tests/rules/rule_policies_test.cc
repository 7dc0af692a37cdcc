#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/absence.h"
#include "tests/support/rule_fixture.h"

namespace tocsin {
namespace {

using std::chrono::minutes;

/// What comes of the alert of `m > 10` under a policy. `up` is that of its source.
struct PolicyCase {
  const char* name;
  RulePolicy policy;
  Duration hold{0};
  const char* samples;
  const char* up;
  std::vector<const char*> states;
};

RulePolicy OnMissing(RulePolicy::OnMissing what, std::uint32_t evaluations) {
  RulePolicy policy;
  policy.on_missing = what;
  policy.evaluations = evaluations;
  return policy;
}

RulePolicy ResolveExpr(std::string expr) {
  RulePolicy policy;
  policy.resolve_expr = std::move(expr);
  return policy;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<PolicyCase> Policies() {
  using enum RulePolicy::OnMissing;
  return {
      {"resolve: at once, with the reason",
       OnMissing(kResolve, 0),
       {},
       "11 _",
       "1 1",
       {"firing", "missing"}},
      {"keep without end",
       OnMissing(kKeep, 0),
       {},
       "11 _ _ _ 5",
       "1 1 1 1 1",
       {"firing", "firing", "firing", "firing", "resolved"}},
      {"keep for two evaluations",
       OnMissing(kKeep, 2),
       {},
       "11 _ _ _ _",
       "1 1 1 1 1",
       {"firing", "firing", "firing", "missing", "missing"}},
      {"keep: evaluations without the source do not count",
       OnMissing(kKeep, 1),
       {},
       "11 _ _ _ _ _",
       "1 0 0 0 1 1",
       {"firing", "firing", "firing", "firing", "firing", "missing"}},
      {"keep: a pending alert stays pending however long that takes",
       OnMissing(kKeep, 0),
       minutes(2),
       "11 _ _ _ 11",
       "1 1 1 1 1",
       {"pending", "pending", "pending", "pending", "firing"}},
      {"keep is about missing series only",
       OnMissing(kKeep, 0),
       {},
       "11 5",
       "1 1",
       {"firing", "resolved"}},
      {"fire: also what was pending",
       OnMissing(kFire, 2),
       minutes(30),
       "11 _ _ _ 11 5",
       "1 1 1 1 1 1",
       {"pending", "pending", "firing", "firing", "firing", "resolved"}},
      {"fire: not while the source is down",
       OnMissing(kFire, 1),
       minutes(30),
       "11 _ _ _",
       "1 0 0 1",
       {"pending", "pending", "pending", "firing"}},
      {"resolve_expr: between the two it stays what it is",
       ResolveExpr("m < 5"),
       {},
       "11 9 6 11 5 4",
       "1 1 1 1 1 1",
       {"firing", "firing", "firing", "firing", "firing", "resolved"}},
      {"resolve_expr does not make anything fire",
       ResolveExpr("m < 5"),
       {},
       "9 6",
       "1 1",
       {"", ""}},
      {"resolve_expr does not hold what is gone",
       ResolveExpr("m < 5"),
       {},
       "11 9 _",
       "1 1 1",
       {"firing", "firing", "missing"}},
      {"resolve_expr may be about fewer labels",
       ResolveExpr("max(m) < 5"),
       {},
       "11 9 4",
       "1 1 1",
       {"firing", "firing", "resolved"}},
      {"resolve_expr may be a number",
       ResolveExpr("scalar(m) < bool 5"),
       {},
       "11 9 4",
       "1 1 1",
       {"firing", "firing", "resolved"}},
  };
}

std::string State(const Group& group) {
  const std::vector<ActiveAlert> alerts = group.Alerts(0);
  if (alerts.empty()) return "";
  const ActiveAlert& alert = alerts.front();
  if (alert.state == AlertState::kInactive) return std::string(Name(alert.reason));
  return std::string(Name(alert.state));
}

BOOST_AUTO_TEST_SUITE(rule_policies_test)

BOOST_AUTO_TEST_CASE(PoliciesDecideWhatAnAbsentAlertIs) {
  for (const PolicyCase& policy : Policies()) {
    for (const bool restarts : {false, true}) {
      BOOST_TEST_CONTEXT(policy.name << (restarts ? ", restarted" : "")) {
        RuleFixture fixture;
        fixture.Start(RuleFixture::Alerting("m > 10", policy.hold), policy.policy);
        const std::vector<std::string> samples = Words(policy.samples);
        const std::vector<std::string> up = Words(policy.up);
        for (std::size_t i = 0; i < samples.size(); ++i) {
          const Millis at = static_cast<Millis>(i) * kMinute;
          fixture.Put("m{job=\"j\",instance=\"i\"}", at, samples[i]);
          fixture.Put("up{job=\"j\",instance=\"i\"}", at, up[i]);
          fixture.Evaluate(at);
          BOOST_TEST(State(*fixture.group) == policy.states[i]);
          if (restarts) fixture.Restart();
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(TheEnvironmentMayKnowWhichSourcesAreDown) {
  RuleFixture fixture;
  bool is_down = true;
  std::vector<std::string> asked;
  fixture.environment.source_is_down = [&](const Labels& series, Millis) {
    asked.push_back(series.ToString());
    return is_down;
  };
  fixture.Start(RuleFixture::Alerting("m > 10"), OnMissing(RulePolicy::OnMissing::kKeep, 1));
  fixture.Put("m{a=\"b\"}", 0, "11");
  fixture.Evaluate(0);
  BOOST_TEST(asked.empty());
  fixture.Put("m{a=\"b\"}", kMinute, "_");
  fixture.Evaluate(kMinute);
  fixture.Evaluate(2 * kMinute);
  BOOST_TEST(State(*fixture.group) == "firing");
  BOOST_TEST(asked.at(0) == "m{a=\"b\"}");
  is_down = false;
  fixture.Evaluate(3 * kMinute);
  fixture.Evaluate(4 * kMinute);
  BOOST_TEST(State(*fixture.group) == "missing");
}

BOOST_AUTO_TEST_CASE(AResolveExprThatFailsLeavesEverythingAsItWas) {
  RuleFixture fixture;
  fixture.Start(RuleFixture::Alerting("m > 10"), ResolveExpr("m < "));
  fixture.Put("m", 0, "11");
  fixture.Evaluate(0);
  fixture.Put("m", kMinute, "1");
  fixture.Evaluate(kMinute);
  BOOST_TEST(State(*fixture.group) == "firing");
  BOOST_TEST(fixture.View().last_error.starts_with("resolve_expr: "));
}

/// The value at the resolution is found where the series now is, not where it was.
BOOST_AUTO_TEST_CASE(ManyAlertsResolveEachWithItsOwnValue) {
  RuleFixture fixture;
  fixture.Start(RuleFixture::Alerting("m > 10"));
  for (const char* i : {"1", "2", "3"}) {
    fixture.Put(std::string("m{i=\"") + i + "\"}", 0, "11");
  }
  fixture.Evaluate(0);
  fixture.Put("m{i=\"0\"}", kMinute, "7");
  fixture.Put("m{i=\"1\"}", kMinute, "1");
  fixture.Put("m{i=\"2\"}", kMinute, "2");
  fixture.Put("m{i=\"3\"}", kMinute, "3");
  const std::string result = fixture.Evaluate(kMinute);
  BOOST_TEST(
      result.starts_with("{i=\"1\"} resolved@60 =1, {i=\"2\"} resolved@60 =2, "
                         "{i=\"3\"} resolved@60 =3 |"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
