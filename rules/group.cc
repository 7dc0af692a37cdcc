#include "rules/group.h"

#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "base/number.h"
#include "rules/alerting_rule.h"
#include "rules/evaluated_rule.h"
#include "rules/recording_rule.h"
#include "rules/rule_restore.h"
#include "rules/stopwatch.h"

namespace tocsin {

namespace {

std::shared_ptr<const RuleEnvironment> WithSharedResults(const RuleEnvironment& environment) {
  auto own = std::make_shared<RuleEnvironment>(environment);
  own->shared_results = std::make_shared<promql::SharedResults>();
  return own;
}

}  // namespace

class Group::Impl {
 public:
  Impl(EffectiveGroup definition, const Settings& settings, const RuleEnvironment& environment);

  const EffectiveGroup& definition() const { return definition_; }
  const Settings& settings() const { return settings_; }

  void Evaluate(Group& group, Millis at);
  void CountMissed(std::uint64_t missed);
  void ShiftTimers(Duration by) {
    for (const auto& rule : rules_) rule->ShiftTimers(by);
  }
  void Adopt(std::size_t rule, std::vector<ActiveAlert> alerts, Duration downtime);
  void RestoreFromSeries(const Restoration& restoration);
  void TakeOver(Impl& old);
  void End(Group& group, Millis at);

  GroupView View(bool with_alerts) const;
  std::vector<ActiveAlert> Alerts(std::size_t rule) const { return rules_[rule]->Alerts(); }
  std::vector<Written> LastWritten() const;

 private:
  /// What is counted over iterations.
  struct Counts {
    std::optional<TimePoint> last_evaluation;
    double evaluation_seconds = 0;
    double rule_seconds_sum = 0;
    double restore_seconds = 0;
    std::size_t last_samples = 0;
    std::uint64_t iterations = 0;
    std::uint64_t missed = 0;
    std::uint64_t evaluations = 0;
    std::uint64_t failures = 0;
    LatencyHistogram iterations_took;
    LatencyHistogram rules_took;
  };
  struct Iteration {
    LatencyHistogram rules_took;
    std::size_t samples = 0;
    std::uint64_t failures = 0;
  };

  std::unique_ptr<EvaluatedRule> MakeRule(std::size_t index) const;
  void EvaluateRule(Group& group, std::size_t index, Millis at, Iteration& iteration);
  void EndLeaving(Group& group, Millis at);
  void LogHealth(const Rule& rule, const std::optional<std::string>& error, std::size_t index);
  void NameEvents(const Rule& rule, std::vector<AlertEvent>& events) const;

  const EffectiveGroup definition_;
  const Settings settings_;
  const std::shared_ptr<const RuleEnvironment> environment_;
  /// The same rules for as long as the group lives.
  std::vector<std::shared_ptr<EvaluatedRule>> rules_;
  std::vector<bool> failing_;  ///< By rule: whether that has been logged.
  /// Of the group that this one has taken over from; ended by the next evaluation.
  std::vector<std::shared_ptr<EvaluatedRule>> leaving_;

  mutable Mutex mutex_;
  Counts counts_ TOCSIN_GUARDED_BY(mutex_);
};

Group::Impl::Impl(EffectiveGroup definition, const Settings& settings,
                  const RuleEnvironment& environment)
    : definition_(std::move(definition)),
      settings_(settings),
      environment_(WithSharedResults(environment)) {
  for (std::size_t i = 0; i < definition_.group.rules.size(); ++i) rules_.push_back(MakeRule(i));
}

std::unique_ptr<EvaluatedRule> Group::Impl::MakeRule(std::size_t index) const {
  auto rule = std::make_shared<const Rule>(definition_.group.rules[index]);
  const RuleSettings settings{.group = definition_.group.name,
                              .interval = settings_.interval,
                              .query_offset = settings_.query_offset,
                              .limit = definition_.group.limit};
  if (rule->kind == Rule::Kind::kRecording) {
    return std::make_unique<RecordingRule>(std::move(rule), settings, environment_);
  }
  const RulePolicy policy =
      index < definition_.policies.size() ? definition_.policies[index] : RulePolicy();
  return std::make_unique<AlertingRule>(std::move(rule), policy, settings, environment_,
                                        settings_.restored);
}

void Group::Impl::Evaluate(Group& group, Millis at) {
  const TimePoint now = environment_->clock->Now();
  const Stopwatch stopwatch;
  Iteration iteration;
  for (std::size_t i = 0; i < rules_.size(); ++i) EvaluateRule(group, i, at, iteration);
  // Not until the next time: by then other samples may have come for this one.
  environment_->shared_results->Clear();
  // Last: what another rule writes now goes on.
  EndLeaving(group, at);
  environment_->log->Debug("rule group evaluated",
                           {{"file", definition_.group.file},
                            {"group", definition_.group.name},
                            {"seconds", FormatNumber(stopwatch.Seconds())},
                            {"samples", std::to_string(iteration.samples)},
                            {"failures", std::to_string(iteration.failures)}});

  const MutexLock lock(mutex_);
  counts_.last_evaluation = now;
  counts_.evaluation_seconds = stopwatch.Seconds();
  counts_.iterations_took.Add(counts_.evaluation_seconds);
  counts_.rule_seconds_sum = iteration.rules_took.sum_seconds;
  counts_.rules_took += iteration.rules_took;
  counts_.last_samples = iteration.samples;
  counts_.iterations += 1;
  counts_.evaluations += rules_.size();
  counts_.failures += iteration.failures;
}

/// Changes only, not each failure.
void Group::Impl::LogHealth(const Rule& rule, const std::optional<std::string>& error,
                            std::size_t index) {
  failing_.resize(rules_.size());
  if (failing_[index] == error.has_value()) return;
  failing_[index] = error.has_value();
  const RuleGroup& group = definition_.group;
  if (error) {
    environment_->log->Warn(
        "rule fails",
        {{"file", group.file}, {"group", group.name}, {"rule", rule.name}, {"error", *error}});
  } else {
    environment_->log->Info("rule is well again",
                            {{"file", group.file}, {"group", group.name}, {"rule", rule.name}});
  }
}

void Group::Impl::EvaluateRule(Group& group, std::size_t index, Millis at, Iteration& iteration) {
  const Stopwatch stopwatch;
  EvaluatedRule& rule = *rules_[index];
  RuleOutcome outcome = rule.Evaluate(at);
  iteration.rules_took.Add(stopwatch.Seconds());
  iteration.samples += outcome.samples;
  if (outcome.error) ++iteration.failures;
  LogHealth(rule.rule(), outcome.error, index);
  if (environment_->observer == nullptr) return;
  NameEvents(rule.rule(), outcome.events);
  environment_->observer->OnEvaluation(group, index, std::move(outcome.events), outcome.changed);
}

void Group::Impl::EndLeaving(Group& group, Millis at) {
  for (const std::shared_ptr<EvaluatedRule>& rule : leaving_) {
    RuleOutcome outcome = rule->End(at);
    NameEvents(rule->rule(), outcome.events);
    if (environment_->observer == nullptr) continue;
    environment_->observer->OnEnd(group, std::move(outcome.events));
  }
  leaving_.clear();
}

void Group::Impl::NameEvents(const Rule& rule, std::vector<AlertEvent>& events) const {
  if (events.empty()) return;
  const auto source = std::make_shared<const EventSource>(
      EventSource{definition_.group.file, definition_.group.name, rule.name});
  for (AlertEvent& event : events) event.source = source;
}

void Group::Impl::CountMissed(std::uint64_t missed) {
  const MutexLock lock(mutex_);
  counts_.missed += missed;
  counts_.iterations += missed;
}

void Group::Impl::Adopt(std::size_t rule, std::vector<ActiveAlert> alerts, Duration downtime) {
  rules_[rule]->Adopt(std::move(alerts), downtime);
}

void Group::Impl::RestoreFromSeries(const Restoration& restoration) {
  const Stopwatch stopwatch;
  for (const std::shared_ptr<EvaluatedRule>& rule : rules_) {
    auto* const alerting = dynamic_cast<AlertingRule*>(rule.get());
    if (alerting == nullptr) continue;
    tocsin::RestoreFromSeries(*alerting, *environment_->store, restoration);
  }
  const MutexLock lock(mutex_);
  counts_.restore_seconds = stopwatch.Seconds();
}

void Group::Impl::TakeOver(Impl& old) {
  std::vector<std::shared_ptr<EvaluatedRule>> left = old.rules_;
  for (const std::shared_ptr<EvaluatedRule>& rule : rules_) {
    const auto predecessor = std::ranges::find_if(
        left, [&](const auto& candidate) { return rule->IsSuccessorOf(*candidate); });
    if (predecessor == left.end()) continue;
    rule->TakeOver(**predecessor);
    left.erase(predecessor);
  }
  leaving_ = std::move(old.leaving_);
  leaving_.insert(leaving_.end(), left.begin(), left.end());
  Counts counts;
  {
    const MutexLock lock(old.mutex_);
    counts = old.counts_;
  }
  const MutexLock lock(mutex_);
  counts_ = counts;
}

void Group::Impl::End(Group& group, Millis at) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    RuleOutcome outcome = rules_[i]->End(at);
    if (environment_->observer == nullptr) continue;
    NameEvents(rules_[i]->rule(), outcome.events);
    environment_->observer->OnEvaluation(group, i, std::move(outcome.events), outcome.changed);
  }
  EndLeaving(group, at);
}

GroupView Group::Impl::View(bool with_alerts) const {
  GroupView view;
  view.file = definition_.group.file;
  view.name = definition_.group.name;
  view.interval = settings_.interval;
  view.limit = definition_.group.limit;
  for (const std::shared_ptr<EvaluatedRule>& rule : rules_) {
    view.rules.push_back(rule->View(with_alerts));
  }
  const MutexLock lock(mutex_);
  view.last_evaluation = counts_.last_evaluation;
  view.evaluation_seconds = counts_.evaluation_seconds;
  view.rule_seconds_sum = counts_.rule_seconds_sum;
  view.restore_seconds = counts_.restore_seconds;
  view.last_samples = counts_.last_samples;
  view.iterations = counts_.iterations;
  view.missed = counts_.missed;
  view.evaluations = counts_.evaluations;
  view.failures = counts_.failures;
  view.iterations_took = counts_.iterations_took;
  view.rules_took = counts_.rules_took;
  return view;
}

std::vector<Group::Written> Group::Impl::LastWritten() const {
  std::vector<Written> written;
  for (const std::shared_ptr<EvaluatedRule>& rule : rules_) {
    for (auto& [labels, value] : rule->Written()) written.push_back({std::move(labels), value});
  }
  return written;
}

Group::Group(EffectiveGroup definition, const Settings& settings,
             const RuleEnvironment& environment)
    : impl_(std::make_unique<Impl>(std::move(definition), settings, environment)) {}
Group::~Group() = default;

const EffectiveGroup& Group::definition() const {
  return impl_->definition();
}

const Group::Settings& Group::settings() const {
  return impl_->settings();
}

void Group::Evaluate(Millis at) {
  impl_->Evaluate(*this, at);
}

void Group::ShiftTimers(Duration by) {
  impl_->ShiftTimers(by);
}

void Group::CountMissed(std::uint64_t missed) {
  impl_->CountMissed(missed);
}

void Group::Adopt(std::size_t rule, std::vector<ActiveAlert> alerts, Duration downtime) {
  impl_->Adopt(rule, std::move(alerts), downtime);
}

void Group::RestoreFromSeries(const Restoration& restoration) {
  impl_->RestoreFromSeries(restoration);
}

void Group::TakeOver(Group& old) {
  impl_->TakeOver(*old.impl_);
}

void Group::End(Millis at) {
  impl_->End(*this, at);
}

GroupView Group::View(bool with_alerts) const {
  return impl_->View(with_alerts);
}

std::vector<ActiveAlert> Group::Alerts(std::size_t rule) const {
  return impl_->Alerts(rule);
}

std::vector<Group::Written> Group::LastWritten() const {
  return impl_->LastWritten();
}

}  // namespace tocsin
