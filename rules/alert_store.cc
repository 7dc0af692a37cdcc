#include "rules/alert_store.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/alarm.h"
#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "base/state_file.h"
#include "rules/alert_file.h"
#include "rules/alert_mirror.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

/// How long that groups were evaluated may wait for something else to be written.
constexpr Duration kTouchDelay = std::chrono::seconds(1);
constexpr Duration kBetweenDrops = std::chrono::minutes(1);

void PutDamagedAside(const fs::path& path, const Error& error, const Log& log) {
  const fs::path aside = PutAside(path);
  log.Error("the state of alerts is damaged: put aside and begun anew",
            {{"file", aside.string()}, {"error", error.message}});
}

struct OpenedFile {
  AlertFile file;
  AlertFile::Contents contents;
};

Result<OpenedFile> OpenAndLoad(const fs::path& path, const Log& log) {
  if (const Status made = MakeStateFile(path); !made) return made.error();
  Result<AlertFile> file = AlertFile::Open(path);
  if (!file) return file.error().Within(path.string());
  Result<AlertFile::Contents> contents = file->Load();
  if (!contents) return contents.error().Within(path.string());
  if (contents->unreadable != 0) {
    log.Warn("some kept alerts are not readable: forgotten",
             {{"file", path.string()}, {"alerts", std::to_string(contents->unreadable)}});
  }
  return OpenedFile{std::move(*file), std::move(*contents)};
}

Result<OpenedFile> OpenOrBegin(const fs::path& path, const Log& log) {
  Result<OpenedFile> opened = OpenAndLoad(path, log);
  if (opened || opened.error().code != ErrorCode::kCorrupt) return opened;
  PutDamagedAside(path, opened.error(), log);
  return OpenAndLoad(path, log);
}

/// Newest first, up to the limit.
void AddMatching(const EventRun& run, const AlertStore::EventQuery& query, std::int64_t below,
                 std::vector<AlertStore::StoredEvent>& events) {
  for (std::size_t i = run.events.size(); i-- > 0 && events.size() < query.limit;) {
    const std::int64_t id = run.first_id + static_cast<std::int64_t>(i);
    if (id < below && Matches(query, run.events[i])) events.push_back({id, run.events[i]});
  }
}

/// By rule, in the order of packs.
std::map<RuleKey, std::vector<ActiveAlert>> AlertsIn(const AlertFile::Contents& contents) {
  std::map<RuleKey, std::vector<ActiveAlert>> all;
  for (const AlertPack& pack : contents.packs) {
    std::vector<ActiveAlert>& alerts = all[pack.rule];
    alerts.insert(alerts.end(), pack.alerts.begin(), pack.alerts.end());
  }
  return all;
}

}  // namespace

class AlertStore::Impl {
 public:
  Impl(fs::path path, const Settings& settings, const Clock& clock, const Log& log,
       FileDescriptor lock, OpenedFile opened);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::optional<Kept> Take(const RuleKey& key);
  std::vector<std::pair<RuleKey, Kept>> TakeRest();
  void Put(const RuleKey& key, std::optional<TimePoint> as_of, std::vector<ActiveAlert> alerts,
           std::vector<AlertEvent> events);
  void Touch(GroupKey group, TimePoint as_of);
  void Record(std::vector<AlertEvent> events);
  void Flush(std::optional<std::chrono::milliseconds> patience);
  Result<std::vector<StoredEvent>> Events(const EventQuery& query) const;
  Stats stats() const;

 private:
  void QueueEvents(std::vector<AlertEvent> events) TOCSIN_REQUIRES(mutex_);
  void LoseOldestEvents() TOCSIN_REQUIRES(mutex_);
  bool HasAlerts(const GroupKey& group) const TOCSIN_REQUIRES(mutex_);
  SteadyPoint DueAt() const TOCSIN_REQUIRES(mutex_);

  void WriteLoop();
  bool AwaitWork();
  void Write();
  Status Store(AlertQueue& queue);
  void Finish(AlertQueue& queue, const Status& stored);
  void DropOldEvents();

  const fs::path path_;
  const Settings settings_;
  const Clock& clock_;
  const Log& log_;
  const FileDescriptor lock_;
  std::stop_source give_up_;  ///< Ends every wait for the disk.

  mutable Mutex mutex_;
  std::condition_variable_any written_;  ///< `flushes_done_` has changed.
  Alarm alarm_;                          ///< Of the writer: there is something new to do.
  std::map<RuleKey, std::vector<ActiveAlert>> kept_ TOCSIN_GUARDED_BY(mutex_);
  const std::map<GroupKey, TimePoint> kept_evaluated_;
  /// Rules that have alerts, and groups that the file knows or will.
  std::set<RuleKey> alerting_ TOCSIN_GUARDED_BY(mutex_);
  std::set<GroupKey> groups_ TOCSIN_GUARDED_BY(mutex_);
  AlertQueue queue_ TOCSIN_GUARDED_BY(mutex_);
  /// Events that are being written, which the writer does not change: still answers to Events().
  const std::deque<EventRun>* writing_events_ TOCSIN_GUARDED_BY(mutex_) = nullptr;
  std::int64_t last_event_ TOCSIN_GUARDED_BY(mutex_);
  SteadyPoint last_write_ TOCSIN_GUARDED_BY(mutex_);
  Stats stats_ TOCSIN_GUARDED_BY(mutex_);
  std::uint64_t flushes_wanted_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::uint64_t flushes_done_ TOCSIN_GUARDED_BY(mutex_) = 0;
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;

  // Of the writer.
  std::optional<AlertFile> file_;  ///< None while a damaged one could not be replaced.
  AlertMirror mirror_;
  SteadyPoint drop_at_;
  std::jthread writer_;
};

AlertStore::Impl::Impl(fs::path path, const Settings& settings, const Clock& clock, const Log& log,
                       FileDescriptor lock, OpenedFile opened)
    : path_(std::move(path)),
      settings_(settings),
      clock_(clock),
      log_(log),
      lock_(std::move(lock)),
      alarm_(clock),
      kept_(AlertsIn(opened.contents)),
      kept_evaluated_(opened.contents.evaluated),
      last_event_(opened.contents.last_event),
      last_write_(clock.SteadyNow()),
      file_(std::move(opened.file)),
      mirror_(std::move(opened.contents)),
      drop_at_(clock.SteadyNow()) {
  for (const auto& [key, alerts] : kept_) alerting_.insert(key);
  for (const auto& [group, at] : kept_evaluated_) groups_.insert(group);
  file_->SetGiveUp(give_up_.get_token());
  writer_ = std::jthread([this] { WriteLoop(); });
}

AlertStore::Impl::~Impl() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  alarm_.Ring();
}

std::optional<AlertStore::Kept> AlertStore::Impl::Take(const RuleKey& key) {
  const auto evaluated = kept_evaluated_.find({key.group_file, key.group});
  if (evaluated == kept_evaluated_.end()) return std::nullopt;
  Kept kept{{}, evaluated->second};
  const MutexLock lock(mutex_);
  if (auto alerts = kept_.extract(key)) kept.alerts = std::move(alerts.mapped());
  return kept;
}

std::vector<std::pair<RuleKey, AlertStore::Kept>> AlertStore::Impl::TakeRest() {
  std::map<RuleKey, std::vector<ActiveAlert>> rest;
  {
    const MutexLock lock(mutex_);
    rest.swap(kept_);
  }
  std::vector<std::pair<RuleKey, Kept>> all;
  for (auto& [key, alerts] : rest) {
    const auto evaluated = kept_evaluated_.find({key.group_file, key.group});
    const TimePoint as_of = evaluated != kept_evaluated_.end() ? evaluated->second : TimePoint();
    all.push_back({key, {std::move(alerts), as_of}});
  }
  return all;
}

void AlertStore::Impl::Put(const RuleKey& key, std::optional<TimePoint> as_of,
                           std::vector<ActiveAlert> alerts, std::vector<AlertEvent> events) {
  {
    const MutexLock lock(mutex_);
    if (alerts.empty()) {
      alerting_.erase(key);
    } else {
      alerting_.insert(key);
    }
    queue_.alerts[key] = std::move(alerts);
    if (as_of) {
      const GroupKey group(key.group_file, key.group);
      queue_.evaluated[group] = *as_of;
      groups_.insert(group);
    }
    QueueEvents(std::move(events));
  }
  alarm_.Ring();
}

void AlertStore::Impl::Touch(GroupKey group, TimePoint as_of) {
  {
    const MutexLock lock(mutex_);
    // Of a group without alerts it is enough that the file knows it.
    if (groups_.contains(group) && !HasAlerts(group)) return;
    groups_.insert(group);
    const bool was_empty = queue_.empty();
    queue_.evaluated[std::move(group)] = as_of;
    if (!was_empty) return;
  }
  alarm_.Ring();
}

void AlertStore::Impl::Record(std::vector<AlertEvent> events) {
  {
    const MutexLock lock(mutex_);
    QueueEvents(std::move(events));
  }
  alarm_.Ring();
}

void AlertStore::Impl::QueueEvents(std::vector<AlertEvent> events) {
  if (events.empty()) return;
  const std::int64_t first = last_event_ + 1;
  last_event_ += static_cast<std::int64_t>(events.size());
  queue_.AddEvents({first, std::move(events)});
  LoseOldestEvents();
}

void AlertStore::Impl::LoseOldestEvents() {
  if (queue_.event_count <= settings_.max_queued_events) return;
  const std::size_t lost = queue_.event_count - settings_.max_queued_events;
  queue_.DropOldestEvents(lost);
  stats_.lost_events += lost;
}

bool AlertStore::Impl::HasAlerts(const GroupKey& group) const {
  const auto first = alerting_.lower_bound(RuleKey{group.first, group.second, {}, {}});
  return first != alerting_.end() && first->group_file == group.first &&
         first->group == group.second;
}

SteadyPoint AlertStore::Impl::DueAt() const {
  if (queue_.empty()) return SteadyPoint::max();
  if (stats_.is_failing) return last_write_ + settings_.retry;
  const bool has_changes = !queue_.alerts.empty() || !queue_.events.empty();
  return has_changes ? SteadyPoint::min() : last_write_ + kTouchDelay;
}

void AlertStore::Impl::Flush(std::optional<std::chrono::milliseconds> patience) {
  const MutexLock lock(mutex_);
  const std::uint64_t mine = ++flushes_wanted_;
  alarm_.Ring();
  const auto is_done = [&]() TOCSIN_REQUIRES(mutex_) { return flushes_done_ >= mine; };
  if (!patience) {
    written_.wait(mutex_, is_done);
  } else if (!written_.wait_for(mutex_, *patience, is_done)) {
    give_up_.request_stop();
  }
}

Result<std::vector<AlertStore::StoredEvent>> AlertStore::Impl::Events(
    const EventQuery& query) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t below = query.before.value_or(kMost);
  std::vector<StoredEvent> events;
  {
    const MutexLock lock(mutex_);
    for (const std::deque<EventRun>* const unwritten : {&queue_.events, writing_events_}) {
      if (unwritten == nullptr || unwritten->empty()) continue;
      for (auto run = unwritten->rbegin(); run != unwritten->rend(); ++run) {
        AddMatching(*run, query, below, events);
      }
      // On disk meanwhile, perhaps, but not to be told twice.
      below = std::min(below, unwritten->front().first_id);
    }
    if (events.size() == query.limit) return events;
  }
  EventQuery rest = query;
  rest.limit = query.limit - events.size();
  Result<std::vector<StoredEvent>> written = AlertFile::ReadEvents(path_, rest, below);
  if (!written) return written.error().Within(path_.string());
  events.insert(events.end(), std::make_move_iterator(written->begin()),
                std::make_move_iterator(written->end()));
  return events;
}

AlertStore::Stats AlertStore::Impl::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void AlertStore::Impl::WriteLoop() {
  pthread_setname_np(pthread_self(), "alert-store");
  while (AwaitWork()) Write();
  Write();
}

/// False: the store is to end.
bool AlertStore::Impl::AwaitWork() {
  for (;;) {
    SteadyPoint due;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return false;
      due = DueAt();
      if (flushes_wanted_ > flushes_done_ || due <= clock_.SteadyNow()) return true;
    }
    alarm_.WaitUntil(due);
  }
}

void AlertStore::Impl::Write() {
  AlertQueue queue;
  std::uint64_t flushes = 0;
  {
    const MutexLock lock(mutex_);
    std::swap(queue, queue_);
    if (!queue.events.empty()) writing_events_ = &queue.events;
    flushes = flushes_wanted_;
  }
  if (!queue.empty()) {
    Status stored = Store(queue);
    if (!stored && stored.error().code == ErrorCode::kCorrupt) stored = Store(queue);
    Finish(queue, stored);
  }
  {
    const MutexLock lock(mutex_);
    flushes_done_ = flushes;
  }
  written_.notify_all();
  if (clock_.SteadyNow() >= drop_at_) DropOldEvents();
}

/// Fails with kCorrupt if the file was damaged; then it is gone, and all that it held is in
/// `queue`.
Status AlertStore::Impl::Store(AlertQueue& queue) {
  if (!file_) {
    Result<OpenedFile> opened = OpenOrBegin(path_, log_);
    if (!opened) return opened.error();
    file_ = std::move(opened->file);
    file_->SetGiveUp(give_up_.get_token());
    mirror_ = AlertMirror(std::move(opened->contents));
  }
  Status written = mirror_.Write(queue, *file_);
  if (!written && written.error().code == ErrorCode::kCorrupt) {
    file_.reset();
    PutDamagedAside(path_, written.error(), log_);
    AlertQueue known = mirror_.TakeAll();
    queue.alerts.merge(known.alerts);
    queue.evaluated.merge(known.evaluated);
  }
  return written;
}

void AlertStore::Impl::Finish(AlertQueue& queue, const Status& stored) {
  bool was_failing = false;
  {
    const MutexLock lock(mutex_);
    last_write_ = clock_.SteadyNow();
    writing_events_ = nullptr;
    was_failing = std::exchange(stats_.is_failing, !stored);
    ++(stored ? stats_.writes : stats_.errors);
    if (stored) {
      stats_.events += queue.event_count;
    } else {
      queue_.PutBack(std::move(queue));
      LoseOldestEvents();
    }
  }
  if (stored && was_failing) {
    log_.Info("the state of alerts is kept again", {{"file", path_.string()}});
  }
  if (!stored && !was_failing) {
    log_.Error("the state of alerts cannot be kept: they would be new after a restart",
               {{"file", path_.string()}, {"error", stored.error().message}});
  }
}

void AlertStore::Impl::DropOldEvents() {
  drop_at_ = clock_.SteadyNow() + kBetweenDrops;
  if (!file_) return;
  const Result<bool> more =
      file_->DropEvents(clock_.Now() - settings_.event_retention, settings_.max_events);
  // A failure is one of writing too, which is told when something is written.
  if (more && *more) drop_at_ = clock_.SteadyNow();
}

Result<std::unique_ptr<AlertStore>> AlertStore::Open(const fs::path& file, const Settings& settings,
                                                     const Clock& clock, const Log& log) {
  Result<FileDescriptor> lock = LockStateFile(file);
  if (!lock) return lock.error();
  Result<OpenedFile> opened = OpenOrBegin(file, log);
  if (!opened) return opened.error();
  return std::unique_ptr<AlertStore>(new AlertStore(
      std::make_unique<Impl>(file, settings, clock, log, std::move(*lock), std::move(*opened))));
}

AlertStore::AlertStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AlertStore::~AlertStore() = default;

std::optional<AlertStore::Kept> AlertStore::Take(const RuleKey& key) {
  return impl_->Take(key);
}

std::vector<std::pair<RuleKey, AlertStore::Kept>> AlertStore::TakeRest() {
  return impl_->TakeRest();
}

void AlertStore::Put(const RuleKey& key, TimePoint as_of, std::vector<ActiveAlert> alerts,
                     std::vector<AlertEvent> events) {
  impl_->Put(key, as_of, std::move(alerts), std::move(events));
}

void AlertStore::Touch(const std::string& group_file, const std::string& group, TimePoint as_of) {
  impl_->Touch({group_file, group}, as_of);
}

void AlertStore::Forget(const RuleKey& key) {
  impl_->Put(key, std::nullopt, {}, {});
}

void AlertStore::Record(std::vector<AlertEvent> events) {
  impl_->Record(std::move(events));
}

void AlertStore::Flush() {
  impl_->Flush(std::nullopt);
}

void AlertStore::FlushFor(std::chrono::milliseconds patience) {
  impl_->Flush(patience);
}

Result<std::vector<AlertStore::StoredEvent>> AlertStore::Events(const EventQuery& query) const {
  return impl_->Events(query);
}

AlertStore::Stats AlertStore::stats() const {
  return impl_->stats();
}

}  // namespace tocsin
