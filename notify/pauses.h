// How long a destination, or a key of it, is left alone after a failure.

#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "notify/backoff.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// Tells failures that concern one key from those that concern the whole destination (a rate limit,
/// no connection, or a receiver that asks for a pause), after which all keys wait.
///
/// Knows no clock, but draws random numbers. One thread at a time.
class Pauses {
 public:
  Pauses();

  /// To be kept with an attempt: attempts that run at the same time and fail together are one
  /// failure.
  std::uint64_t epoch() const { return epoch_; }
  /// Until when nothing is sent to the destination; long ago if that is over.
  SteadyPoint until() const { return until_; }

  void Succeeded(const std::string& key);
  /// What is done with, and no success.
  void Forget(const std::string& key) { keys_.erase(key); }
  /// Returns until when the key waits on its own; the beginning of time if the whole destination
  /// does. `epoch` is what it was when the attempt began.
  SteadyPoint Failed(const std::string& key, const Outcome& outcome, std::uint64_t epoch,
                     SteadyPoint now);

  /// Ends the pause of the destination; the next failure is its next one.
  void End();
  /// The same, and forgets all failures.
  void Reset();

 private:
  std::unordered_map<std::string, Backoff> keys_;  ///< That have failed.
  Backoff destination_;
  SteadyPoint until_ = SteadyPoint::min();
  std::uint64_t epoch_ = 0;  ///< Counts pauses of the destination, and their ends.
  std::minstd_rand random_;
};

}  // namespace tocsin::notify
