// What collectors find, and what tocsin says of itself, into the sample store.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/snapshot.h"
#include "collectors/instance.h"
#include "rules/storage/sample_store.h"
#include "rules/storage/snapshot_appender.h"

namespace tocsin {

/// Appends every collection to the store as it is published, and tocsin's own metrics with `up` at
/// an interval, so that the store holds what a Prometheus would that scrapes tocsin. Ends the
/// series of sources that have been silent for too long or are gone with stale markers. Drops what
/// is older than the retention.
///
/// Safe for concurrent use, RecordOwn() by one thread at a time.
class Recorder {
 public:
  struct Settings {
    std::string job;
    std::string instance;
    /// tocsin's own metrics as they are now.
    std::function<std::shared_ptr<const Snapshot>()> own;
  };
  /// `store`, `clock` and `log` outlive the recorder.
  Recorder(SampleStore& store, Settings settings, const Clock& clock, const Log& log);
  /// Ends what Start() began.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Takes over what `view` shows, if it is new. Called on the collectors' threads.
  void Observe(const collectors::InstanceView& view);
  /// Ends the series of an instance that a reload has removed.
  void Forget(const collectors::InstanceConfig& config);

  /// How often to record tocsin's own metrics and `up`.
  void SetOwnInterval(Duration interval) { own_interval_.store(interval.count()); }
  /// Begins to record them.
  void Start();
  void Stop();
  /// One round of what Start() does at each interval.
  void RecordOwn();

 private:
  /// What is known of one instance. Its own lock: instances append one after another in the store
  /// anyway, but finding out what has changed can be done side by side.
  struct Source {
    explicit Source(SampleStore& store, const Settings& settings);
    Mutex mutex;
    SnapshotAppender appender TOCSIN_GUARDED_BY(mutex);
    std::shared_ptr<const Snapshot> last TOCSIN_GUARDED_BY(mutex);
  };

  std::shared_ptr<Source> SourceOf(const std::string& name);
  /// Logs that the store has refused samples, and why, unless that is no news.
  void ReportRefusals();

  SampleStore& store_;
  const Settings settings_;
  const Clock& clock_;
  const Log& log_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Source>> sources_ TOCSIN_GUARDED_BY(mutex_);
  std::atomic<Duration::rep> own_interval_ = 15'000;
  std::shared_ptr<const FamilyShape> up_;
  // Used by RecordOwn() only, which one thread calls at a time.
  SnapshotAppender own_;
  AppendCounts reported_;
  std::array<std::optional<SteadyPoint>, 5> last_refusal_;  ///< By reason.
  std::jthread thread_;
};

}  // namespace tocsin
