// What is to be written of alerts, and what is on disk already.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "rules/active_alert.h"
#include "rules/alert_file.h"
#include "rules/alert_store.h"

namespace tocsin {

/// What was told and is not yet on disk. An empty list of alerts: the rule has none, or is gone.
struct AlertQueue {
  std::map<RuleKey, std::vector<ActiveAlert>> alerts;  ///< Each with other labels.
  std::map<GroupKey, TimePoint> evaluated;
  std::deque<EventRun> events;  ///< Oldest first, none of them empty.
  std::size_t event_count = 0;  ///< Over all runs.

  bool empty() const { return alerts.empty() && evaluated.empty() && events.empty(); }
  void AddEvents(EventRun run);
  /// At most as many as there are.
  void DropOldestEvents(std::size_t count);

  /// Puts back what could not be written, under what has come since.
  void PutBack(AlertQueue&& older);
};

/// The alerts as they are on disk, so that only what has changed is written. A row is a pack: as
/// many alerts of one rule as fill a page, since SQLite writes whole pages anyhow. One thread at a
/// time.
///
/// An alert stays in its pack while the pack has room for it. New ones come into the last pack of
/// their rule.
class AlertMirror {
 public:
  explicit AlertMirror(AlertFile::Contents contents);

  /// Writes what `queue` changes, in one transaction. If that succeeds, the alerts of `queue` are
  /// taken out of it and are on disk; else nothing has changed.
  Status Write(AlertQueue& queue, AlertFile& file);
  /// Gives away all that is known, to be written into an empty file.
  AlertQueue TakeAll();

 private:
  struct Pack;
  using Packs = std::list<Pack>;  ///< Whose places in memory stay.
  struct Kept {
    ActiveAlert alert;
    Packs::iterator pack;
    std::uint64_t seen = 0;          ///< In which Write() last.
    ActiveAlert* changed = nullptr;  ///< What it has become, if so, in the Write() of `seen`.
  };
  using Alerts = std::unordered_map<Labels, Kept>;
  struct Pack {
    std::int64_t id = 0;
    std::size_t bytes = 0;  ///< Of its text.
    std::vector<Alerts::value_type*> alerts;
    std::uint64_t dirty = 0;  ///< In which Write() it was last to be written.
  };
  struct Rule {
    Packs packs;
    Alerts alerts;
  };
  class Stage;

  std::map<RuleKey, Rule> rules_;
  std::map<GroupKey, TimePoint> evaluated_;
  std::int64_t last_pack_;
  std::uint64_t writes_ = 0;
  std::string text_;  ///< Of the pack that is being written; a member for its room.
};

}  // namespace tocsin
