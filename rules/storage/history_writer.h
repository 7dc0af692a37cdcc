// The threads that bring the history to the disk.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "rules/storage/history_folder.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// Whether `later` is more than `span` after `earlier`, whatever the times are.
bool IsMoreThanAfter(Millis span, Millis earlier, Millis later);

/// Takes sealed records and writes them into segments, so that who appends samples never waits long
/// for a disk, whatever the disk does.
///
/// - Before a record is taken, the one before it is waited for: if the process is killed, at most
///   the last one is missing. A disk that needs longer than `patience` is not waited for until it
///   has caught up.
/// - A disk that is slower for long fills the queue. Then records are refused until there is room.
/// - A disk that is full or broken fails the segment. Then records are refused for `retry`, and the
///   next one begins a new segment.
///
/// What is refused is counted, and each change of state is logged once. Safe for concurrent use,
/// except that Admit() and Push() belong to one thread at a time.
class HistoryWriter {
 public:
  struct Settings {
    Millis retention = 0;  ///< Segments whose newest sample is older go. 0 keeps all.
    std::size_t queue_bytes = std::size_t{64} << 20;
    Duration patience = std::chrono::milliseconds(50);
    Duration retry = std::chrono::seconds(10);
    Duration sync = std::chrono::seconds(1);  ///< How often the disk is told to keep what it got.
  };
  struct Segment {
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    Millis newest = 0;
  };

  /// Goes on with `current`, the last of `segments`, or, if it is null, begins a new one with the
  /// first record. `clock` and `log` outlive it.
  HistoryWriter(HistoryFolder folder, std::vector<Segment> segments,
                std::shared_ptr<SegmentFile> current, Settings settings, const Clock& clock,
                const Log& log);
  /// Writes what is queued and waits for the disk.
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  enum class Admission {
    kRefused,     ///< The samples are counted as lost.
    kContinue,    ///< The next record may go on with the segment.
    kNewSegment,  ///< The next record must begin a segment.
  };
  /// Whether a record of so many samples will be taken.
  Admission Admit(std::size_t samples);

  struct Record {
    std::string frame;
    std::size_t samples = 0;
    Millis newest = 0;
    bool begins_segment = false;
  };
  /// Queues a record that was admitted.
  void Push(Record record);

  /// Takes effect with the next segment.
  void SetRetention(Millis retention);

  struct Stats {
    std::uint64_t written_samples = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t lost_samples = 0;  ///< Refused, or in a segment that failed.
    std::uint64_t failures = 0;      ///< Of writing, creating and syncing segments.
    std::size_t segments = 0;
    std::size_t disk_bytes = 0;
    std::size_t queued_bytes = 0;
    bool is_failing = false;  ///< Nothing can be written at the moment.
  };
  Stats stats() const;

 private:
  void WriteLoop();
  void SyncLoop(const std::stop_token& stop);
  void AwaitPrevious() TOCSIN_REQUIRES(mutex_);
  void Write(const Record& record);
  Status Store(const Record& record);
  Status BeginSegment();
  void DropOld();
  void Succeeded(const Record& record);
  void Failed(const Error& error, std::size_t samples);
  void SyncDirty();

  const HistoryFolder folder_;
  const Settings settings_;
  const Clock& clock_;
  const Log& log_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Record> queue_ TOCSIN_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ TOCSIN_GUARDED_BY(mutex_) = 0;  ///< With the record being written.
  std::vector<Segment> segments_ TOCSIN_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<SegmentFile>> dirty_ TOCSIN_GUARDED_BY(mutex_);
  Stats stats_ TOCSIN_GUARDED_BY(mutex_);
  Millis retention_ TOCSIN_GUARDED_BY(mutex_);
  SteadyPoint retry_at_ TOCSIN_GUARDED_BY(mutex_);
  bool is_behind_ TOCSIN_GUARDED_BY(mutex_) = false;
  bool is_overflowing_ TOCSIN_GUARDED_BY(mutex_) = false;
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;

  std::shared_ptr<SegmentFile> current_;  ///< Of the writing thread.
  std::uint64_t next_number_;             ///< Of the writing thread.
  std::jthread syncing_;
  std::jthread writing_;
};

}  // namespace tocsin
