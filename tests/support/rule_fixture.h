// Rules at work on a virtual clock: samples go in, and what the alerts do comes out as text.

#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/alert.h"
#include "base/duration.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/number.h"
#include "rules/group.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/storage/sample_store.h"
#include "tests/support/fake_clock.h"

namespace tocsin {

inline constexpr Millis kSecond = 1000;
inline constexpr Millis kMinute = 60 * kSecond;

/// Keeps what it is told.
class RecordingSink final : public AlertSink {
 public:
  void Send(std::span<const Alert> alerts) override {
    ++batches;
    sent.insert(sent.end(), alerts.begin(), alerts.end());
  }

  std::vector<Alert> sent;
  int batches = 0;
};

class RecordingObserver final : public RuleObserver {
 public:
  void OnEvaluation(Group&, std::size_t, std::vector<AlertEvent> told, bool changed) override {
    events.insert(events.end(), told.begin(), told.end());
    changes += changed ? 1 : 0;
  }
  void OnEnd(Group&, std::vector<AlertEvent> ended) override {
    events.insert(events.end(), ended.begin(), ended.end());
  }

  std::vector<AlertEvent> events;
  int changes = 0;
};

/// What tests compare with, short enough for tables. Times are seconds since the epoch.
class LifeText {
 public:
  /// "pending@60 =3"; "firing@0/300 =3", began and fired; " keep@360" when kept firing;
  /// "resolved@420 =1". With labels beside `alertname`, these first.
  static std::string Of(const ActiveAlert& alert) {
    std::string text = Prefix(alert.labels);
    switch (alert.state) {
      case AlertState::kPending: text += "pending@" + InSeconds(alert.active_at); break;
      case AlertState::kFiring:
        text +=
            "firing@" + InSeconds(alert.active_at) + "/" + InSeconds(alert.fired_at.value_or(-1));
        break;
      case AlertState::kInactive:
        text += std::string(Name(alert.reason)) + "@" + InSeconds(alert.resolved_at.value_or(-1));
        break;
    }
    text += " =" + FormatNumber(alert.value);
    if (alert.keep_firing_since && alert.state == AlertState::kFiring) {
      text += " keep@" + InSeconds(*alert.keep_firing_since);
    }
    return text;
  }
  /// "firing 300..540".
  static std::string Of(const Alert& alert) {
    return Prefix(alert.labels) + std::string(Name(alert.reason)) +
           (alert.resolved && alert.reason == AlertReason::kRepeat ? " resolved " : " ") +
           InSeconds(alert.starts_at) + ".." + InSeconds(alert.ends_at);
  }
  static std::string Of(const AlertEvent& event) {
    return std::string(Name(event.kind)) + "@" + InSeconds(event.at);
  }

  template <class T>
  static std::string Of(const std::vector<T>& items) {
    std::string text;
    for (const T& item : items) text += (text.empty() ? "" : ", ") + Of(item);
    return text;
  }

  static std::string InSeconds(Millis t) {
    return FormatNumber(static_cast<double>(t) / static_cast<double>(kSecond));
  }
  static std::string InSeconds(TimePoint t) { return InSeconds(t.time_since_epoch().count()); }

 private:
  static std::string Prefix(const Labels& labels) {
    const Labels rest = LabelsBuilder(labels).Remove("alertname").Build();
    return rest.empty() ? "" : rest.ToString() + " ";
  }
};

/// A store, an engine, and one group at a time. The clock is where the last evaluation was.
class RuleFixture {
 public:
  SampleStore store{{}};
  FakeClock clock{TimePoint{}};
  promql::Engine engine{promql::Engine::Settings(), store, clock};
  RecordingSink sink;
  RecordingObserver observer;
  Log log{LogLevel::kError, LogFormat::kLogfmt};
  RuleEnvironment environment = MakeEnvironment();
  Group::Settings settings;
  std::unique_ptr<Group> group;

  static Rule Alerting(std::string expr, Duration hold = {}, Duration keep_firing_for = {}) {
    Rule rule;
    rule.name = "A";
    rule.expr = std::move(expr);
    rule.hold = hold;
    rule.keep_firing_for = keep_firing_for;
    return rule;
  }
  static Rule Recording(std::string name, std::string expr) {
    Rule rule;
    rule.kind = Rule::Kind::kRecording;
    rule.name = std::move(name);
    rule.expr = std::move(expr);
    return rule;
  }
  static EffectiveGroup GroupOf(std::vector<Rule> rules, const RulePolicy& policy = {}) {
    EffectiveGroup effective;
    effective.group.file = "rules.yml";
    effective.group.name = "g";
    effective.policies.assign(rules.size(), policy);
    effective.group.rules = std::move(rules);
    return effective;
  }

  /// A new group, which takes nothing over.
  void Start(EffectiveGroup effective) {
    group = std::make_unique<Group>(std::move(effective), settings, environment);
  }
  void Start(Rule rule, const RulePolicy& policy = {}) {
    Start(GroupOf({std::move(rule)}, policy));
  }
  /// A group that takes over from the present one, as at a reload.
  void Reload(EffectiveGroup effective) {
    auto next = std::make_unique<Group>(std::move(effective), settings, environment);
    next->TakeOver(*group);
    group = std::move(next);
  }
  /// Ends the process after the last evaluation and starts another one `downtime` later, with the
  /// alerts that were kept.
  void Restart(Duration downtime = {}) {
    auto next = std::make_unique<Group>(group->definition(), settings, environment);
    for (std::size_t rule = 0; rule < group->definition().group.rules.size(); ++rule) {
      next->Adopt(rule, group->Alerts(rule), downtime);
    }
    group = std::move(next);
  }

  /// `value` at `at`; "_" ends the series if there is one.
  void Put(std::string_view series, Millis at, std::string_view value) {
    const Labels labels = *promql::ParseSeriesName(series);
    const double v = value == "_" ? kStaleNan : *ParseNumber(value);
    const SampleStore::Entry entry{labels, {at, v}};
    store.Append(std::span(&entry, 1));
  }

  /// Evaluates at `at`, and says what the first rule's alerts are then, what was sent and, of
  /// ALERTS, what is in the store: "pending@0 =1 | firing 0..240 | pending 0".
  std::string Evaluate(Millis at) {
    sink.sent.clear();
    clock.SetWall(TimePoint(Duration(at)));
    group->Evaluate(at);
    return LifeText::Of(group->Alerts(0)) + " | " + LifeText::Of(sink.sent) + " | " +
           WrittenAlerts(at - settings.query_offset.count());
  }

  /// What a query gives, a series a line.
  std::string Query(std::string_view text, Millis at) const {
    auto prepared = std::get<promql::PreparedQuery>(engine.Prepare(text));
    const promql::QueryOutcome outcome = engine.Instant(prepared, at, {});
    if (!outcome) return outcome.error().message;
    const auto& block = std::get<promql::Block>(outcome->value);
    std::vector<std::string> lines;
    for (std::size_t row = 0; row < block.values.size(); ++row) {
      if (promql::IsAbsent(block.values[row])) continue;
      lines.push_back(block.shape->visible(row).ToString() + " " + FormatNumber(block.values[row]));
    }
    std::ranges::sort(lines);
    std::string joined;
    for (const std::string& line : lines) joined += (joined.empty() ? "" : "\n") + line;
    return joined;
  }

  RuleView View(std::size_t rule = 0) const { return group->View().rules.at(rule); }

 private:
  RuleEnvironment MakeEnvironment() {
    RuleEnvironment made;
    made.engine = &engine;
    made.store = &store;
    made.sink = &sink;
    made.observer = &observer;
    made.clock = &clock;
    made.log = &log;
    made.external_url = "http://tocsin:1";
    return made;
  }

  /// The states that ALERTS has, each with the value of ALERTS_FOR_STATE.
  std::string WrittenAlerts(Millis at) const {
    auto prepared = std::get<promql::PreparedQuery>(engine.Prepare(
        "ALERTS{alertname=\"A\"} * ignoring(alertstate) group_left() ALERTS_FOR_STATE"));
    const promql::QueryOutcome outcome = engine.Instant(prepared, at, {});
    if (!outcome) return outcome.error().message;
    const auto& block = std::get<promql::Block>(outcome->value);
    std::vector<std::string> states;
    for (std::size_t row = 0; row < block.values.size(); ++row) {
      if (promql::IsAbsent(block.values[row])) continue;
      states.push_back(std::string(block.shape->labels[row].Get("alertstate")) + " " +
                       FormatNumber(block.values[row]));
    }
    std::ranges::sort(states);
    std::string joined;
    for (const std::string& state : states) joined += (joined.empty() ? "" : ", ") + state;
    return joined;
  }
};

}  // namespace tocsin
