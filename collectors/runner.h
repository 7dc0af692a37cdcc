// Wraps one collector, so that whatever it does, the rest goes on.

#pragma once

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "collectors/breaker.h"
#include "collectors/collector.h"
#include "collectors/instance.h"

namespace tocsin::collectors {

/// Runs the collections of one instance, one at a time, each under its deadline, and keeps what can be
/// seen of it. A failed, late, throwing or hanging collection shows as `up == false`; its series stay
/// until `stale_after` and then disappear, so that old data is never served as fresh.
///
/// View() may be called from any thread at any time and never waits for a collection.
class Runner {
 public:
  /// Called after each change of View(), on the thread that made it, with no lock held.
  using Published = std::function<void(const InstanceView&)>;

  /// `environment` and `published` outlive the runner.
  Runner(std::shared_ptr<const InstanceConfig> config, const Environment& environment,
         Published published);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Collects at the start and then once per interval, until `stop` is requested; blocks. To be called
  /// once. A collection that is still running at its due time is not started again (single flight).
  void Run(std::stop_token stop);

  std::shared_ptr<const InstanceView> View() const;
};

}  // namespace tocsin::collectors
