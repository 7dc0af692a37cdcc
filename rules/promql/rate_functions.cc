// How counters and gauges move over a range: rate, increase, delta, irate, idelta, changes, resets.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

enum class Resets { kCorrected, kIgnored };
enum class Per { kSecond, kWindow };

double Seconds(Millis duration) {
  return static_cast<double>(duration) / 1000;
}

/// From the first value to the last; for a counter plus what it had reached before each decrease.
template <Resets kResets>
double Growth(std::span<const double> v) {
  double growth = v.back() - v.front();
  if (kResets == Resets::kIgnored) return growth;
  for (std::size_t i = 1; i < v.size(); ++i) {
    if (v[i] < v[i - 1]) growth += v[i - 1];
  }
  return growth;
}

/// That of a counter. In the same order: it decides the last digit.
double Growth(const WindowGrowth& window) {
  double growth = window.last.v - window.first.v;
  for (const double before : window.before_resets) growth += before;
  return growth;
}

/// How many seconds `sampled`, from the first sample to the last, become when the values are
/// continued at both ends: to the border if a sample is expected near it, else by half of the
/// samples' average distance; for a counter not below zero.
/// Source: Prometheus' promql/functions.go, extrapolatedRate().
template <Resets kResets>
double ExtrapolatedSeconds(const WindowGrowth& window, double growth, double sampled) {
  const double average = sampled / static_cast<double>(window.count - 1);
  const double limit = average * 1.1;
  double before = Seconds(window.first.t - window.start);
  if (before >= limit) before = average / 2;
  if (kResets == Resets::kCorrected && growth > 0 && window.first.v >= 0) {
    before = std::min(before, sampled * (window.first.v / growth));
  }
  double after = Seconds(window.end - window.last.t);
  if (after >= limit) after = average / 2;
  return sampled + before + after;  // In Prometheus' order: it decides the last digit.
}

/// The samples of a window that `anchored` and `smoothed` look at: [first, last], of which first
/// may lie at or before the start, and for `smoothed` last at or after the end.
struct Stretch {
  std::size_t first = 0;
  std::size_t last = 0;
  bool empty = true;
};
Stretch FindStretch(const RangeWindow& window) {
  const auto& t = window.t;
  Stretch stretch;
  stretch.last = t.size() - 1;
  if (window.extension == Extension::kSmoothed) {
    const auto at_end = std::lower_bound(t.begin(), t.end() - 1, window.end);
    stretch.last = static_cast<std::size_t>(at_end - t.begin());
  }
  const auto inside = std::upper_bound(t.begin(), t.end() - 1, window.start);
  if (inside != t.begin()) stretch.first = static_cast<std::size_t>(inside - t.begin()) - 1;
  stretch.empty = t[stretch.last] <= window.start || t[stretch.first] > window.end;
  return stretch;
}

/// The value at `at`, between samples i and i + 1. A counter that decreases starts from 0.
template <Resets kResets>
double Interpolate(const RangeWindow& window, std::size_t i, Millis at) {
  double from = window.v[i];
  const double to = window.v[i + 1];
  if (kResets == Resets::kCorrected && to < from) from = 0;
  return from + (to - from) * static_cast<double>(at - window.t[i]) /
                    static_cast<double>(window.t[i + 1] - window.t[i]);
}

/// The growth from the window's start to its end, with values at the borders from samples beyond
/// them. Source: Prometheus' promql/functions.go, extendedRate().
template <Resets kResets>
double ExtendedGrowth(const RangeWindow& window) {
  const auto [first, last, empty] = FindStretch(window);
  if (empty) return kAbsent;
  const bool smoothed = window.extension == Extension::kSmoothed;
  double left = window.v[first];
  if (smoothed && window.t[first] < window.start) {
    left = Interpolate<kResets>(window, first, window.start);
  }
  double right = window.v[last];
  if (smoothed && last > 0 && window.t[last] > window.end) {
    right = Interpolate<kResets>(window, last - 1, window.end);
  }
  double growth = right - left;
  if (kResets == Resets::kIgnored) return growth;

  // Resets between the borders: what lies at or beyond a border is in left and right already.
  double previous = left;
  for (std::size_t i = first; i <= last; ++i) {
    if (window.t[i] <= window.start || window.t[i] >= window.end) continue;
    if (window.v[i] < previous) growth += previous;
    previous = window.v[i];
  }
  if (right < previous) growth += previous;
  return growth;
}

/// `growth` is that of `window`, which knows its resets itself or not.
template <Resets kResets, Per kPer>
double Extrapolate(const WindowGrowth& window, double growth) {
  const double sampled = Seconds(window.last.t - window.first.t);
  double factor = ExtrapolatedSeconds<kResets>(window, growth, sampled) / sampled;
  // Folded into the factor, as Prometheus does: it decides the last digits.
  if (kPer == Per::kSecond) factor /= Seconds(window.end - window.start);
  return growth * factor;
}

template <Per kPer>
double OfGrowth(const WindowGrowth& window) {
  return Extrapolate<Resets::kCorrected, kPer>(window, Growth(window));
}

/// rate, increase, delta.
template <Resets kResets, Per kPer>
double Extrapolated(const RangeWindow& window) {
  if (window.extension != Extension::kNone) {
    const double growth = ExtendedGrowth<kResets>(window);
    if (kPer == Per::kWindow || IsAbsent(growth)) return growth;
    return growth / Seconds(window.end - window.start);
  }
  if (window.t.size() < 2) return kAbsent;
  return Extrapolate<kResets, kPer>({.first = {window.t.front(), window.v.front()},
                                     .last = {window.t.back(), window.v.back()},
                                     .count = window.t.size(),
                                     .start = window.start,
                                     .end = window.end,
                                     .before_resets = {}},
                                    Growth<kResets>(window.v));
}

/// irate, idelta: of the last two samples.
template <Resets kResets, Per kPer>
double OfLastTwo(const RangeWindow& window) {
  const std::size_t n = window.t.size();
  if (n < 2) return kAbsent;
  const Millis distance = window.t[n - 1] - window.t[n - 2];
  if (distance == 0) return kAbsent;
  const double before = window.v[n - 2];
  double growth = window.v[n - 1];
  if (kResets == Resets::kIgnored || !(growth < before)) growth -= before;
  return kPer == Per::kSecond ? growth / Seconds(distance) : growth;
}

/// How many neighbours in the window satisfy differs(before, after).
template <class Differs>
double CountNeighbours(const RangeWindow& window, Differs differs) {
  std::size_t first = 0;
  if (window.extension != Extension::kNone) {
    const Stretch stretch = FindStretch(window);
    if (stretch.empty) return kAbsent;
    first = stretch.first;
  }
  std::size_t count = 0;
  for (std::size_t i = first + 1; i < window.v.size(); ++i) {
    if (differs(window.v[i - 1], window.v[i])) ++count;
  }
  return static_cast<double>(count);
}

double CountResets(const RangeWindow& window) {
  return CountNeighbours(window, [](double before, double after) { return after < before; });
}

/// NaN to NaN is no change.
double CountChanges(const RangeWindow& window) {
  return CountNeighbours(window, [](double before, double after) {
    return before != after && !(std::isnan(before) && std::isnan(after));
  });
}

Function Row(std::string_view name, RangeFunction how) {
  return {.name = name, .args = {kMatrix}, .how = how};
}

}  // namespace

std::vector<Function> RateFunctions() {
  return {
      Row("changes", {.compute = CountChanges, .takes_anchored = true}),
      Row("delta", {.compute = Extrapolated<Resets::kIgnored, Per::kWindow>,
                    .takes_anchored = true,
                    .takes_smoothed = true}),
      Row("idelta", {.compute = OfLastTwo<Resets::kIgnored, Per::kWindow>}),
      Row("increase", {.compute = Extrapolated<Resets::kCorrected, Per::kWindow>,
                       .expects_counter = true,
                       .takes_anchored = true,
                       .takes_smoothed = true,
                       .of_growth = OfGrowth<Per::kWindow>}),
      Row("irate", {.compute = OfLastTwo<Resets::kCorrected, Per::kSecond>}),
      Row("rate", {.compute = Extrapolated<Resets::kCorrected, Per::kSecond>,
                   .expects_counter = true,
                   .takes_anchored = true,
                   .takes_smoothed = true,
                   .of_growth = OfGrowth<Per::kSecond>}),
      Row("resets", {.compute = CountResets, .takes_anchored = true}),
  };
}

}  // namespace tocsin::promql
