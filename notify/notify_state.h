// What the notifier's store knows, and what of it is not yet on disk.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "notify/notify_file.h"
#include "notify/notify_rows.h"
#include "notify/notify_store.h"

namespace tocsin::notify {

/// What Commit() is told, as rows: made before any lock is taken, because texts take time.
struct DecidedRows {
  std::vector<std::shared_ptr<LogRow>> log;  ///< The id is 0 unless a delivery tells all of it.
  std::vector<NotifyChanges::Outbox> outbox;
  std::vector<std::int64_t> superseded;
};
DecidedRows ToRows(const NotifyStore::Decided& decided);

/// The tables as they should be, in memory, with the keys of those rows that are not yet written.
/// One thread at a time.
class NotifyState {
 public:
  NotifyState(NotifyFile::Contents contents, std::size_t max_queued);

  /// All but the history, to begin with; and how many rows make no sense.
  NotifyStore::Kept Kept(std::size_t& unreadable) const;
  std::int64_t NextId() { return ++known_.last_delivery; }

  void Commit(DecidedRows rows);
  void Settle(NotifyStore::Settled settled, TimePoint now);
  void PutSilences(std::span<const Silence> changed, std::span<const std::string> forgotten);
  void DropExpired(TimePoint now, TimePoint oldest_memory);

  bool is_clean() const;  ///< Nothing is to be written.
  /// What is to be written, which counts as written from now on.
  NotifyChanges Take();
  /// It could not be written. Records beyond the limit are dropped; says how many.
  std::size_t PutBack(NotifyChanges&& changes);
  /// The file is empty: everything is to be written.
  void MarkAll();

  const std::deque<HistoryRecord>& history() const { return history_; }
  const std::deque<DeadLetter>& dead_letters() const { return dead_letters_; }

 private:
  using LogRowPointer = std::shared_ptr<const LogRow>;
  /// What of a row differs from the file.
  enum class Change { kNothing, kAttempts, kAll };
  struct KnownDelivery {
    NotifyChanges::Outbox row;
    Change change = Change::kNothing;
    std::int64_t first_record = 0;  ///< Of its event. 0: there was none since the start.
  };

  using Deliveries = std::map<std::int64_t, KnownDelivery>;

  void Mark(Deliveries::value_type& delivery, Change change);
  void Forget(Deliveries::iterator delivery);
  void PutLog(LogRowPointer row);
  void ForgetLog(std::int64_t id);
  void SettleRows(const NotifyStore::Settled& settled, TimePoint now);
  void AddRecord(std::int64_t delivery, HistoryRecord record);
  std::vector<NotifyChanges::Outbox> TakeOutbox();
  std::size_t DropTooMany();

  const std::size_t max_queued_;
  NotifyFile::Contents known_;  ///< But for the outbox and the log.
  Deliveries deliveries_;
  std::unordered_map<NotifyStore::LogKey, LogRowPointer, NotifyStore::LogKeyHash> log_;

  /// Ids and keys of rows that differ from the file. Of deliveries in no order, and some twice; of
  /// the log with the row, or null if it is gone.
  std::vector<std::int64_t> changed_deliveries_;
  std::map<std::int64_t, LogRowPointer> changed_log_;
  std::set<MemoryKey> changed_memories_;
  std::set<std::string> changed_silences_;
  std::deque<HistoryRecord> history_;
  std::deque<DeadLetter> dead_letters_;
};

}  // namespace tocsin::notify
