// PromQL text -> Query.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/promql/ast.h"

namespace tocsin::promql {

struct ParseOptions {
  /// Whether experimental functions, aggregations and modifiers are known (`promql.experimental`).
  bool experimental = false;
};

/// Why a text is not PromQL. `message` is worded as Prometheus words it, without the place.
struct ParseError {
  std::string message;
  Position position;

  /// "1:8: parse error: unexpected ..." as Prometheus' API says it; lines and columns count from 1,
  /// columns in bytes.
  std::string ToString(std::string_view text) const;
  /// The same, then the line with a caret under the place:
  ///     1:8: parse error: unclosed left parenthesis
  ///     sum(rate(x[5m])
  ///        ^
  std::string WithCaret(std::string_view text) const;
};

/// Line and column of a byte offset, from 1: "3:14".
std::string LineAndColumn(std::string_view text, std::uint32_t offset);

/// Parses and type-checks an expression. Bounded in depth (kMostNesting), so that no text exhausts
/// the stack.
struct ParseResult {
  std::optional<Query> query;
  ParseError error;  ///< If there is no query.
  explicit operator bool() const { return query.has_value(); }
};
ParseResult Parse(std::string_view text, const ParseOptions& options);

/// Parses one series of a test script or of a rule test's input: `metric{label="value"}`.
Result<Labels> ParseSeriesName(std::string_view text);

/// Parses a selector of the API's `match[]`: a vector selector without modifiers.
Result<std::vector<Matcher>> ParseMetricSelector(std::string_view text);

inline constexpr int kMostNesting = 200;

}  // namespace tocsin::promql
