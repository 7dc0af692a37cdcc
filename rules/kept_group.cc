#include "rules/kept_group.h"

#include <algorithm>
#include <utility>

#include "rules/restart.h"

namespace tocsin {
namespace {

/// Prometheus waits for two evaluations, because the first may have come before what it reads.
constexpr int kEvaluationsBeforeRestore = 2;

std::vector<std::optional<AlertStore::Kept>> TakeAll(AlertStore* state,
                                                     const std::vector<RuleKey>& keys) {
  std::vector<std::optional<AlertStore::Kept>> all;
  all.reserve(keys.size());
  for (const RuleKey& key : keys) {
    all.push_back(state != nullptr ? state->Take(key) : std::nullopt);
  }
  return all;
}

bool IsSamePolicy(const RulePolicy& a, const RulePolicy& b) {
  return a.on_missing == b.on_missing && a.evaluations == b.evaluations &&
         a.resolve_expr == b.resolve_expr;
}

bool IsSameEnvironment(const RuleEnvironment& a, const RuleEnvironment& b) {
  return a.engine == b.engine && a.store == b.store && a.sink == b.sink &&
         a.external_labels == b.external_labels && a.external_url == b.external_url &&
         a.resend_delay == b.resend_delay && a.resolved_retention == b.resolved_retention;
}

RuleEnvironment Observed(RuleEnvironment environment, RuleObserver* observer) {
  environment.observer = observer;
  return environment;
}

}  // namespace

KeptGroup::KeptGroup(EffectiveGroup definition, const Settings& settings,
                     const RuleEnvironment& environment, AlertStore* state, const Clock& clock)
    : keys_(KeysOf(definition.group)),
      state_(state),
      clock_(clock),
      environment_(Observed(environment, this)),
      kept_(TakeAll(settings.first_slot ? state : nullptr, keys_)),
      settings_(Resolved(settings)),
      group_(std::move(definition), settings_.group, environment_),
      evaluations_until_restore_(settings_.group.restored ? 0 : kEvaluationsBeforeRestore) {
  if (settings_.first_slot) Adopt();
}

KeptGroup::Settings KeptGroup::Resolved(Settings settings) const {
  const bool knows_all =
      std::all_of(kept_.begin(), kept_.end(), [](const auto& kept) { return kept.has_value(); });
  settings.group.restored = knows_all || !settings.restores_from_series;
  return settings;
}

void KeptGroup::Adopt() {
  for (std::size_t rule = 0; rule < kept_.size(); ++rule) {
    if (!kept_[rule]) continue;  // Also none is something to know.
    const Duration downtime =
        Downtime(kept_[rule]->as_of, *settings_.first_slot, settings_.group.interval);
    group_.Adopt(
        rule, AlertsToAdopt(std::move(kept_[rule]->alerts), downtime, settings_.outage_tolerance),
        downtime);
    puts_all_ = true;
  }
  kept_.clear();
}

bool KeptGroup::IsSameAs(const EffectiveGroup& definition, const Group::Settings& settings,
                         const RuleEnvironment& environment) const {
  const EffectiveGroup& mine = group_.definition();
  return mine.group.SaysTheSameAs(definition.group) &&
         std::equal(mine.policies.begin(), mine.policies.end(), definition.policies.begin(),
                    definition.policies.end(), IsSamePolicy) &&
         settings_.group.interval == settings.interval &&
         settings_.group.query_offset == settings.query_offset &&
         IsSameEnvironment(environment_, environment);
}

void KeptGroup::Evaluate(Millis at) {
  evaluating_ = at;
  group_.Evaluate(at);
  puts_all_ = false;
  if (state_ != nullptr) {
    for (const RuleKey& key : removed_) state_->Forget(key);
    const RuleGroup& group = group_.definition().group;
    state_->Touch(group.file, group.name, TimePoint(Duration(at)));
  }
  removed_.clear();
  if (evaluations_until_restore_ > 0 && --evaluations_until_restore_ == 0) Restore();
}

void KeptGroup::Restore() {
  group_.RestoreFromSeries({.now = clock_.Now().time_since_epoch().count(),
                            .outage_tolerance = settings_.outage_tolerance,
                            .grace_period = settings_.grace_period});
  puts_all_ = true;
}

void KeptGroup::TakeOver(KeptGroup& old) {
  group_.TakeOver(old.group_);
  removed_ = std::move(old.removed_);
  removed_.insert(removed_.end(), old.keys_.begin(), old.keys_.end());
  std::erase_if(removed_, [this](const RuleKey& key) {
    return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
  });
  puts_all_ = true;
}

void KeptGroup::End(Millis at) {
  group_.End(at);
  if (state_ == nullptr) return;
  for (const RuleKey& key : removed_) state_->Forget(key);
  for (const RuleKey& key : keys_) state_->Forget(key);
}

void KeptGroup::OnEvaluation(Group& group, std::size_t rule, std::vector<AlertEvent> events,
                             bool changed) {
  if (state_ == nullptr || (!changed && !puts_all_ && events.empty())) return;
  state_->Put(keys_[rule], TimePoint(Duration(evaluating_)), group.Alerts(rule), std::move(events));
}

void KeptGroup::OnEnd(Group& /*group*/, std::vector<AlertEvent> events) {
  if (state_ != nullptr) state_->Record(std::move(events));
}

}  // namespace tocsin
