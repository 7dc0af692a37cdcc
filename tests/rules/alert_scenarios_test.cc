#include "tests/support/alert_scenarios.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using State = AlertScenario::Phase::State;

/// Leads a scenario through its samples, and holds against it what is seen and what is sent.
class ScenarioRun {
 public:
  explicit ScenarioRun(const AlertScenario& scenario) : scenario_(scenario) {
    for (const AlertScenario::Phase& phase : scenario.phases) {
      phases_[phase.alert].push_back(phase);
    }
    fixture_.settings.interval = AlertScenario::kGroupInterval;
    fixture_.Start(RuleFixture::GroupOf(scenario.rules));
  }

  void Run() {
    const Millis step = AlertScenario::kSampleInterval.count();
    const auto every = static_cast<std::size_t>(AlertScenario::kGroupInterval.count() / step);
    for (std::size_t sample = 0; sample < scenario_.samples; ++sample) {
      const Millis at = static_cast<Millis>(sample) * step;
      for (const AlertScenario::Series& series : scenario_.series) {
        fixture_.Put(series.name, at,
                     FormatNumber(AlertScenario::At(series.values, sample)->value));
      }
      if (sample % every != 0) continue;
      fixture_.Evaluate(at);
      BOOST_TEST_CONTEXT("sample " << sample) {
        Check(sample, at);
      }
    }
  }

 private:
  void Check(std::size_t sample, Millis at) {
    const std::map<Labels, ActiveAlert> shown = Shown();
    std::size_t expected = 0;
    for (const auto& [labels, phases] : phases_) {
      const AlertScenario::Phase& phase = *AlertScenario::At(phases, sample);
      BOOST_TEST_CONTEXT(labels.ToString()) {
        const bool is_shown = phase.state == State::kPending || phase.state == State::kFiring;
        expected += is_shown ? 1 : 0;
        BOOST_REQUIRE(shown.contains(labels) == is_shown);
        if (is_shown) CheckShown(shown.at(labels), phase);
        CheckSent(labels, phase, at);
      }
    }
    BOOST_TEST(shown.size() == expected);
    for (const Alert& alert : fixture_.sink.sent) BOOST_TEST(phases_.contains(alert.labels));
    for (std::size_t i = 0; i < scenario_.rules.size(); ++i) {
      BOOST_TEST(Name(fixture_.View(i).health) == "ok");
    }
  }

  std::map<Labels, ActiveAlert> Shown() const {
    std::map<Labels, ActiveAlert> shown;
    for (const RuleView& rule : fixture_.group->View().rules) {
      for (const ActiveAlert& alert : rule.alerts) shown.emplace(alert.labels, alert);
    }
    return shown;
  }

  static void CheckShown(const ActiveAlert& alert, const AlertScenario::Phase& phase) {
    BOOST_TEST((alert.state == AlertState::kFiring) == (phase.state == State::kFiring));
    if (phase.state == State::kFiring) BOOST_TEST((alert.annotations == phase.annotations));
  }

  void CheckSent(const Labels& labels, const AlertScenario::Phase& phase, Millis at) {
    const bool is_told = phase.state == State::kFiring || phase.state == State::kResolved;
    std::optional<Alert> sent;
    for (const Alert& alert : fixture_.sink.sent) {
      if (alert.labels != labels) continue;
      BOOST_TEST(!sent.has_value());
      sent = alert;
    }
    std::optional<Millis>& last = last_sent_[labels];
    std::optional<Millis>& resolved_at = resolved_at_[labels];
    if (phase.state != State::kResolved) resolved_at.reset();
    const bool is_first_resolved = phase.state == State::kResolved && !resolved_at;
    if (is_first_resolved) resolved_at = at;
    const bool is_over = resolved_at && at - *resolved_at > 15 * kMinute;
    const bool is_due = is_told && !is_over && (!last || is_first_resolved || at - *last > kMinute);
    BOOST_REQUIRE(sent.has_value() == is_due);
    if (!is_told) last.reset();
    if (!sent) return;
    last = at;
    BOOST_TEST(sent->resolved == resolved_at.has_value());
    BOOST_TEST((sent->annotations == phase.annotations));
    BOOST_TEST(sent->ends_at.time_since_epoch().count() == resolved_at.value_or(at + 4 * kMinute));
    BOOST_TEST(sent->generator_url.starts_with("http://tocsin:1/graph?g0.expr="));
  }

  const AlertScenario& scenario_;
  RuleFixture fixture_;
  std::map<Labels, std::vector<AlertScenario::Phase>> phases_;
  std::map<Labels, std::optional<Millis>> last_sent_;
  std::map<Labels, std::optional<Millis>> resolved_at_;
};

BOOST_AUTO_TEST_SUITE(alert_scenarios_test)

BOOST_AUTO_TEST_CASE(ScenariosOfTheComplianceSuiteGoAsExpected) {
  for (const AlertScenario& scenario : AlertScenarios()) {
    BOOST_TEST_CONTEXT(scenario.name) {
      ScenarioRun(scenario).Run();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
