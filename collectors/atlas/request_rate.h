// How many requests a second a counter saw of late.

#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace tocsin::collectors::atlas {

/// The rate of one counter over the last minute, or since the reading before if that is longer ago.
/// A counter that falls has begun anew at 0. One thread at a time.
class RequestRate {
 public:
  static constexpr Duration kWindow = std::chrono::minutes(1);

  void Add(SteadyPoint at, double total);
  /// What was read so far belongs to another counter.
  void Forget() { readings_.clear(); }
  /// Nothing before the second reading.
  std::optional<double> PerSecond() const;

 private:
  struct Reading {
    SteadyPoint at;
    double total;
  };
  std::deque<Reading> readings_;  // Oldest first.
};

}  // namespace tocsin::collectors::atlas
