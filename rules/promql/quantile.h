// The quantile of plain values, as quantile() and quantile_over_time() give it.

#pragma once

#include <span>

namespace tocsin::promql {

/// The q-quantile of `values`, which it reorders: between the two values nearest in rank, weighted
/// linearly; NaNs count as the smallest. -Inf for q below 0, +Inf for q above 1, NaN for a NaN q or
/// no values. Exactly what sorting would give, in linear time.
/// Source: Prometheus' documentation, "Operators", "Aggregation operators"; promql/quantile.go.
double Quantile(double q, std::span<double> values);

}  // namespace tocsin::promql
