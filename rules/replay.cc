#include "rules/replay.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "rules/alert_event.h"
#include "rules/group.h"
#include "rules/promql/engine.h"
#include "rules/timetable.h"

namespace tocsin {
namespace {

/// Makes whole alerts of the changes that it is told of.
class Recorder final : public RuleObserver {
 public:
  void OnEvaluation(Group& group, std::size_t rule, std::vector<AlertEvent> events,
                    bool /*changed*/) override {
    for (const AlertEvent& event : events) Note(group, rule, event);
  }

  std::vector<ReplayedAlert> Take() {
    for (auto& [key, alert] : open_) ended_.push_back(std::move(alert));
    open_.clear();
    std::ranges::sort(ended_, {}, [](const ReplayedAlert& alert) {
      return std::tie(alert.active_at, alert.labels);
    });
    return std::move(ended_);
  }

 private:
  using Key = std::tuple<const Group*, std::size_t, Labels>;

  void Note(const Group& group, std::size_t rule, const AlertEvent& event) {
    const Key key{&group, rule, event.alert.labels};
    ReplayedAlert& alert = open_[key];
    alert.file = event.source->group_file;
    alert.group = event.source->group;
    alert.rule = event.source->rule;
    alert.labels = event.alert.labels;
    alert.annotations = event.alert.annotations;
    alert.value = event.alert.value;
    alert.active_at = event.alert.active_at;
    switch (event.kind) {
      case AlertEvent::Kind::kPending: alert.fired_at.reset(); break;
      case AlertEvent::Kind::kFiring: alert.fired_at = event.at; break;
      case AlertEvent::Kind::kResolved:
      case AlertEvent::Kind::kDropped:
        alert.ended_at = event.at;
        ended_.push_back(std::move(alert));
        open_.erase(key);
    }
  }

  std::map<Key, ReplayedAlert> open_;
  std::vector<ReplayedAlert> ended_;
};

/// A group and when it is due.
struct Due {
  Millis at = 0;
  std::size_t group = 0;

  friend bool operator>(const Due& a, const Due& b) {
    return std::tie(a.at, a.group) > std::tie(b.at, b.group);
  }
};

class Player {
 public:
  Player(const std::vector<EffectiveGroup>& groups, SampleStore& store,
         const ReplaySettings& settings)
      : settings_(settings),
        log_(LogLevel::kError, LogFormat::kLogfmt),
        engine_(EngineSettings(settings), store, clock_) {
    RuleEnvironment environment;
    environment.engine = &engine_;
    environment.store = &store;
    environment.observer = &recorder_;
    environment.clock = &clock_;
    environment.log = &log_;
    environment.external_labels = settings.external_labels;
    environment.external_url = settings.external_url;
    for (const EffectiveGroup& group : groups) Add(group, environment);
  }

  Replayed Play() {
    while (!due_.empty()) {
      const Due next = due_.top();
      due_.pop();
      Group& group = *groups_[next.group];
      group.Evaluate(next.at);
      NoteErrors(group.View(false));
      const Millis after = next.at + group.settings().interval.count();
      if (after <= settings_.end) due_.push({after, next.group});
    }
    for (const std::unique_ptr<Group>& group : groups_) {
      const GroupView view = group->View(false);
      replayed_.evaluations += view.evaluations;
      replayed_.failures += view.failures;
    }
    replayed_.alerts = recorder_.Take();
    return std::move(replayed_);
  }

 private:
  static promql::Engine::Settings EngineSettings(const ReplaySettings& settings) {
    promql::Engine::Settings engine;
    engine.lookback = settings.lookback;
    engine.default_subquery_step = settings.default_interval;
    engine.experimental = settings.experimental;
    return engine;
  }

  void Add(const EffectiveGroup& effective, const RuleEnvironment& environment) {
    const RuleGroup& definition = effective.group;
    Group::Settings settings;
    settings.interval = definition.interval.value_or(settings_.default_interval);
    settings.query_offset = definition.query_offset.value_or(settings_.query_offset);
    groups_.push_back(std::make_unique<Group>(effective, settings, environment));
    const Millis slot =
        SlotAtOrBefore(definition.file, definition.name, settings.interval, settings_.start);
    const Millis first = slot < settings_.start ? slot + settings.interval.count() : slot;
    if (first <= settings_.end) due_.push({first, groups_.size() - 1});
  }

  void NoteErrors(const GroupView& group) {
    for (std::size_t i = 0; i < group.rules.size(); ++i) {
      const RuleView& rule = group.rules[i];
      if (rule.last_error.empty() || !failed_.emplace(group.file, group.name, i).second) continue;
      replayed_.errors.push_back(fmt::format("{}: group {}, {}: {}", group.file, group.name,
                                             rule.rule->name, rule.last_error));
    }
  }

  const ReplaySettings& settings_;
  const Log log_;
  SystemClock clock_;
  promql::Engine engine_;
  Recorder recorder_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::set<std::tuple<std::string, std::string, std::size_t>> failed_;
  Replayed replayed_;
};

}  // namespace

Replayed Replay(const std::vector<EffectiveGroup>& groups, SampleStore& store,
                const ReplaySettings& settings) {
  return Player(groups, store, settings).Play();
}

}  // namespace tocsin
