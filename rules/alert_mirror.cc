#include "rules/alert_mirror.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/alert_json.h"

namespace tocsin {
namespace {

/// What of a page of 4 KiB a row may fill, with the numbers that SQLite adds; beyond that, part of
/// it would lie on another page. The names of the rule are in it, too.
constexpr std::size_t kRowBytes = 4000;

std::size_t RoomBeside(const RuleKey& rule) {
  const std::size_t names =
      rule.group_file.size() + rule.group.size() + rule.rule.size() + rule.labels.size();
  return names < kRowBytes ? kRowBytes - names : 0;
}

}  // namespace

void AlertQueue::AddEvents(EventRun run) {
  event_count += run.events.size();
  events.push_back(std::move(run));
}

void AlertQueue::DropOldestEvents(std::size_t count) {
  event_count -= count;
  while (count > 0) {
    EventRun& run = events.front();
    if (count < run.events.size()) {
      run.events.erase(run.events.begin(), run.events.begin() + static_cast<std::ptrdiff_t>(count));
      run.first_id += static_cast<std::int64_t>(count);
      return;
    }
    count -= run.events.size();
    events.pop_front();
  }
}

void AlertQueue::PutBack(AlertQueue&& older) {
  alerts.merge(older.alerts);
  evaluated.merge(older.evaluated);
  events.insert(events.begin(), std::make_move_iterator(older.events.begin()),
                std::make_move_iterator(older.events.end()));
  event_count += older.event_count;
}

/// What one Write() does to the alerts of one rule: nothing, until Apply().
class AlertMirror::Stage {
 public:
  Stage(const RuleKey& key, Rule& rule, AlertMirror& mirror)
      : key_(key), rule_(rule), mirror_(mirror), room_(RoomBeside(key)) {}

  Status Write(std::vector<ActiveAlert>& alerts, AlertFile& file);
  void Apply();

 private:
  /// An alert in a pack: one that is known, or a new one.
  struct Member {
    Alerts::value_type* known;
    ActiveAlert* changed;  ///< Null: it is as it was.

    const ActiveAlert& alert() const { return changed != nullptr ? *changed : known->second.alert; }
  };
  /// A pack as it will be.
  struct Planned {
    Packs::iterator pack;
    std::size_t bytes = 0;
    std::vector<Member> members = {};
  };

  void Compare(std::vector<ActiveAlert>& alerts);
  void FindGone();
  Status WriteDirty(AlertFile& file);
  Status WriteAdded(AlertFile& file);
  bool MayHaveRoom(const Pack& pack) const;
  bool Add(const Member& member, Planned& planned);
  void AddAll(Packs::iterator pack, Planned& planned);
  Status Finish(Planned planned, AlertFile& file);

  const RuleKey& key_;
  Rule& rule_;
  AlertMirror& mirror_;
  const std::size_t room_;
  std::size_t seen_ = 0;
  std::vector<Member> added_;  ///< Have no pack yet, or no room in theirs any more.
  std::vector<Alerts::value_type*> gone_;
  std::vector<Planned> planned_;
  Packs new_packs_;
};

Status AlertMirror::Stage::Write(std::vector<ActiveAlert>& alerts, AlertFile& file) {
  Compare(alerts);
  FindGone();
  if (Status written = WriteDirty(file); !written) return written;
  return WriteAdded(file);
}

void AlertMirror::Stage::Compare(std::vector<ActiveAlert>& alerts) {
  for (ActiveAlert& alert : alerts) {
    const auto found = rule_.alerts.find(alert.labels);
    if (found == rule_.alerts.end()) {
      added_.push_back({nullptr, &alert});
      continue;
    }
    Kept& kept = found->second;
    if (kept.seen != mirror_.writes_) ++seen_;
    kept.seen = mirror_.writes_;
    kept.changed = IsSame(kept.alert, alert) ? nullptr : &alert;
    if (kept.changed != nullptr) kept.pack->dirty = mirror_.writes_;
  }
}

void AlertMirror::Stage::FindGone() {
  if (seen_ == rule_.alerts.size()) return;
  for (auto& known : rule_.alerts) {
    if (known.second.seen == mirror_.writes_) continue;
    gone_.push_back(&known);
    known.second.pack->dirty = mirror_.writes_;
  }
}

/// All but the last pack, which takes up new alerts.
Status AlertMirror::Stage::WriteDirty(AlertFile& file) {
  if (rule_.packs.empty()) return {};
  const auto last = std::prev(rule_.packs.end());
  for (auto pack = rule_.packs.begin(); pack != last; ++pack) {
    if (pack->dirty != mirror_.writes_) continue;
    Planned planned{.pack = pack};
    AddAll(pack, planned);
    if (Status written = Finish(std::move(planned), file); !written) return written;
  }
  return {};
}

Status AlertMirror::Stage::WriteAdded(AlertFile& file) {
  std::size_t next = 0;
  const auto fill = [&](Planned& planned) {
    while (next < added_.size() && Add(added_[next], planned)) ++next;
  };
  if (!rule_.packs.empty()) {
    const auto last = std::prev(rule_.packs.end());
    if (last->dirty == mirror_.writes_ || (!added_.empty() && MayHaveRoom(*last))) {
      Planned planned{.pack = last};
      AddAll(last, planned);
      fill(planned);
      if (Status written = Finish(std::move(planned), file); !written) return written;
    }
  }
  while (next < added_.size()) {
    new_packs_.push_back({.id = ++mirror_.last_pack_, .bytes = 0, .alerts = {}, .dirty = 0});
    Planned planned{.pack = std::prev(new_packs_.end())};
    mirror_.text_.clear();
    fill(planned);
    if (Status written = Finish(std::move(planned), file); !written) return written;
  }
  return {};
}

/// Whether one more of the usual size would fit.
bool AlertMirror::Stage::MayHaveRoom(const Pack& pack) const {
  return pack.bytes + pack.bytes / std::max<std::size_t>(pack.alerts.size(), 1) < room_;
}

/// False: there is no room. There always is for one.
bool AlertMirror::Stage::Add(const Member& member, Planned& planned) {
  std::string& text = mirror_.text_;
  const std::size_t before = text.size();
  text += planned.members.empty() ? '[' : ',';
  AppendAlert(text, member.alert());
  if (text.size() >= room_ && !planned.members.empty()) {
    text.resize(before);
    return false;
  }
  planned.members.push_back(member);
  return true;
}

/// What stays in `pack`; what has no room there any more is added elsewhere.
void AlertMirror::Stage::AddAll(Packs::iterator pack, Planned& planned) {
  mirror_.text_.clear();
  planned.members.reserve(pack->alerts.size());
  for (Alerts::value_type* const known : pack->alerts) {
    if (known->second.seen != mirror_.writes_) continue;
    const Member member{known, known->second.changed};
    if (!Add(member, planned)) added_.push_back(member);
  }
}

Status AlertMirror::Stage::Finish(Planned planned, AlertFile& file) {
  std::string& text = mirror_.text_;
  const std::int64_t id = planned.pack->id;
  Status written;
  if (planned.members.empty()) {
    written = file.RemovePack(id);
  } else {
    text += ']';
    written = file.PutPack(id, key_, text);
  }
  planned.bytes = text.size();
  planned_.push_back(std::move(planned));
  return written;
}

void AlertMirror::Stage::Apply() {
  for (const Alerts::value_type* const gone : gone_) {
    rule_.alerts.erase(rule_.alerts.find(gone->first));
  }
  rule_.alerts.reserve(rule_.alerts.size() + added_.size());
  rule_.packs.splice(rule_.packs.end(), new_packs_);
  for (Planned& planned : planned_) {
    if (planned.members.empty()) {
      rule_.packs.erase(planned.pack);
      continue;
    }
    Pack& pack = *planned.pack;
    pack.bytes = planned.bytes;
    pack.alerts.clear();
    for (const Member& member : planned.members) {
      Alerts::value_type* known = member.known;
      if (known == nullptr) {
        known = &*rule_.alerts.try_emplace(member.changed->labels).first;
      }
      if (member.changed != nullptr) known->second.alert = std::move(*member.changed);
      known->second.pack = planned.pack;
      pack.alerts.push_back(known);
    }
  }
}

AlertMirror::AlertMirror(AlertFile::Contents contents)
    : evaluated_(std::move(contents.evaluated)), last_pack_(contents.last_pack) {
  for (AlertPack& read : contents.packs) {
    Rule& rule = rules_[std::move(read.rule)];
    rule.packs.push_back({.id = read.id, .bytes = read.bytes, .alerts = {}, .dirty = 0});
    const auto pack = std::prev(rule.packs.end());
    for (ActiveAlert& alert : read.alerts) {
      const auto [known, is_new] = rule.alerts.try_emplace(alert.labels);
      if (!is_new) continue;  // Nobody writes one twice.
      known->second.alert = std::move(alert);
      known->second.pack = pack;
      pack->alerts.push_back(&*known);
    }
  }
}

Status AlertMirror::Write(AlertQueue& queue, AlertFile& file) {
  ++writes_;
  std::list<Stage> stages;
  Status written = file.Write([&]() -> Status {
    for (auto& [key, alerts] : queue.alerts) {
      Stage& stage = stages.emplace_back(key, rules_[key], *this);
      if (Status put = stage.Write(alerts, file); !put) return put;
    }
    for (const auto& [group, at] : queue.evaluated) {
      if (Status put = file.PutEvaluated(group, at); !put) return put;
    }
    for (const EventRun& run : queue.events) {
      if (Status added = file.AddEvents(run); !added) return added;
    }
    return {};
  });
  if (written) {
    for (Stage& stage : stages) stage.Apply();
    for (const auto& [group, at] : queue.evaluated) evaluated_[group] = at;
  }
  for (const auto& [key, alerts] : queue.alerts) {
    const auto rule = rules_.find(key);
    if (rule == rules_.end()) break;  // It has come to nothing before this one.
    if (rule->second.alerts.empty() && rule->second.packs.empty()) rules_.erase(rule);
  }
  return written;
}

AlertQueue AlertMirror::TakeAll() {
  AlertQueue all;
  for (auto& [key, rule] : rules_) {
    std::vector<ActiveAlert>& alerts = all.alerts[key];
    for (auto& [labels, kept] : rule.alerts) alerts.push_back(std::move(kept.alert));
  }
  rules_.clear();
  all.evaluated = std::move(evaluated_);
  return all;
}

}  // namespace tocsin
