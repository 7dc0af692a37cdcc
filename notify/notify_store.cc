#include "notify/notify_store.h"

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/alarm.h"
#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "notify/notify_file.h"
#include "notify/notify_history.h"
#include "notify/notify_opening.h"
#include "notify/notify_state.h"

namespace tocsin::notify {
namespace {

namespace fs = std::filesystem;

constexpr Duration kBetweenDrops = std::chrono::minutes(1);
/// How long the last transaction may take, or wait for a lock, when the store ends.
constexpr Duration kLastPatience = std::chrono::seconds(1);

/// Those of `unwritten` that `wants`, newest first, up to `limit`; `below` becomes the least id
/// there is, so that none of them is told twice if it is on disk meanwhile.
template <class Record, class Wants>
void AddUnwritten(const std::deque<Record>& unwritten, const Wants& wants, std::size_t limit,
                  std::vector<Record>& records, std::int64_t& below) {
  for (auto record = unwritten.rbegin(); record != unwritten.rend(); ++record) {
    if (records.size() >= limit) return;
    if (record->id < below && wants(*record)) records.push_back(*record);
  }
  if (!unwritten.empty()) below = std::min(below, unwritten.front().id);
}

template <class Record>
void Append(std::vector<Record>& records, std::vector<Record> more) {
  records.insert(records.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
}

}  // namespace

class NotifyStore::Impl {
 public:
  Impl(fs::path path, const Settings& settings, const Clock& clock, const Log& log,
       FileDescriptor lock, OpenedFile opened);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  NotifyStore::Kept TakeKept();
  std::int64_t NextId();
  void Commit(const Decided& decided);
  void Settle(Settled settled);
  Status PutSilences(std::span<const Silence> changed, std::span<const std::string> forgotten);
  void DropExpired(TimePoint now);
  Result<std::vector<HistoryRecord>> History(const HistoryQuery& query) const;
  Result<std::vector<DeadLetter>> DeadLetters(std::size_t limit) const;
  Stats stats() const;
  void Flush(SteadyPoint deadline);

 private:
  std::uint64_t Demand() TOCSIN_REQUIRES(mutex_);
  void MarkLate() TOCSIN_REQUIRES(mutex_);
  SteadyPoint DueAt() const TOCSIN_REQUIRES(mutex_);
  bool AwaitDisk(std::uint64_t demand);

  void WriteLoop();
  bool AwaitWork();
  void Write(Duration patience);
  Status Store(std::shared_ptr<NotifyChanges>& changes, Duration patience);
  Status StoreOnce(const NotifyChanges& changes, Duration patience) TOCSIN_REQUIRES(file_mutex_);
  void Finish(const std::shared_ptr<NotifyChanges>& changes, const Status& stored);
  void DropOld();
  template <class Read>
  auto ReadFile(const Read& read) const;

  const fs::path path_;
  const Settings settings_;
  const Clock& clock_;
  const Log& log_;
  const FileDescriptor lock_;
  std::stop_source give_up_;  ///< Ends every wait for the disk.

  mutable Mutex mutex_;
  std::condition_variable_any written_;  ///< `demands_met_` has changed.
  Alarm alarm_;                          ///< Of the writer: there is something new to do.
  NotifyState state_ TOCSIN_GUARDED_BY(mutex_);
  std::optional<NotifyStore::Kept> kept_ TOCSIN_GUARDED_BY(mutex_);
  /// What is being written, which still answers to History(). Null: nothing is.
  std::shared_ptr<NotifyChanges> writing_ TOCSIN_GUARDED_BY(mutex_);
  /// What wants to be on disk at once, and how much of that is, or could not be.
  std::uint64_t demands_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::uint64_t demands_met_ TOCSIN_GUARDED_BY(mutex_) = 0;
  bool is_forced_ TOCSIN_GUARDED_BY(mutex_) = false;  ///< Try, even if the disk was failing.
  bool is_late_work_waiting_ TOCSIN_GUARDED_BY(mutex_) = false;  ///< Since the last write.
  SteadyPoint last_write_ TOCSIN_GUARDED_BY(mutex_);
  bool is_burst_ TOCSIN_GUARDED_BY(mutex_) = false;  ///< Results came thick and fast.
  bool is_slow_ TOCSIN_GUARDED_BY(mutex_) = false;   ///< And the log knows.
  Stats stats_ TOCSIN_GUARDED_BY(mutex_);
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;

  /// Held while the file is used by the writer; readers of a database in memory need it, too.
  mutable Mutex file_mutex_;
  /// None while a damaged one could not be replaced.
  mutable std::optional<NotifyFile> file_ TOCSIN_GUARDED_BY(file_mutex_);
  SteadyPoint drop_at_;  // Of the writer.
  std::jthread writer_;
};

NotifyStore::Impl::Impl(fs::path path, const Settings& settings, const Clock& clock, const Log& log,
                        FileDescriptor lock, OpenedFile opened)
    : path_(std::move(path)),
      settings_(settings),
      clock_(clock),
      log_(log),
      lock_(std::move(lock)),
      alarm_(clock),
      state_(std::move(opened.contents), settings.max_queued_records),
      last_write_(clock.SteadyNow()),
      file_(std::move(opened.file)),
      drop_at_(clock.SteadyNow()) {
  std::size_t unreadable = 0;
  file_->SetGiveUp(give_up_.get_token());
  kept_ = state_.Kept(unreadable);
  if (unreadable != 0) {
    log.Warn("some of what was kept of notifications is not readable: forgotten",
             {{"file", path_.string()}, {"rows", std::to_string(unreadable)}});
  }
  writer_ = std::jthread([this] { WriteLoop(); });
}

NotifyStore::Impl::~Impl() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  alarm_.Ring();
}

NotifyStore::Kept NotifyStore::Impl::TakeKept() {
  const MutexLock lock(mutex_);
  return std::exchange(kept_, std::nullopt).value_or(NotifyStore::Kept{});
}

std::int64_t NotifyStore::Impl::NextId() {
  const MutexLock lock(mutex_);
  return state_.NextId();
}

void NotifyStore::Impl::Commit(const Decided& decided) {
  DecidedRows rows = ToRows(decided);
  std::uint64_t demand = 0;
  {
    const MutexLock lock(mutex_);
    state_.Commit(std::move(rows));
    demand = Demand();
  }
  static_cast<void>(AwaitDisk(demand));
}

void NotifyStore::Impl::Settle(Settled settled) {
  const TimePoint now = clock_.Now();
  const MutexLock lock(mutex_);
  state_.Settle(std::move(settled), now);
  MarkLate();
}

Status NotifyStore::Impl::PutSilences(std::span<const Silence> changed,
                                      std::span<const std::string> forgotten) {
  std::uint64_t demand = 0;
  {
    const MutexLock lock(mutex_);
    state_.PutSilences(changed, forgotten);
    demand = Demand();
  }
  if (AwaitDisk(demand)) return {};
  return Error{ErrorCode::kUnavailable,
               "the silence is not on disk yet, and would not survive "
               "the end of the process"};
}

void NotifyStore::Impl::DropExpired(TimePoint now) {
  const MutexLock lock(mutex_);
  state_.DropExpired(now, now - settings_.history_retention);
  if (!state_.is_clean()) MarkLate();
}

/// Something wants to be on disk. Returns its number.
std::uint64_t NotifyStore::Impl::Demand() {
  alarm_.Ring();
  return ++demands_;
}

/// Something may wait a little.
void NotifyStore::Impl::MarkLate() {
  if (std::exchange(is_late_work_waiting_, true)) return;
  alarm_.Ring();
}

/// When the writer has something to do.
SteadyPoint NotifyStore::Impl::DueAt() const {
  if (is_forced_) return SteadyPoint::min();
  if (state_.is_clean()) return demands_ > demands_met_ ? SteadyPoint::min() : SteadyPoint::max();
  if (stats_.is_failing) return last_write_ + settings_.retry;
  if (demands_ > demands_met_) return SteadyPoint::min();
  // At once after a rest; in a burst, many in one transaction: each writes the same pages again.
  return last_write_ + (is_burst_ ? kBurstDelay : kSettleDelay);
}

/// Whether what was demanded is on disk. Waits in the machine's time, which is the disk's.
bool NotifyStore::Impl::AwaitDisk(std::uint64_t demand) {
  bool is_news = false;
  {
    const MutexLock lock(mutex_);
    if (stats_.is_failing) return false;
    const auto is_on_disk = [&]() TOCSIN_REQUIRES(mutex_) { return demands_met_ >= demand; };
    const bool is_met = written_.wait_for(mutex_, settings_.patience, is_on_disk);
    if (is_met) return !stats_.is_failing;
    ++stats_.errors;
    is_news = !std::exchange(is_slow_, true);
  }
  if (is_news) {
    log_.Warn("the disk is slow: notifications go out before they are kept",
              {{"file", path_.string()}});
  }
  return false;
}

void NotifyStore::Impl::Flush(SteadyPoint deadline) {
  const MutexLock lock(mutex_);
  const std::uint64_t mine = Demand();
  is_forced_ = true;
  const Duration left = deadline - clock_.SteadyNow();
  const Duration patience = std::clamp(left, Duration(0), Duration(std::chrono::hours(1)));
  const auto is_on_disk = [&]() TOCSIN_REQUIRES(mutex_) { return demands_met_ >= mine; };
  const bool is_met = written_.wait_for(mutex_, patience, is_on_disk);
  if (!is_met) give_up_.request_stop();
}

/// Through a connection of its own, which does not wait for the writer; a database in memory has
/// only one.
template <class Read>
auto NotifyStore::Impl::ReadFile(const Read& read) const {
  if (IsMemory(path_)) {
    const MutexLock lock(file_mutex_);
    file_->database().SetLimit(SystemClock().SteadyNow() + NotifyFile::kLongestWait, {});
    return read(file_->database());
  }
  using Answer = decltype(read(file_->database()));
  Result<SqliteDatabase> database = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kReadOnly);
  if (!database) return Answer(database.error().Within(path_.string()));
  database->SetLimit(SystemClock().SteadyNow() + NotifyFile::kLongestWait, {});
  Answer answer = read(*database);
  return answer ? std::move(answer) : Answer(answer.error().Within(path_.string()));
}

Result<std::vector<HistoryRecord>> NotifyStore::Impl::History(const HistoryQuery& query) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t below = query.before.value_or(kMost);
  std::vector<HistoryRecord> records;
  const auto wants = [&](const HistoryRecord& record) { return Matches(query, record); };
  {
    const MutexLock lock(mutex_);
    AddUnwritten(state_.history(), wants, query.limit, records, below);
    if (writing_ != nullptr) AddUnwritten(writing_->history, wants, query.limit, records, below);
  }
  if (records.size() >= query.limit) return records;
  HistoryQuery rest = query;
  rest.limit -= records.size();
  Result<std::vector<HistoryRecord>> written =
      ReadFile([&](SqliteDatabase& database) { return ReadHistory(database, rest, below); });
  if (!written) return written.error();
  Append(records, std::move(*written));
  return records;
}

Result<std::vector<DeadLetter>> NotifyStore::Impl::DeadLetters(std::size_t limit) const {
  std::int64_t below = std::numeric_limits<std::int64_t>::max();
  std::vector<DeadLetter> letters;
  const auto all = [](const DeadLetter& /*letter*/) { return true; };
  {
    const MutexLock lock(mutex_);
    AddUnwritten(state_.dead_letters(), all, limit, letters, below);
    if (writing_ != nullptr) AddUnwritten(writing_->dead_letters, all, limit, letters, below);
  }
  if (letters.size() >= limit) return letters;
  Result<std::vector<DeadLetter>> written = ReadFile([&](SqliteDatabase& database) {
    return ReadDeadLetters(database, limit - letters.size(), below);
  });
  if (!written) return written.error();
  Append(letters, std::move(*written));
  return letters;
}

NotifyStore::Stats NotifyStore::Impl::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void NotifyStore::Impl::WriteLoop() {
  pthread_setname_np(pthread_self(), "notify-store");
  while (AwaitWork()) Write(NotifyFile::kLongestWait);
  Write(kLastPatience);
}

/// False: the store is to end.
bool NotifyStore::Impl::AwaitWork() {
  for (;;) {
    SteadyPoint due;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return false;
      due = DueAt();
      if (due <= clock_.SteadyNow()) return true;
    }
    alarm_.WaitUntil(due);
  }
}

void NotifyStore::Impl::Write(Duration patience) {
  std::shared_ptr<NotifyChanges> changes;
  std::uint64_t demands = 0;
  {
    const MutexLock lock(mutex_);
    changes = std::make_shared<NotifyChanges>(state_.Take());
    writing_ = changes;
    is_late_work_waiting_ = false;
    is_forced_ = false;
    demands = demands_;
  }
  if (!changes->empty()) {
    const Status stored = Store(changes, patience);
    Finish(changes, stored);
  }
  {
    const MutexLock lock(mutex_);
    writing_.reset();
    demands_met_ = demands;
  }
  written_.notify_all();
  if (clock_.SteadyNow() >= drop_at_) DropOld();
}

/// If the file is damaged, `changes` become all that is known, and are written into a new one.
Status NotifyStore::Impl::Store(std::shared_ptr<NotifyChanges>& changes, Duration patience) {
  const MutexLock file_lock(file_mutex_);
  Status stored = StoreOnce(*changes, patience);
  if (stored || stored.error().code != ErrorCode::kCorrupt) return stored;
  file_.reset();
  PutDamagedAside(path_, stored.error(), log_);
  {
    const MutexLock lock(mutex_);
    stats_.lost_records += state_.PutBack(std::move(*changes));
    state_.MarkAll();
    changes = std::make_shared<NotifyChanges>(state_.Take());
    writing_ = changes;
  }
  return StoreOnce(*changes, patience);
}

Status NotifyStore::Impl::StoreOnce(const NotifyChanges& changes, Duration patience) {
  if (!file_) {
    Result<OpenedFile> opened = OpenOrBegin(path_, log_);
    if (!opened) return opened.error();
    file_ = std::move(opened->file);
    file_->SetGiveUp(give_up_.get_token());
  }
  return file_->Write(changes, patience);
}

void NotifyStore::Impl::Finish(const std::shared_ptr<NotifyChanges>& changes,
                               const Status& stored) {
  bool was_failing = false;
  bool was_slow = false;
  {
    const MutexLock lock(mutex_);
    last_write_ = clock_.SteadyNow();
    is_burst_ = changes->history.size() >= kBurst;
    was_failing = std::exchange(stats_.is_failing, !stored);
    was_slow = std::exchange(is_slow_, false);
    ++(stored ? stats_.writes : stats_.errors);
    writing_.reset();
    if (!stored) stats_.lost_records += state_.PutBack(std::move(*changes));
  }
  if (stored && (was_failing || was_slow)) {
    log_.Info("notifications are kept again", {{"file", path_.string()}});
  }
  if (!stored && !was_failing) {
    log_.Error("notifications cannot be kept: they go out from memory",
               {{"file", path_.string()}, {"error", stored.error().message}});
  }
}

void NotifyStore::Impl::DropOld() {
  drop_at_ = clock_.SteadyNow() + kBetweenDrops;
  const MutexLock lock(file_mutex_);
  if (!file_) return;
  const Result<bool> more = file_->DropOld(clock_.Now() - settings_.history_retention,
                                           settings_.max_history, settings_.max_dead_letters);
  // A failure is one of writing too, which is told when something is written.
  if (more && *more) drop_at_ = clock_.SteadyNow();
}

Result<std::unique_ptr<NotifyStore>> NotifyStore::Open(const fs::path& file,
                                                       const Settings& settings, const Clock& clock,
                                                       const Log& log) {
  Result<FileDescriptor> lock = LockFor(file);
  if (!lock) return lock.error();
  Result<OpenedFile> opened = OpenOrBegin(file, log);
  if (!opened) return opened.error();
  return std::unique_ptr<NotifyStore>(new NotifyStore(
      std::make_unique<Impl>(file, settings, clock, log, std::move(*lock), std::move(*opened))));
}

NotifyStore::NotifyStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NotifyStore::~NotifyStore() = default;

std::size_t NotifyStore::LogKeyHash::operator()(const LogKey& key) const {
  constexpr std::size_t kFactor = 31;
  const std::hash<std::string> hash;
  return (hash(key.first) * kFactor + hash(key.second.receiver)) * kFactor + hash(key.second.entry);
}

NotifyStore::Kept NotifyStore::TakeKept() {
  return impl_->TakeKept();
}

std::int64_t NotifyStore::NextId() {
  return impl_->NextId();
}

void NotifyStore::Commit(const Decided& decided) {
  impl_->Commit(decided);
}

void NotifyStore::Settle(Settled settled) {
  impl_->Settle(std::move(settled));
}

Status NotifyStore::PutSilences(std::span<const Silence> changed,
                                std::span<const std::string> forgotten) {
  return impl_->PutSilences(changed, forgotten);
}

void NotifyStore::DropExpired(TimePoint now) {
  impl_->DropExpired(now);
}

Result<std::vector<HistoryRecord>> NotifyStore::History(const HistoryQuery& query) const {
  return impl_->History(query);
}

Result<std::vector<DeadLetter>> NotifyStore::DeadLetters(std::size_t limit) const {
  return impl_->DeadLetters(limit);
}

NotifyStore::Stats NotifyStore::stats() const {
  return impl_->stats();
}

void NotifyStore::Flush(SteadyPoint deadline) {
  impl_->Flush(deadline);
}

std::string_view Name(HistoryRecord::State state) {
  switch (state) {
    case HistoryRecord::State::kDelivered: return "delivered";
    case HistoryRecord::State::kRetried: return "retried";
    case HistoryRecord::State::kGivenUp: return "given_up";
    case HistoryRecord::State::kSuperseded: return "superseded";
  }
  assert(false);
  return {};
}

}  // namespace tocsin::notify
