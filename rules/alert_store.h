// Alerts kept over a restart, and the history of their changes, in SQLite.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "rules/active_alert.h"
#include "rules/alert_event.h"
#include "rules/storage/matcher.h"

namespace tocsin {

/// Which rule alerts belong to, over restarts: what it is, not where it stands.
struct RuleKey {
  std::string group_file;
  std::string group;
  std::string rule;
  std::string labels;  ///< The rule's labels as text, with a number when several are the same.

  friend bool operator==(const RuleKey&, const RuleKey&) = default;
  friend bool operator<(const RuleKey& a, const RuleKey& b) {
    return std::tie(a.group_file, a.group, a.rule, a.labels) <
           std::tie(b.group_file, b.group, b.rule, b.labels);
  }
};

/// Writes what it is told on a thread of its own, at once, one transaction for all that has come
/// while the one before was written; whoever tells it never waits for the disk. What a transaction
/// has written survives a kill -9 and a power cut. If a rule's alerts change again before they are
/// written, only the last state is, but every event.
///
/// A disk that is full or broken costs durability, never an alert: that is logged once, counted,
/// and tried again every `retry`. A file that turns out to be damaged is put aside, as
/// `FILE.damaged`, said, and begun anew with all that is known.
///
/// The file carries a version; older ones are upgraded in place, newer ones refused. Safe for
/// concurrent use. docs/alert-state.md has the tables, docs/decisions/006-alert-state.md the
/// reasons.
class AlertStore {
 public:
  struct Settings {
    Duration event_retention = std::chrono::hours(24 * 30);
    std::size_t max_events = 1'000'000;
    Duration retry = std::chrono::seconds(5);
    /// Events that may wait for a disk that takes nothing; older ones are then lost.
    std::size_t max_queued_events = 100'000;
  };
  /// Fails with kUnavailable or kDenied if the file cannot be opened or made, or another process
  /// uses it; with kInvalidInput if it is of a newer version, or of another program. `clock` and
  /// `log` outlive the store.
  static Result<std::unique_ptr<AlertStore>> Open(const std::filesystem::path& file,
                                                  const Settings& settings, const Clock& clock,
                                                  const Log& log);
  /// Writes what is left.
  ~AlertStore();
  AlertStore(const AlertStore&) = delete;
  AlertStore& operator=(const AlertStore&) = delete;

  /// What is kept of a rule's alerts, as it was when the store was opened, and when they were last
  /// known to be true: the last evaluation of its group that was written, which may be a second
  /// older than the last there was. No alerts: the group was evaluated, and the rule had none.
  struct Kept {
    std::vector<ActiveAlert> alerts;
    TimePoint as_of;
  };
  /// Nothing: the file knows nothing of the group. Alerts are given once.
  std::optional<Kept> Take(const RuleKey& key);
  /// All that is kept and was not taken: rules that are gone.
  std::vector<std::pair<RuleKey, Kept>> TakeRest();

  /// The alerts of a rule are these now; `events` tell what has changed.
  void Put(const RuleKey& key, TimePoint as_of, std::vector<ActiveAlert> alerts,
           std::vector<AlertEvent> events);
  /// A group was evaluated. Written only if it has alerts, of which it is then known until when
  /// they were true; with what else is written, or a second after the last time.
  void Touch(const std::string& group_file, const std::string& group, TimePoint as_of);
  /// There is no such rule any more.
  void Forget(const RuleKey& key);
  /// Events alone.
  void Record(std::vector<AlertEvent> events);

  /// Returns when everything that was told is on disk, or cannot be. For tests.
  void Flush();
  /// The same, but after `patience` it gives up what is not on disk by then, because somebody has
  /// the file locked or the disk hangs: nothing is written any more. For the stop.
  void FlushFor(std::chrono::milliseconds patience);

  struct EventQuery {
    std::optional<Millis> start = std::nullopt;
    std::optional<Millis> end = std::nullopt;
    std::vector<Matcher> matchers = {};  ///< Over the alerts' labels.
    /// Looks at the labels of those that are left; by default all are wanted.
    std::function<bool(const Labels&)> wanted = {};
    std::size_t limit = 1000;
    std::optional<std::int64_t> before = std::nullopt;  ///< Paging: only events with a smaller id.
  };
  struct StoredEvent {
    std::int64_t id = 0;
    AlertEvent event;
  };
  /// Newest first, with those that are not yet written. May wait for the disk.
  Result<std::vector<StoredEvent>> Events(const EventQuery& query) const;

  struct Stats {
    std::uint64_t writes = 0;  ///< Transactions.
    std::uint64_t errors = 0;  ///< Transactions that failed.
    std::uint64_t events = 0;  ///< Events written.
    std::uint64_t lost_events = 0;
    bool is_failing = false;  ///< Nothing can be written at the moment.
  };
  Stats stats() const;

 private:
  class Impl;
  explicit AlertStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
