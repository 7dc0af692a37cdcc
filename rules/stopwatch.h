// How long something took.

#pragma once

#include <chrono>

namespace tocsin {

/// Runs from its beginning. Finer than a Clock, which has milliseconds: many evaluations take less.
/// Measures only; whoever waits or decides by time takes a Clock.
class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace tocsin
