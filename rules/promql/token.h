// The words of PromQL.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::promql {

/// What a stretch of text is. The order groups operators, aggregations and keywords, see below.
enum class TokenType : std::uint8_t {
  kError,  ///< Nothing that PromQL knows; the lexer says why.
  kEnd,
  kIdentifier,
  kMetricIdentifier,  ///< With a colon in it.
  kNumber,
  kDuration,
  kString,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAssign,  ///< `=`
  // Operators.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kTrimUpper,
  kTrimLower,
  kMatches,     ///< `=~`
  kNotMatches,  ///< `!~`
  kAt,
  kAnd,
  kOr,
  kUnless,
  kAtan2,
  // Aggregations.
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,
  // Keywords.
  kOffset,
  kSmoothed,
  kAnchored,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kFill,
  kFillLeft,
  kFillRight,
  kBool,
  // Words that are functions when a parenthesis follows.
  kStartWord,
  kEndWord,
  kStepWord,
  kRangeWord,
  kMinOfWord,
  kMaxOfWord,
};

constexpr bool IsOperator(TokenType type) {
  return type >= TokenType::kAdd && type <= TokenType::kAtan2;
}
constexpr bool IsAggregation(TokenType type) {
  return type >= TokenType::kSum && type <= TokenType::kLimitRatio;
}
constexpr bool IsKeyword(TokenType type) {
  return type >= TokenType::kOffset && type <= TokenType::kBool;
}
constexpr bool IsFunctionWord(TokenType type) {
  return type >= TokenType::kStartWord && type <= TokenType::kMaxOfWord;
}
/// Whether the token may stand where a metric's name is expected.
bool CanBeMetricName(TokenType type);
/// Whether the token may stand in `by (...)`, `on (...)` and so on.
bool CanBeGroupingLabel(TokenType type);

/// Bytes [begin, end) of the text.
struct Token {
  TokenType type = TokenType::kEnd;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// The token as errors show it: `identifier "foo"`, `<op:+>`, `<by>`, `end of input`. `text` is
/// that of the token. Source: Prometheus' promql/parser/lex.go.
std::string Describe(TokenType type, std::string_view text);

}  // namespace tocsin::promql
