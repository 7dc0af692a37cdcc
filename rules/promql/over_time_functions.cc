// Aggregations over a range: sum_over_time, quantile_over_time, last_over_time ...

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rules/promql/function_families.h"
#include "rules/promql/kahan.h"
#include "rules/promql/number_text.h"
#include "rules/promql/quantile.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

/// A place to reorder a window's values in; the same for all calls on a thread, so that only the
/// longest window so far allocates.
std::vector<double>& Scratch() {
  thread_local std::vector<double> values;
  return values;
}

double Count(const RangeWindow& window) {
  return static_cast<double>(window.v.size());
}
double Present(const RangeWindow& /*window*/) {
  return 1;
}
double First(const RangeWindow& window) {
  return window.v.front();
}
double Last(const RangeWindow& window) {
  return window.v.back();
}

double Sum(const RangeWindow& window) {
  KahanSum sum;
  for (const double v : window.v) sum.Add(v);
  return sum.Total();
}

double Mean(const RangeWindow& window) {
  KahanMean mean;
  for (const double v : window.v) mean.Add(v);
  return mean.Mean();
}

/// Population variance, by Welford's method with compensated sums.
/// Source: Prometheus' promql/functions.go, varianceOverTime().
double Variance(const RangeWindow& window) {
  double count = 0;
  KahanSum mean;
  KahanSum squares;
  for (const double v : window.v) {
    count += 1;
    const double delta = v - (mean.sum + mean.compensation);
    mean.Add(delta / count);
    squares.Add(delta * (v - (mean.sum + mean.compensation)));
  }
  return (squares.sum + squares.compensation) / count;
}
double Deviation(const RangeWindow& window) {
  return std::sqrt(Variance(window));
}

/// Where the extreme value stands: `replaces(value, best)` says whether a later value takes over.
/// NaN loses to any number.
template <class Replaces>
std::size_t Extreme(const RangeWindow& window, Replaces replaces) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < window.v.size(); ++i) {
    if (replaces(window.v[i], window.v[best]) || std::isnan(window.v[best])) best = i;
  }
  return best;
}

double Max(const RangeWindow& window) {
  return window.v[Extreme(window, [](double v, double best) { return v > best; })];
}
double Min(const RangeWindow& window) {
  return window.v[Extreme(window, [](double v, double best) { return v < best; })];
}

double Seconds(const RangeWindow& window, std::size_t i) {
  return static_cast<double>(window.t[i]) / 1000;
}
double TimeOfFirst(const RangeWindow& window) {
  return Seconds(window, 0);
}
double TimeOfLast(const RangeWindow& window) {
  return Seconds(window, window.t.size() - 1);
}
/// Of equal values, the last one.
double TimeOfMax(const RangeWindow& window) {
  return Seconds(window, Extreme(window, [](double v, double best) { return v >= best; }));
}
double TimeOfMin(const RangeWindow& window) {
  return Seconds(window, Extreme(window, [](double v, double best) { return v <= best; }));
}

double QuantileOf(const RangeWindow& window) {
  std::vector<double>& values = Scratch();
  values.assign(window.v.begin(), window.v.end());
  return Quantile(window.args[0], values);
}
Status CheckQuantile(std::span<const double> args, Position position, Annotations& annotations) {
  WarnOfQuantile(args[0], position, annotations);
  return {};
}

/// The median distance from the median.
double MedianDeviation(const RangeWindow& window) {
  std::vector<double>& values = Scratch();
  values.assign(window.v.begin(), window.v.end());
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double median = Quantile(0.5, values);
  for (double& v : values) v = std::abs(v - median);
  return Quantile(0.5, values);
}

Function Row(std::string_view name, double (*compute)(const RangeWindow&)) {
  return {.name = name, .args = {kMatrix}, .how = RangeFunction{.compute = compute}};
}
Function KeepingName(std::string_view name, double (*compute)(const RangeWindow&)) {
  return {.name = name,
          .args = {kMatrix},
          .how = RangeFunction{.compute = compute, .keeps_name = true}};
}
Function Experimental(Function row) {
  row.experimental = true;
  return row;
}

}  // namespace

std::vector<Function> OverTimeFunctions() {
  return {
      Row("avg_over_time", Mean),
      Row("count_over_time", Count),
      KeepingName("first_over_time", First),
      KeepingName("last_over_time", Last),
      Experimental(Row("mad_over_time", MedianDeviation)),
      Row("max_over_time", Max),
      Row("min_over_time", Min),
      Row("present_over_time", Present),
      {.name = "quantile_over_time",
       .args = {kScalar, kMatrix},
       .how = RangeFunction{.compute = QuantileOf, .check = CheckQuantile}},
      Row("stddev_over_time", Deviation),
      Row("stdvar_over_time", Variance),
      Row("sum_over_time", Sum),
      Experimental(Row("ts_of_first_over_time", TimeOfFirst)),
      Experimental(Row("ts_of_last_over_time", TimeOfLast)),
      Experimental(Row("ts_of_max_over_time", TimeOfMax)),
      Experimental(Row("ts_of_min_over_time", TimeOfMin)),
  };
}

}  // namespace tocsin::promql
