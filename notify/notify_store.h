// What the notifier must not forget, in SQLite.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "notify/decision.h"
#include "notify/notification.h"
#include "notify/outbox.h"
#include "notify/outcome.h"
#include "notify/silence.h"

namespace tocsin::notify {

/// A destination: a receiver, and one of its entries ("slack[0]").
struct Destination {
  std::string receiver;
  std::string entry;

  friend bool operator==(const Destination&, const Destination&) = default;
  friend bool operator<(const Destination& a, const Destination& b) {
    return std::tie(a.receiver, a.entry) < std::tie(b.receiver, b.entry);
  }
};

/// One attempt, or the end, of a delivery: what is kept of notifications that were sent.
struct HistoryRecord {
  enum class State { kDelivered, kRetried, kGivenUp, kSuperseded };

  std::int64_t id = 0;  ///< Given by the store.
  TimePoint at;
  Destination destination;
  std::string event_id;
  std::string group_key;
  std::string key;
  NotifyReason reason = NotifyReason::kFirst;
  bool firing = false;
  State state = State::kDelivered;
  std::string answer;  ///< What the receiver said, or what went wrong; without secrets.
  int attempt = 1;
  std::vector<std::uint64_t> alerts;  ///< Fingerprints.
  /// The id of the event's first record, whose alerts they are, too. Given by the store.
  std::int64_t first = 0;
};
/// "delivered", "retried", "given_up", "superseded".
std::string_view Name(HistoryRecord::State state);

/// A delivery that was given up.
struct DeadLetter {
  std::int64_t id = 0;
  TimePoint at;
  Destination destination;
  Notification notification;
  std::string answer;
};

/// The file `notify.db`: deliveries that are not done (the outbox), what each receiver was last
/// told of each group (the log), what kinds remember of a key, silences, the history of
/// notifications, dead letters. Writes happen on a thread of its own; readers of the history have
/// connections of theirs.
///
/// A disk that is full or broken costs durability, never a notification: everything goes on from
/// memory, is counted, and what was not written is tried again every `retry`. A damaged file is put
/// aside as `FILE.damaged`, said, and begun anew with all that is known in memory.
///
/// Safe for concurrent use. docs/notify-state.md has the tables.
class NotifyStore {
 public:
  struct Settings {
    Duration history_retention = std::chrono::hours(24 * 30);
    std::size_t max_history = 1'000'000;
    std::size_t max_dead_letters = 10'000;
    Duration retry = std::chrono::seconds(5);
    /// Records of the history, and dead letters, that may wait for a disk that takes nothing; older
    /// ones are then lost.
    std::size_t max_queued_records = 100'000;
    /// How long Commit() waits for the disk at most before what was decided goes out all the same.
    Duration patience = std::chrono::seconds(1);
  };
  /// ":memory:" keeps nothing over a restart. Fails as AlertStore::Open() does.
  static Result<std::unique_ptr<NotifyStore>> Open(const std::filesystem::path& file,
                                                   const Settings& settings, const Clock& clock,
                                                   const Log& log);
  /// Writes what is left, for a second at most.
  ~NotifyStore();
  NotifyStore(const NotifyStore&) = delete;
  NotifyStore& operator=(const NotifyStore&) = delete;

  using LogKey = std::pair<std::string, Destination>;  ///< The group's key.
  struct LogKeyHash {
    std::size_t operator()(const LogKey& key) const;
  };

  /// What was kept, as it was when the store was opened. Given once.
  struct Kept {
    std::vector<std::pair<Destination, PendingDelivery>> outbox;  ///< By id.
    struct Told {
      LogEntry entry;
      TimePoint expires;
      Notification last;  ///< What the receiver was told: to know the labels of what fired.
    };
    std::map<LogKey, Told> log;
    std::map<std::pair<Destination, std::string>, std::string> memories;  ///< By key.
    std::vector<Silence> silences;
  };
  Kept TakeKept();

  /// A number for a delivery, greater than all before, over restarts too.
  std::int64_t NextId();

  /// What was decided at one moment, in one transaction.
  struct Decided {
    struct Log {
      LogKey key;
      LogEntry entry;
      const Notification* last = nullptr;
      TimePoint expires;
    };
    std::vector<Log> log;
    std::vector<std::pair<Destination, const PendingDelivery*>> outbox;
    std::vector<std::int64_t> superseded;  ///< Deliveries that are not sent any more.
  };
  /// Returns when it is on disk, or cannot be in time. What is pointed to is copied.
  void Commit(const Decided& decided);

  /// What came of a delivery. Returns at once; written with what else there is, or after
  /// kSettleDelay, so that many deliveries are one transaction; after kBurstDelay where the last
  /// one had kBurst results. What a kill takes with it in that time is sent again.
  static constexpr Duration kSettleDelay = std::chrono::milliseconds(5);
  static constexpr Duration kBurstDelay = std::chrono::milliseconds(40);
  static constexpr std::size_t kBurst = 32;
  struct Settled {
    std::int64_t id = 0;
    bool done = true;  ///< Not to be sent again.
    int attempts = 0;
    Destination destination;
    std::string key;
    std::string memory = {};  ///< Empty: nothing is to be remembered.
    std::optional<HistoryRecord> record = std::nullopt;
    std::optional<Notification> dead_letter = std::nullopt;  ///< It was given up.
    /// It was coalesced into this one, whose row becomes that; null if it was not.
    const PendingDelivery* successor = nullptr;
  };
  void Settle(Settled settled);

  /// Silences that are new or changed; ids of those to be forgotten. Waits like Commit(); fails
  /// with kUnavailable if they are not on disk then. They are tried again all the same.
  Status PutSilences(std::span<const Silence> changed, std::span<const std::string> forgotten);

  /// Entries of the log that were not renewed until they expired are forgotten, and so are memories
  /// that were not used for as long as the history is kept.
  void DropExpired(TimePoint now);

  struct HistoryQuery {
    std::optional<TimePoint> start = std::nullopt;
    std::optional<TimePoint> end = std::nullopt;
    std::optional<std::uint64_t> alert = std::nullopt;
    std::string receiver = {};  ///< Empty: all.
    std::size_t limit = 100;
    std::optional<std::int64_t> before = std::nullopt;  ///< Paging: smaller ids only.
  };
  /// Newest first, with those that are not yet written. May wait for the disk.
  Result<std::vector<HistoryRecord>> History(const HistoryQuery& query) const;
  Result<std::vector<DeadLetter>> DeadLetters(std::size_t limit) const;

  struct Stats {
    std::uint64_t writes = 0;
    /// Transactions that failed, and commits that were not waited for to the end:
    /// tocsin_outbox_errors_total.
    std::uint64_t errors = 0;
    std::uint64_t lost_records = 0;  ///< Of the history, and dead letters.
    bool is_failing = false;         ///< Nothing can be written at the moment.
  };
  Stats stats() const;

  /// Returns when everything is on disk, or cannot be. After `deadline` what is not on disk is
  /// given up, and nothing is written any more. For the stop.
  void Flush(SteadyPoint deadline);

 private:
  class Impl;
  explicit NotifyStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::notify
