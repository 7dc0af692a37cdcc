// Alerts kept over a restart, and the history of their changes, in SQLite.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "rules/active_alert.h"
#include "rules/group.h"

namespace tocsin {

/// Which rule alerts belong to, over restarts: what it is, not where it stands.
struct RuleKey {
  std::string group_file;
  std::string group;
  std::string rule;
  std::string labels;  ///< The rule's labels as text, with a number when several are the same.

  friend auto operator<=>(const RuleKey&, const RuleKey&) = default;
};

/// Writes what it is told on a thread of its own, one transaction for all that has come meanwhile,
/// within a second at most; whoever tells it never waits for the disk. A disk that is full or
/// broken costs durability, never an alert: that is logged once, counted, and tried again.
///
/// The file carries a version; older ones are upgraded in place, newer ones refused. Safe for
/// concurrent use.
class AlertStore {
 public:
  struct Settings {
    Duration event_retention = std::chrono::hours(24 * 30);
    std::size_t max_events = 1'000'000;
  };
  /// Fails with kUnavailable or kDenied if the file cannot be opened or made, with kInvalidInput if
  /// it is of a newer version. A damaged one is put aside, said, and begun anew.
  static Result<std::unique_ptr<AlertStore>> Open(const std::filesystem::path& file,
                                                  const Settings& settings, const Clock& clock,
                                                  const Log& log);
  /// Writes what is left.
  ~AlertStore();

  /// What is kept of a rule's alerts, as it was when the store was opened, and when they were last
  /// known to be true (the last evaluation that was written). Once asked for, it is forgotten here.
  struct Kept {
    std::vector<ActiveAlert> alerts;
    TimePoint as_of;
  };
  std::optional<Kept> Take(const RuleKey& key);

  /// The alerts of a rule are these now; `events` tell what has changed.
  void Put(const RuleKey& key, TimePoint as_of, std::vector<ActiveAlert> alerts,
           std::span<const AlertEvent> events);
  void Forget(const RuleKey& key);
  /// Returns when everything that was told is on disk, or cannot be. For tests and for the stop.
  void Flush();

  struct EventQuery {
    std::optional<Millis> start;
    std::optional<Millis> end;
    std::vector<Matcher> matchers;  ///< Over the alerts' labels.
    std::size_t limit = 1000;
    std::optional<std::int64_t> before;  ///< Paging: only events with a smaller id.
  };
  struct StoredEvent {
    std::int64_t id = 0;
    AlertEvent event;
  };
  /// Newest first. May wait for the disk.
  Result<std::vector<StoredEvent>> Events(const EventQuery& query) const;

  struct Stats {
    std::uint64_t writes = 0;
    std::uint64_t errors = 0;
    std::uint64_t events = 0;
  };
  Stats stats() const;

 private:
  class Impl;
  explicit AlertStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
