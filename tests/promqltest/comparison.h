// What a query gave, and whether a script expects it.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/labels.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample.h"
#include "tests/promqltest/script.h"

namespace tocsin::promql {

/// The result of a query, in one form for all types of it.
struct Found {
  enum class Kind { kScalar, kString, kVector, kMatrix };
  struct Series {
    Labels labels;
    Samples samples;  ///< kVector: one.
  };
  Kind kind = Kind::kVector;
  double scalar = 0;
  std::string string;
  std::vector<Series> series;  ///< In the order of the result; none without samples.

  /// One line for each series.
  std::string ToString() const;
};

/// `range`: whether it was a range query.
Found Simplify(const QueryResult& result, bool range);

/// What an instant query at `at` would give if it gave the same as this range query.
/// `scalar`: whether the expression is a scalar.
Found AtMoment(const Found& matrix, Millis at, bool scalar);

/// The first thing in which `found` is not what the case expects; nothing if there is none.
std::optional<std::string> Difference(const EvalCommand& expected, const Found& found);

/// The same for annotations of one kind ("warning", "info").
std::optional<std::string> Difference(const AnnotationExpectation& expected,
                                      const std::set<std::string>& found, std::string_view kind);

/// Whether two values count as the same in scripts: to a millionth of their mean, NaN with NaN, a
/// stale marker with a stale marker only.
/// Source: Prometheus' util/almost.
bool AlmostEqual(double a, double b);

}  // namespace tocsin::promql
