#include "rules/storage/history_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tocsin {
namespace {

constexpr Millis kNever = std::numeric_limits<Millis>::min();

}  // namespace

bool IsMoreThanAfter(Millis span, Millis earlier, Millis later) {
  if (later <= earlier) return false;
  return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier) >
         static_cast<std::uint64_t>(span);
}

HistoryWriter::HistoryWriter(HistoryFolder folder, std::vector<Segment> segments,
                             std::shared_ptr<SegmentFile> current, Settings settings,
                             const Clock& clock, const Log& log)
    : folder_(std::move(folder)),
      settings_(settings),
      clock_(clock),
      log_(log),
      segments_(std::move(segments)),
      retention_(settings.retention),
      current_(std::move(current)),
      next_number_(segments_.empty() ? 1 : segments_.back().number + 1) {
  syncing_ = std::jthread([this](const std::stop_token& stop) { SyncLoop(stop); });
  writing_ = std::jthread([this] { WriteLoop(); });
}

HistoryWriter::~HistoryWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  writing_.join();
  syncing_.request_stop();
  syncing_.join();
  SyncDirty();
}

HistoryWriter::Admission HistoryWriter::Admit(std::size_t samples) {
  bool begins_to_overflow = false;
  Admission admission = Admission::kContinue;
  {
    const MutexLock lock(mutex_);
    AwaitPrevious();
    if (stats_.is_failing) {
      const SteadyPoint now = clock_.SteadyNow();
      admission = now < retry_at_ ? Admission::kRefused : Admission::kNewSegment;
      if (admission == Admission::kNewSegment) retry_at_ = now + settings_.retry;
    } else if (queued_bytes_ > settings_.queue_bytes) {
      admission = Admission::kRefused;
      begins_to_overflow = !std::exchange(is_overflowing_, true);
    }
    if (admission == Admission::kRefused) stats_.lost_samples += samples;
  }
  if (begins_to_overflow) log_.Warn("history loses samples: the disk is too slow");
  return admission;
}

void HistoryWriter::AwaitPrevious() {
  // Real time, because a real disk is waited for.
  const auto until = std::chrono::steady_clock::now() + settings_.patience;
  while (queued_bytes_ > 0 && !is_behind_) {
    is_behind_ = changed_.wait_until(mutex_, until) == std::cv_status::timeout;
  }
}

void HistoryWriter::Push(Record record) {
  const MutexLock lock(mutex_);
  queued_bytes_ += record.frame.size();
  queue_.push_back(std::move(record));
  changed_.notify_all();
}

void HistoryWriter::SetRetention(Millis retention) {
  const MutexLock lock(mutex_);
  retention_ = retention;
}

HistoryWriter::Stats HistoryWriter::stats() const {
  const MutexLock lock(mutex_);
  Stats stats = stats_;
  stats.segments = segments_.size();
  for (const Segment& segment : segments_) stats.disk_bytes += segment.bytes;
  stats.queued_bytes = queued_bytes_;
  return stats;
}

void HistoryWriter::WriteLoop() {
  while (true) {
    Record record;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty()) {
        if (stopping_) return;
        changed_.wait(mutex_);
      }
      record = std::move(queue_.front());
      queue_.pop_front();
    }
    Write(record);
    const MutexLock lock(mutex_);
    queued_bytes_ -= record.frame.size();
    if (queued_bytes_ == 0) is_behind_ = is_overflowing_ = false;
    changed_.notify_all();
  }
}

void HistoryWriter::Write(const Record& record) {
  if (!record.begins_segment) {
    const MutexLock lock(mutex_);
    if (stats_.is_failing) {  // It goes on with a segment that is not whole.
      stats_.lost_samples += record.samples;
      return;
    }
  }
  if (const Status stored = Store(record); !stored) {
    Failed(stored.error(), record.samples);
    return;
  }
  Succeeded(record);
}

Status HistoryWriter::Store(const Record& record) {
  if (record.begins_segment) {
    if (Status begun = BeginSegment(); !begun) return begun;
  }
  return current_->Append(record.frame);
}

Status HistoryWriter::BeginSegment() {
  current_.reset();
  DropOld();  // Before, as it makes room.
  const std::uint64_t number = next_number_++;
  Result<std::shared_ptr<SegmentFile>> file = folder_.Create(number);
  if (!file) return file.error();
  current_ = std::move(*file);
  const MutexLock lock(mutex_);
  segments_.push_back({number, 0, kNever});
  return {};
}

// Also drops what a failed segment left if that is nothing.
void HistoryWriter::DropOld() {
  std::vector<Segment> old;
  {
    const MutexLock lock(mutex_);
    Millis newest = kNever;
    for (const Segment& segment : segments_) newest = std::max(newest, segment.newest);
    const Millis retention = retention_;
    const auto first_old =
        std::stable_partition(segments_.begin(), segments_.end(), [&](const Segment& segment) {
          const bool is_old = retention > 0 && IsMoreThanAfter(retention, segment.newest, newest);
          return segment.bytes > 0 && !is_old;
        });
    old.assign(first_old, segments_.end());
    segments_.erase(first_old, segments_.end());
  }
  std::vector<Segment> kept;
  Status failed;
  for (const Segment& segment : old) {
    if (Status removed = folder_.Remove(segment.number); !removed) {
      kept.push_back(segment);
      failed = std::move(removed);
    }
  }
  if (kept.empty()) return;
  log_.Warn("old history cannot be removed", {{"error", failed.error().message}});
  const MutexLock lock(mutex_);
  segments_.insert(segments_.begin(), kept.begin(), kept.end());
}

void HistoryWriter::Succeeded(const Record& record) {
  bool works_again = false;
  {
    const MutexLock lock(mutex_);
    stats_.written_samples += record.samples;
    stats_.written_bytes += record.frame.size();
    Segment& segment = segments_.back();
    segment.bytes = current_->size();
    segment.newest = std::max(segment.newest, record.newest);
    if (dirty_.empty() || dirty_.back() != current_) dirty_.push_back(current_);
    if (record.begins_segment) works_again = std::exchange(stats_.is_failing, false);
  }
  if (works_again) log_.Info("history is written again");
}

void HistoryWriter::Failed(const Error& error, std::size_t samples) {
  bool begins_to_fail = false;
  {
    const MutexLock lock(mutex_);
    ++stats_.failures;
    stats_.lost_samples += samples;
    retry_at_ = clock_.SteadyNow() + settings_.retry;
    begins_to_fail = !std::exchange(stats_.is_failing, true);
  }
  if (begins_to_fail) log_.Warn("history cannot be written", {{"error", error.message}});
}

void HistoryWriter::SyncLoop(const std::stop_token& stop) {
  while (clock_.WaitUntil(clock_.SteadyNow() + settings_.sync, stop)) SyncDirty();
}

void HistoryWriter::SyncDirty() {
  std::vector<std::shared_ptr<SegmentFile>> dirty;
  {
    const MutexLock lock(mutex_);
    dirty.swap(dirty_);
  }
  for (const std::shared_ptr<SegmentFile>& file : dirty) {
    if (const Status synced = file->Sync(); !synced) Failed(synced.error(), 0);
  }
}

}  // namespace tocsin
