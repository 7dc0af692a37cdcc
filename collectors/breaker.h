// When to try a source again that keeps failing.

#pragma once

#include "base/clock.h"

namespace tocsin::collectors {

/// Counts failures in a row. Once there are kFailuresToOpen of them it is open, and retries leave
/// the common grid of due times: many tocsins that lost the same server at one moment would
/// otherwise all come back to it at one moment, and go on in step. A retry is never later than an
/// interval after the last attempt ended, so that a source that has recovered is seen within one
/// interval.
///
/// Pure: it knows no clock and draws no random numbers. One thread at a time.
class Breaker {
 public:
  static constexpr int kFailuresToOpen = 3;

  void Succeeded() { failures_ = 0; }
  void Failed() {
    if (failures_ < kFailuresToOpen) ++failures_;
  }
  bool open() const { return failures_ >= kFailuresToOpen; }

  /// While closed: the first moment after `now` of the grid start + n * interval; due times that
  /// passed during the last attempt are skipped, not queued. While open: between half an interval
  /// and a whole one after `now`, when the last attempt ended. `random` is in [0, 1).
  SteadyPoint NextAttempt(SteadyPoint start, Duration interval, SteadyPoint now,
                          double random) const;

 private:
  int failures_ = 0;
};

}  // namespace tocsin::collectors
