// Wraps one collector, so that whatever it does, the rest goes on.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "collectors/breaker.h"
#include "collectors/collector.h"
#include "collectors/instance.h"
#include "collectors/state_log.h"

namespace tocsin::collectors {

/// Runs the collections of one instance, one at a time, each under its deadline, and keeps what can
/// be seen of it. A failed, late, throwing or hanging collection shows as `up == false`; its series
/// stay until `stale_after` and then disappear, so that old data is never served as fresh. What has
/// been decided at the deadline stands: a collection that succeeds later than that has failed.
///
/// All waiting and all ages go by steady time, so a step of the wall clock changes only what is
/// written down. While a collection runs, a second thread waits for its deadline and for the moment
/// when the series become stale, because the first one may never come back.
///
/// View() may be called from any thread at any time and never waits for a collection.
class Runner {
 public:
  /// Called after each change of View(), on the thread that made it, with no lock held; never by
  /// two threads at once.
  using Published = std::function<void(const InstanceView&)>;

  /// What `environment` refers to outlives the runner.
  Runner(std::shared_ptr<const InstanceConfig> config, const Environment& environment,
         Published published);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Collects at the start and then once per interval, until `stop` is requested; blocks. To be
  /// called once. A collection that is still running at its due time is not started again (single
  /// flight). Returns when the collection that was running has returned, and publishes nothing
  /// after `stop`.
  void Run(const std::stop_token& stop);

  std::shared_ptr<const InstanceView> View() const;

 private:
  struct Outcome;

  void CollectOnce(const std::stop_token& stop);
  Outcome CollectWatched(SteadyPoint began, const std::stop_token& stop);
  Outcome Collect(const Attempt& attempt);
  void Watch(SteadyPoint began, const std::stop_token& stop, std::stop_source& attempt,
             const std::stop_token& done);
  bool WaitForDue(SteadyPoint due, const std::stop_token& stop);

  void Succeed(SteadyPoint began, Outcome outcome);
  void Fail(SteadyPoint began, const Error& error, const std::vector<SourceReport>& sources);
  void EndLate(SteadyPoint began, const Status& status);
  void ExpireIfStale();
  std::optional<SteadyPoint> StaleAt() const;
  void NoteLost(const Outcome& outcome, InstanceView& view);
  void NoteParts(const Outcome& outcome, InstanceView& view);
  void NoteSources(const Outcome& outcome);
  bool NoteLoss(const SourceReport& report, bool is_source, const Outcome& outcome);
  void NoteSeen(const Snapshot& snapshot, InstanceView& view) const;

  /// Makes View() a copy of itself with `change` made to it.
  template <class Change>
  void Publish(Change change);

  const std::shared_ptr<const InstanceConfig> config_;
  const Environment environment_;
  const Published published_;

  // Used by the thread in Run(), and by its watch while that thread is inside the collector:
  // starting and joining the watch orders their accesses.
  std::unique_ptr<Collector> collector_;
  Breaker breaker_;
  StateLog log_;
  std::minstd_rand random_;
  TimePoint attempt_began_;
  std::optional<SteadyPoint> last_success_;
  bool late_ = false;  ///< The running collection has passed its deadline, and has failed by that.
  std::map<std::string, LostPart> lost_parts_;
  std::map<std::string, LostPart> lost_sources_;
  std::shared_ptr<const Snapshot> last_good_;  ///< However old.

  mutable Mutex mutex_;
  std::shared_ptr<const InstanceView> view_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin::collectors
