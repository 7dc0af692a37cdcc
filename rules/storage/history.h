// The samples of the store, kept over a restart.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "rules/storage/history_encoder.h"
#include "rules/storage/history_replay.h"
#include "rules/storage/history_writer.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Writes whatever is appended to a store into a folder, and puts it back after a restart.
///
/// Promise: after a kill -9, at most the last batch is missing, as long as the disk takes a batch
/// within Settings::writer.patience. After a power cut, what came after the last second or so may
/// be missing too. Damage never fails the start: what is readable is kept, the rest is counted and
/// said once. A disk that is full, slow or broken never stops appends to the store; samples are
/// then missing from the history, which is counted and said once.
///
/// The folder holds segments, which are dropped as a whole once all of them is older than the
/// retention; about a quarter more than the retention is on disk. docs/storage.md has the format.
///
/// Threads: OnAppend() is called under the lock of the store's appends; all else is safe for
/// concurrent use. Two threads write and sync.
class History final : public AppendObserver {
 public:
  struct Settings {
    HistoryWriter::Settings writer;
    /// At which size a segment ends; later if more than an eighth of it would be labels.
    std::size_t segment_bytes = std::size_t{64} << 20;
  };

  /// Locks `folder`, which is made if need be, appends to `store` what it holds, and observes the
  /// store from then on. Fails with kUnavailable if another process has the folder, and with
  /// kUnavailable or kDenied if it cannot be made or listed. All else outlives the history, and
  /// nothing is appended to the store while this runs.
  static Result<std::unique_ptr<History>> Open(const std::filesystem::path& folder,
                                               Settings settings, SampleStore& store,
                                               const Clock& clock, const Log& log);
  /// Ends the observation, and waits until the disk has everything.
  ~History() override;
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void OnAppend(std::span<const Appended> batch) override;

  /// Takes effect with the next segment.
  void SetRetention(Millis retention);

  struct Stats {
    ReplayCounts loaded;
    std::size_t loaded_segments = 0;
    Duration load_time{};
    HistoryWriter::Stats writer;
  };
  Stats stats() const;

 private:
  struct Loaded;
  History(HistoryFolder folder, Loaded loaded, const Settings& settings, SampleStore& store,
          const Clock& clock, const Log& log);
  static Loaded Load(const HistoryFolder& folder, std::span<const HistoryFolder::Segment> segments,
                     SampleStore& store);
  bool MustBeginSegment(Millis newest) const;

  const std::size_t segment_bytes_;
  SampleStore& store_;
  const Stats loaded_;
  std::atomic<Millis> retention_;
  // Of whoever holds the lock of the store's appends.
  HistoryEncoder encoder_;
  /// The newest time in the first record of the segment being written; none before there is one.
  std::optional<Millis> segment_begins_;
  HistoryWriter writer_;
};

}  // namespace tocsin
