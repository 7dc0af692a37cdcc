// Sums and means of many numbers that lose no digits on the way.

#pragma once

#include <cmath>

namespace tocsin::promql {

/// A sum with Neumaier's correction of Kahan's: what rounding takes from the running sum is added
/// up beside it. An infinite sum has no correction, so that it stays infinite.
/// Source: Prometheus' promql/functions.go, kahanSumInc; value for value.
struct KahanSum {
  double sum = 0;
  double compensation = 0;

  void Add(double x) {
    const double total = sum + x;
    const bool sum_is_larger = std::abs(sum) >= std::abs(x);
    const double large = sum_is_larger ? sum : x;
    const double small = sum_is_larger ? x : sum;
    compensation = std::isinf(total) ? 0 : compensation + ((large - total) + small);
    sum = total;
  }
  double Total() const { return std::isinf(sum) ? sum : sum + compensation; }
};

/// The mean of what was added: the compensated sum divided by the number of values, unless the sum
/// would leave the range of double. From there on each value moves the mean by its share.
/// Source: Prometheus' promql/engine.go and functions.go (avg, avg_over_time); value for value.
class KahanMean {
 public:
  void Add(double x) {
    count_ += 1;
    if (!incremental_) {
      KahanSum next = sum_;
      next.Add(x);
      // The first value may be infinite itself: nothing has overflowed then.
      if (count_ == 1 || !std::isinf(next.sum)) {
        sum_ = next;
        return;
      }
      incremental_ = true;
      sum_.sum /= count_ - 1;
      sum_.compensation /= count_ - 1;
    }
    const double share = (count_ - 1) / count_;
    sum_ = {share * sum_.sum, share * sum_.compensation};
    sum_.Add(x / count_);
  }

  double count() const { return count_; }
  /// NaN before the first value.
  double Mean() const {
    if (incremental_) return sum_.Total();
    return sum_.sum / count_ + sum_.compensation / count_;
  }

 private:
  KahanSum sum_;  ///< Of the values, or once incremental, the mean.
  double count_ = 0;
  bool incremental_ = false;
};

}  // namespace tocsin::promql
