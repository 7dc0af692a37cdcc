// What alerts are expected to do over time, as data: for an engine on a virtual clock, and for a
// whole process in real time.
//
// The four scenarios of Prometheus' alert generator compliance suite, told anew: samples come every
// 15 s, rules are evaluated every 30 s.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "rules/rule_file.h"
#include "tests/support/rule_fixture.h"

namespace tocsin {

struct AlertScenario {
  /// From sample `from` on the series has `value`.
  struct Value {
    std::size_t from;
    double value;
  };
  struct Series {
    std::string name;
    std::vector<Value> values;
  };
  /// From sample `from` on the alert with these labels is in `state`; with `annotations` if it
  /// fires.
  struct Phase {
    enum class State { kNone, kPending, kFiring, kResolved };
    Labels alert;
    std::size_t from;
    State state;
    Annotations annotations = {};
  };

  std::string name;
  std::vector<Rule> rules;
  std::vector<Series> series;
  std::size_t samples = 0;  ///< How many the scenario lasts.
  std::vector<Phase> phases;

  static constexpr Duration kSampleInterval{15'000};
  static constexpr Duration kGroupInterval{30'000};

  /// The last of `steps` that has begun at `sample`, or null.
  template <class Step>
  static const Step* At(const std::vector<Step>& steps, std::size_t sample) {
    const Step* current = nullptr;
    for (const Step& step : steps) {
      if (step.from <= sample) current = &step;
    }
    return current;
  }
};

inline Rule ScenarioRule(std::string name, std::string expr, Duration hold, TextMap annotations) {
  Rule rule = RuleFixture::Alerting(std::move(expr), hold);
  rule.name = std::move(name);
  rule.labels = {{"rulegroup", "test"}};
  rule.annotations = std::move(annotations);
  return rule;
}

inline std::vector<AlertScenario> AlertScenarios() {
  using std::chrono::minutes;
  using std::chrono::seconds;
  using State = AlertScenario::Phase::State;
  std::vector<AlertScenario> scenarios;

  const Labels one{
      {"alertname", "PendingAndFiringAndResolved"}, {"foo", "bar"}, {"rulegroup", "test"}};
  scenarios.push_back(
      {.name = "pending, firing, resolved, and all of it again",
       .rules = {ScenarioRule("PendingAndFiringAndResolved", "metric > 15", minutes(6),
                              {{"summary", "{{ $labels.foo }} is {{ $value }}"}})},
       .series = {{"metric{foo=\"bar\"}",
                   {{0, 11}, {8, 19}, {53, 22}, {69, 3}, {89, 21}, {134, 6}}}},
       .samples = 134 + 68,
       .phases = {{one, 0, State::kNone},
                  {one, 8, State::kPending},
                  {one, 32, State::kFiring, {{"summary", "bar is 19"}}},
                  {one, 53, State::kFiring, {{"summary", "bar is 22"}}},
                  {one, 69, State::kResolved, {{"summary", "bar is 22"}}},
                  {one, 89, State::kPending},
                  {one, 113, State::kFiring, {{"summary", "bar is 21"}}},
                  {one, 134, State::kResolved, {{"summary", "bar is 21"}}}}});

  const Labels two{{"alertname", "PendingAndResolved"}, {"foo", "bar"}, {"rulegroup", "test"}};
  const Labels never{{"alertname", "AlwaysInactive"}, {"foo", "bar"}, {"rulegroup", "test"}};
  scenarios.push_back({.name = "pending only, and never",
                       .rules = {ScenarioRule("PendingAndResolved", "metric > 99", minutes(6), {}),
                                 ScenarioRule("AlwaysInactive", "metric < 0", minutes(6), {})},
                       .series = {{"metric{foo=\"bar\"}", {{0, 11}, {12, 100}, {30, 4}}}},
                       .samples = 60,
                       .phases = {{two, 0, State::kNone},
                                  {two, 12, State::kPending},
                                  {two, 30, State::kNone},
                                  {never, 0, State::kNone}}});

  const Labels zero{{"alertname", "ZeroFor"}, {"instance", "host:80"}, {"rulegroup", "test"}};
  const Labels small{{"alertname", "SmallFor"}, {"instance", "host:80"}, {"rulegroup", "test"}};
  const TextMap texts = {
      {"host", "{{ $labels.instance | stripPort | toUpper }}"},
      {"nested",
       "{{ define \"x\" }}{{ .arg0 }}/{{ .arg1 }}{{ end }}{{ template \"x\" (args 1 2) }}"},
      {"others",
       "{{ range query \"other\" | sortByLabel \"n\" }}{{ .Labels.n }}={{ . | value }} {{ end }}"},
      {"value", "{{ humanize $value }}"},
  };
  const Annotations expanded = {
      {"host", "HOST"}, {"nested", "1/2"}, {"others", "a=1 b=2 "}, {"value", "1.5k"}};
  scenarios.push_back({.name = "without for, and with a short one",
                       .rules = {ScenarioRule("ZeroFor", "metric > 1000", {}, texts),
                                 ScenarioRule("SmallFor", "metric > 1000", seconds(15), texts)},
                       .series = {{"metric{instance=\"host:80\"}", {{0, 5}, {10, 1500}, {40, 5}}},
                                  {"other{n=\"b\"}", {{0, 2}}},
                                  {"other{n=\"a\"}", {{0, 1}}}},
                       .samples = 60,
                       .phases = {{zero, 0, State::kNone},
                                  {zero, 10, State::kFiring, expanded},
                                  {zero, 40, State::kResolved, expanded},
                                  {small, 0, State::kNone},
                                  {small, 10, State::kPending},
                                  {small, 12, State::kFiring, expanded},
                                  {small, 40, State::kResolved, expanded}}});

  const auto fresh = [](const char* name, const char* n) {
    return Labels{{"alertname", name}, {"n", n}, {"rulegroup", "test"}};
  };
  const Labels first = fresh("NewAlerts", "1");
  const Labels second = fresh("NewAlerts", "2");
  const Labels ordered{
      {"alertname", "OrderCheck"}, {"alertstate", "firing"}, {"n", "1"}, {"rulegroup", "test"}};
  scenarios.push_back(
      {.name = "new alerts beside old ones, and a rule that sees another's",
       .rules = {ScenarioRule("NewAlerts", "metric > 5", minutes(3), {}),
                 ScenarioRule("OrderCheck",
                              "ALERTS{alertname=\"NewAlerts\", alertstate=\"firing\", n=\"1\"}", {},
                              {})},
       .series = {{"metric{n=\"1\"}", {{0, 1}, {4, 9}, {60, 1}}},
                  {"metric{n=\"2\"}", {{0, 1}, {20, 9}, {60, 1}}}},
       .samples = 80,
       .phases = {{first, 0, State::kNone},
                  {first, 4, State::kPending},
                  {first, 16, State::kFiring},
                  {first, 60, State::kResolved},
                  {second, 0, State::kNone},
                  {second, 20, State::kPending},
                  {second, 32, State::kFiring},
                  {second, 60, State::kResolved},
                  {ordered, 0, State::kNone},
                  {ordered, 16, State::kFiring},
                  {ordered, 60, State::kResolved}}});
  return scenarios;
}

}  // namespace tocsin
