#include "rules/promql/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

namespace tocsin::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Relative; smaller differences are what rounding left behind.
constexpr double kTolerance = 1e-12;

bool EndsInInfinity(const ClassicHistogram& histogram) {
  return !histogram.empty() && histogram.back().bound == kInfinity;
}

/// Source: Prometheus' util/almost.
bool AlmostEqual(double a, double b) {
  constexpr double kSmallest = std::numeric_limits<double>::min();
  const double sum = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kTolerance * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

void RaiseDecreases(ClassicHistogram& histogram, MonotonicityFix& fix) {
  double previous = histogram.front().count;
  for (std::size_t i = 1; i < histogram.size(); ++i) {
    CumulativeBucket& bucket = histogram[i];
    if (bucket.count == previous) continue;
    if (AlmostEqual(previous, bucket.count)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      fix.needed = true;
      fix.lowest_bound = std::min(fix.lowest_bound, bucket.bound);
      fix.highest_bound = std::max(fix.highest_bound, bucket.bound);
      fix.largest_difference = std::max(fix.largest_difference, previous - bucket.count);
      bucket.count = previous;
    } else {
      previous = bucket.count;
    }
  }
}

}  // namespace

double BucketQuantile(double q, ClassicHistogram& histogram, MonotonicityFix& fix) {
  if (std::isnan(q)) return kNan;
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  if (!EndsInInfinity(histogram)) return kNan;
  RaiseDecreases(histogram, fix);
  const double total = histogram.back().count;
  if (histogram.size() < 2 || total == 0) return kNan;

  double rank = q * total;
  const auto last = histogram.end() - 1;
  const auto bucket = std::partition_point(
      histogram.begin(), last, [&](const CumulativeBucket& b) { return !(b.count >= rank); });
  if (bucket == last) return (last - 1)->bound;
  if (bucket == histogram.begin() && bucket->bound <= 0) return bucket->bound;
  double begin = 0;
  double count = bucket->count;
  if (bucket != histogram.begin()) {
    begin = (bucket - 1)->bound;
    count -= (bucket - 1)->count;
    rank -= (bucket - 1)->count;
  }
  return begin + (bucket->bound - begin) * (rank / count);
}

double BucketFraction(double lower, double upper, const ClassicHistogram& histogram) {
  if (!EndsInInfinity(histogram)) return kNan;
  const double total = histogram.back().count;
  if (total == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;

  double begin = histogram.front().bound <= 0 ? -kInfinity : 0;
  double below = 0;  // Observations before the bucket.
  std::optional<double> lower_rank;
  std::optional<double> upper_rank;
  for (const CumulativeBucket& bucket : histogram) {
    // How many observations are at most v, if the bucket can tell.
    const auto rank_of = [&](double v) -> std::optional<double> {
      if (begin >= v) return below;
      if (bucket.bound <= v) return std::nullopt;
      // A bucket without a lower end counts as if all of it were at its bound.
      if (begin == -kInfinity) return bucket.count;
      return below + (bucket.count - below) * (v - begin) / (bucket.bound - begin);
    };
    if (!lower_rank) lower_rank = rank_of(lower);
    if (!upper_rank) upper_rank = rank_of(upper);
    if (lower_rank && upper_rank) break;
    begin = bucket.bound;
    below = bucket.count;
  }
  const double from = std::min(lower_rank.value_or(total), total);
  const double to = std::min(upper_rank.value_or(total), total);
  return (to - from) / total;
}

}  // namespace tocsin::promql
