// Tells somebody else that tocsin is alive, for as long as its rules are evaluated.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "exporter/evaluation_rounds.h"
#include "notify/notify_config.h"

namespace tocsin {

/// Calls a URL, by GET, whenever all rule groups have been evaluated since the last call, but not
/// more often than its interval. While rules are not evaluated nobody is called: then the one who
/// waits for the call rings. A call that fails is not repeated: the next one follows.
///
/// Safe for concurrent use. Its thread begins with it.
class Deadman {
 public:
  struct Parts {
    RuleProgress progress;
    const Clock& clock;
    const Log& log;
    std::string user_agent;
    HttpClientFactory make_client = &MakeHttpClient;
  };
  explicit Deadman(Parts parts);
  ~Deadman();
  Deadman(const Deadman&) = delete;
  Deadman& operator=(const Deadman&) = delete;

  /// From now on that is who is called. The file of a secret is read at each call.
  void Configure(std::shared_ptr<const notify::NotifyConfig> config);

  struct Stats {
    std::uint64_t calls = 0;  ///< That were answered 2xx.
    std::uint64_t failures = 0;
  };
  Stats stats() const;

  /// Ends the call that runs and the thread.
  void Stop();

 private:
  void Run(const std::stop_token& stop);
  void Look(const std::stop_token& stop);
  Status Call(const notify::DeadmanConfig& config, const std::stop_token& stop) const;
  void Report(const Status& called);

  const Parts parts_;
  mutable Mutex mutex_;
  std::shared_ptr<const notify::NotifyConfig> config_ TOCSIN_GUARDED_BY(mutex_);
  Stats stats_ TOCSIN_GUARDED_BY(mutex_);

  // The thread's own.
  EvaluationRounds rounds_;
  std::optional<SteadyPoint> last_call_;
  bool is_failing_ = false;  ///< And the log knows.

  std::jthread thread_;  ///< Last, so that it ends before what it uses.
};

}  // namespace tocsin
