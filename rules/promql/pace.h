// When to ask the budget whether to go on.

#pragma once

#include <cstddef>

#include "rules/promql/context.h"

namespace tocsin::promql {

/// Asks Budget::Check() once per some thousand samples, so that inner loops may call Spend() as
/// often as they like. One thread at a time.
class Pace {
 public:
  explicit Pace(Budget& budget) : budget_(budget) {}

  Status Spend(std::size_t samples) {
    constexpr std::size_t kSamplesPerCheck = 8192;
    spent_ += samples;
    if (spent_ < kSamplesPerCheck) return {};
    spent_ = 0;
    return budget_.Check();
  }

 private:
  Budget& budget_;
  std::size_t spent_ = 0;
};

}  // namespace tocsin::promql
