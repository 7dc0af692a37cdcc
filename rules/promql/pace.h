// When to ask the budget whether to go on.

#pragma once

#include <cstddef>

#include "rules/promql/context.h"

namespace tocsin::promql {

/// Asks the budget once per some thousand samples, so that inner loops may call Spend() as often as
/// they like, with as many samples as they like. One thread at a time.
class Pace {
 public:
  explicit Pace(Budget& budget) : budget_(budget) {}

  Status Spend(std::size_t samples) {
    constexpr std::size_t kSamplesPerCheck = 8192;
    constexpr std::size_t kSamplesPerLook = 65'536;
    spent_ += samples;
    if (spent_ < kSamplesPerCheck) return {};
    const bool much_at_once = spent_ >= kSamplesPerLook;
    spent_ = 0;
    return much_at_once ? budget_.CheckNow() : budget_.Check();
  }

 private:
  Budget& budget_;
  std::size_t spent_ = 0;
};

}  // namespace tocsin::promql
