// PromQL text -> Query.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
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
  /// columns in bytes. "unknown position: parse error: ..." if the text is empty.
  std::string ToString(std::string_view text) const;
  /// The same, then the line with a caret under the place:
  ///     1:5: parse error: unknown function with name "raet"
  ///     sum(raet(x[5m]))
  ///         ^
  std::string WithCaret(std::string_view text) const;
};

/// Line and column of a byte offset, from 1; columns in bytes.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};
Place PlaceOf(std::string_view text, std::uint32_t offset);
/// The same as text: "3:14".
std::string LineAndColumn(std::string_view text, std::uint32_t offset);

/// How deep parentheses, calls, signs and powers may nest, and how deep a tree may be, which is
/// also how many operators may stand in a row: what walks a tree recursively does not exhaust the
/// stack.
inline constexpr int kMostNesting = 200;
inline constexpr int kMostDepth = 1000;
/// The longest text that is parsed.
inline constexpr std::size_t kMostTextBytes = 1 << 20;

/// Parses and type-checks an expression, within the limits above.
struct ParseResult {
  std::optional<Query> query;
  ParseError error;  ///< If there is no query.
  explicit operator bool() const { return query.has_value(); }
};
ParseResult Parse(std::string_view text, const ParseOptions& options);

/// Parses one series of a test script or of a rule test's input: `metric{label="value"}`. Fails
/// with kInvalidInput and ParseError's ToString().
Result<Labels> ParseSeriesName(std::string_view text);

/// Parses a selector of the API's `match[]`: a vector selector without modifiers. Whether any of
/// its matchers refuses the empty text is for the caller to ask. Fails as ParseSeriesName() does.
Result<std::vector<Matcher>> ParseMetricSelector(std::string_view text);

}  // namespace tocsin::promql
