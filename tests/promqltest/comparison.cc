#include "tests/promqltest/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/number.h"

namespace tocsin::promql {
namespace {

std::string Show(double value) {
  return IsStaleNan(value) ? "stale" : FormatNumber(value);
}

std::string Show(const Found::Series& series, bool with_times) {
  std::string text = series.labels.ToString();
  for (std::size_t i = 0; i < series.samples.size(); ++i) {
    text += ' ' + Show(series.samples.v[i]);
    if (with_times) text += '@' + std::to_string(series.samples.t[i]);
  }
  return text;
}

Found::Series RowOf(const Block& block, std::size_t series, const Steps& steps) {
  Found::Series row{block.shape->visible(series), {}};
  for (std::size_t i = 0; i < block.steps; ++i) {
    if (!IsPresent(block.at(series, i))) continue;
    row.samples.t.push_back(steps.at(i));
    row.samples.v.push_back(block.at(series, i));
  }
  return row;
}

std::vector<Found::Series> RowsOf(const Block& block, const Steps& steps) {
  // If there is an order, it names all series that have a value.
  std::vector<std::uint32_t> order = block.order;
  if (order.empty()) {
    order.resize(block.shape->size());
    std::iota(order.begin(), order.end(), 0U);
  }
  std::vector<Found::Series> rows;
  for (const std::uint32_t series : order) {
    auto row = RowOf(block, series, steps);
    if (row.samples.size() > 0) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Found::Series> RowsOf(const RangeBlock& block) {
  std::vector<Found::Series> rows;
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    if (block.samples[i].size() == 0) continue;
    rows.push_back({block.shape->visible(i), block.samples[i]});
  }
  return rows;
}

std::optional<std::string> SamplesDifference(const ExpectedSeries& expected, const Steps& steps,
                                             const Found::Series& found) {
  const std::string of = " of " + expected.labels.ToString();
  std::size_t next = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    const SequenceValue& value = expected.values[i];
    if (value.kind == SequenceValue::Kind::kNone) continue;
    if (value.kind == SequenceValue::Kind::kHistogram) {
      return "expected a native histogram" + of + "; these are not supported";
    }
    const std::string what = Show(value.value) + " at " + std::to_string(steps.at(i)) + " ms" + of;
    if (next == found.samples.size()) return "expected " + what + ", got no such sample";
    const Millis at = found.samples.t[next];
    const double got = found.samples.v[next++];
    if (at != steps.at(i)) {
      return "expected " + what + ", got a sample at " + std::to_string(at) + " ms";
    }
    if (!AlmostEqual(value.value, got)) return "expected " + what + ", got " + Show(got);
  }
  if (next == found.samples.size()) return std::nullopt;
  return "unexpected sample at " + std::to_string(found.samples.t[next]) + " ms" + of;
}

/// Compares the series of vectors and matrices without regard to their order.
std::optional<std::string> SeriesDifference(const EvalCommand& expected, const Steps& steps,
                                            const Found& found) {
  std::map<Labels, const ExpectedSeries*> wanted;
  for (const ExpectedSeries& series : expected.series) wanted.emplace(series.labels, &series);
  for (const Found::Series& series : found.series) {
    const auto place = wanted.find(series.labels);
    if (place == wanted.end()) return "unexpected series " + series.labels.ToString();
    if (place->second == nullptr) return "series " + series.labels.ToString() + " comes twice";
    if (auto difference = SamplesDifference(*place->second, steps, series)) return difference;
    place->second = nullptr;
  }
  for (const auto& [labels, series] : wanted) {
    if (series != nullptr) return "expected series " + labels.ToString() + ", which is missing";
  }
  return std::nullopt;
}

std::optional<std::string> OrderDifference(const EvalCommand& expected, const Found& found) {
  for (std::size_t i = 0; i < found.series.size(); ++i) {
    if (found.series[i].labels == expected.series[i].labels) continue;
    return "expected " + expected.series[i].labels.ToString() + " in place " +
           std::to_string(i + 1) + ", got " + found.series[i].labels.ToString();
  }
  return std::nullopt;
}

std::optional<std::string> SortingDifference(const Found& matrix) {
  for (std::size_t i = 1; i < matrix.series.size(); ++i) {
    if (matrix.series[i - 1].labels < matrix.series[i].labels) continue;
    return "series are not sorted: " + matrix.series[i].labels.ToString() + " comes after " +
           matrix.series[i - 1].labels.ToString();
  }
  return std::nullopt;
}

std::string_view Name(Found::Kind kind) {
  switch (kind) {
    case Found::Kind::kScalar: return "a scalar";
    case Found::Kind::kString: return "a string";
    case Found::Kind::kVector: return "an instant vector";
    case Found::Kind::kMatrix: return "a matrix";
  }
  return "";
}

Found::Kind KindOf(const EvalCommand& expected) {
  if (expected.scalar) return Found::Kind::kScalar;
  if (expected.string) return Found::Kind::kString;
  return expected.range || expected.range_vector ? Found::Kind::kMatrix : Found::Kind::kVector;
}

}  // namespace

std::string Found::ToString() const {
  if (kind == Kind::kScalar) return Show(scalar) + '\n';
  if (kind == Kind::kString) return '"' + string + "\"\n";
  if (series.empty()) return "(nothing)\n";
  std::string text;
  for (const Series& one : series) text += Show(one, kind == Kind::kMatrix) + '\n';
  return text;
}

Found Simplify(const QueryResult& result, bool range) {
  Found found;
  if (const auto* const column = std::get_if<ScalarColumn>(&result.value)) {
    found.kind = Found::Kind::kScalar;
    found.scalar = column->values.front();
  } else if (const auto* const text = std::get_if<std::string>(&result.value)) {
    found.kind = Found::Kind::kString;
    found.string = *text;
  } else if (const auto* const block = std::get_if<Block>(&result.value)) {
    found.kind = range ? Found::Kind::kMatrix : Found::Kind::kVector;
    found.series = RowsOf(*block, result.steps);
  } else {
    found.kind = Found::Kind::kMatrix;
    found.series = RowsOf(std::get<RangeBlock>(result.value));
  }
  return found;
}

Found AtMoment(const Found& matrix, Millis at, bool scalar) {
  Found found;
  for (const Found::Series& series : matrix.series) {
    const auto moment = std::ranges::find(series.samples.t, at);
    if (moment == series.samples.t.end()) continue;
    const double value =
        series.samples.v[static_cast<std::size_t>(moment - series.samples.t.begin())];
    found.series.push_back({series.labels, {{at}, {value}}});
  }
  if (scalar && found.series.size() == 1) {
    found.kind = Found::Kind::kScalar;
    found.scalar = found.series.front().samples.v.front();
  }
  return found;
}

std::optional<std::string> Difference(const EvalCommand& expected, const Found& found) {
  const Found::Kind kind = KindOf(expected);
  if (kind != found.kind) {
    return "expected " + std::string(Name(kind)) + ", got " + std::string(Name(found.kind));
  }
  if (expected.scalar) {
    if (AlmostEqual(*expected.scalar, found.scalar)) return std::nullopt;
    return "expected " + Show(*expected.scalar) + ", got " + Show(found.scalar);
  }
  if (expected.string) {
    if (*expected.string == found.string) return std::nullopt;
    return "expected \"" + *expected.string + "\", got \"" + found.string + '"';
  }
  Steps steps = expected.range_vector.value_or(expected.steps);
  if (kind == Found::Kind::kMatrix) {
    if (auto difference = SortingDifference(found)) return difference;
  } else if (!found.series.empty()) {
    // Re-runs are made at other times.
    steps.start = found.series.front().samples.t.front();
  }
  if (auto difference = SeriesDifference(expected, steps, found)) return difference;
  return expected.ordered ? OrderDifference(expected, found) : std::nullopt;
}

std::optional<std::string> Difference(const AnnotationExpectation& expected,
                                      const std::set<std::string>& found, std::string_view kind) {
  const std::string of_kind(kind);
  if (expected.none && !found.empty()) return "unexpected " + of_kind + ": " + *found.begin();
  if ((expected.some || !expected.patterns.empty()) && found.empty()) {
    return "expected annotations of the kind " + of_kind + ", got none";
  }
  for (const TextPattern& pattern : expected.patterns) {
    const auto matches = [&](const std::string& text) { return pattern.Matches(text); };
    if (std::ranges::none_of(found, matches)) {
      return "no " + of_kind + " is as expected: " + pattern.description();
    }
  }
  if (expected.patterns.empty()) return std::nullopt;
  for (const std::string& text : found) {
    const auto matches = [&](const TextPattern& pattern) { return pattern.Matches(text); };
    if (std::ranges::none_of(expected.patterns, matches))
      return "unexpected " + of_kind + ": " + text;
  }
  return std::nullopt;
}

bool AlmostEqual(double a, double b) {
  if (IsStaleNan(a) || IsStaleNan(b)) return IsStaleNan(a) && IsStaleNan(b);
  if (std::isnan(a) && std::isnan(b)) return true;
  if (a == b) return true;
  constexpr double kTolerance = 1e-6;
  constexpr double kSmallest = std::numeric_limits<double>::min();
  const double sum = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kTolerance * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

}  // namespace tocsin::promql
