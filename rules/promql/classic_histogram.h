// Quantiles and fractions of one classic histogram: cumulative counts of observations up to bounds.

#pragma once

#include <limits>
#include <span>
#include <vector>

namespace tocsin::promql {

/// How many observations were at most `bound`.
struct CumulativeBucket {
  double bound = 0;
  double count = 0;
};
/// In the order of bounds, each once. The last should be +Inf; without it there is no answer.
using ClassicHistogram = std::vector<CumulativeBucket>;

/// Where counts decreased towards higher bounds, which cannot be, and were raised.
struct MonotonicityFix {
  bool needed = false;
  double lowest_bound = std::numeric_limits<double>::infinity();
  double highest_bound = -std::numeric_limits<double>::infinity();
  double largest_difference = 0;
};

/// The q-quantile, interpolated linearly within its bucket. The lowest bucket is taken to begin at
/// 0 if its bound is above; a quantile in the highest bucket is the bound below it. NaN if there is
/// no observation, no bucket up to +Inf, or no other bucket. May raise counts of `histogram`.
/// Source: Prometheus' documentation, "Query functions", histogram_quantile; promql/quantile.go.
double BucketQuantile(double q, ClassicHistogram& histogram, MonotonicityFix& fix);

/// The share of observations between `lower` and `upper`, interpolated linearly within buckets; a
/// bucket without a lower or an upper end adds to it only as a whole. NaN as above.
/// Source: Prometheus' documentation, "Query functions", histogram_fraction; promql/quantile.go.
double BucketFraction(double lower, double upper, const ClassicHistogram& histogram);

}  // namespace tocsin::promql
