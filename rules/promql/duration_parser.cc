#include "rules/promql/duration_parser.h"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace tocsin::promql {
namespace {

using Kind = DurationExpr::Kind;

constexpr std::string_view kExpected = "number, duration, step(), or range()";
/// 2^63 ns, in seconds.
constexpr double kMostSeconds = 9223372036.854775808;

enum Precedence { kSums = 1, kProducts, kPowers };

struct Operator {
  Kind kind;
  Precedence precedence;
};

std::optional<Operator> OperatorOf(TokenType type) {
  if (type == TokenType::kAdd) return Operator{Kind::kAdd, kSums};
  if (type == TokenType::kSubtract) return Operator{Kind::kSubtract, kSums};
  if (type == TokenType::kMultiply) return Operator{Kind::kMultiply, kProducts};
  if (type == TokenType::kDivide) return Operator{Kind::kDivide, kProducts};
  if (type == TokenType::kModulo) return Operator{Kind::kModulo, kProducts};
  if (type == TokenType::kPower) return Operator{Kind::kPower, kPowers};
  return std::nullopt;
}

bool IsSign(TokenType type) {
  return type == TokenType::kAdd || type == TokenType::kSubtract;
}

/// Parses one duration.
class DurationParser {
 public:
  DurationParser(TokenStream& tokens, std::string_view context)
      : tokens_(tokens), context_(context) {}

  DurationExprPtr Parse(int weakest = kSums);
  DurationExprPtr ParseOffset();

 private:
  DurationExprPtr ParseOperand();
  DurationExprPtr ParseSigned();
  DurationExprPtr ParsePrimary();
  DurationExprPtr ParseLiteral();
  DurationExprPtr ParseParen();
  DurationExprPtr ParseQueryTime(Kind kind);
  DurationExprPtr ParseExtreme(Kind kind);
  DurationExprPtr Make(Kind kind, Position position, DurationExprPtr lhs = nullptr,
                       DurationExprPtr rhs = nullptr);
  DurationExprPtr Join(Kind kind, const Token& op, DurationExprPtr lhs, DurationExprPtr rhs);
  DurationExprPtr Signed(const Token& sign, DurationExprPtr operand);

  TokenStream& tokens_;
  std::string_view context_;
  int nodes_ = 0;
};

DurationExprPtr DurationParser::Parse(int weakest) {
  DurationExprPtr lhs = ParseOperand();
  while (lhs) {
    const std::optional<Operator> op = OperatorOf(tokens_.type());
    if (!op || op->precedence < weakest) break;
    const Token token = tokens_.Take();
    DurationExprPtr rhs;
    if (op->precedence == kPowers) {
      const TokenStream::Level level(tokens_);
      if (tokens_.failed()) return nullptr;
      rhs = Parse(kPowers);
    } else {
      rhs = Parse(op->precedence + 1);
    }
    if (!rhs) return nullptr;
    lhs = Join(op->kind, token, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

DurationExprPtr DurationParser::ParseOperand() {
  return IsSign(tokens_.type()) ? ParseSigned() : ParsePrimary();
}

DurationExprPtr DurationParser::ParseSigned() {
  const TokenStream::Level level(tokens_);
  if (tokens_.failed()) return nullptr;
  const Token sign = tokens_.Take();
  // As with numbers, -2 ^ 2 is -(2 ^ 2), while -2 * 2 is (-2) * 2.
  DurationExprPtr operand = Parse(kPowers);
  return operand ? Signed(sign, std::move(operand)) : nullptr;
}

DurationExprPtr DurationParser::ParseOffset() {
  if (!IsSign(tokens_.type())) {
    // After a parenthesis, unlike after a number, operators belong to the duration.
    return tokens_.Is(TokenType::kLeftParen) ? Parse() : ParsePrimary();
  }
  const Token sign = tokens_.Take();
  DurationExprPtr operand = ParsePrimary();
  return operand ? Signed(sign, std::move(operand)) : nullptr;
}

DurationExprPtr DurationParser::ParsePrimary() {
  const TokenType type = tokens_.type();
  if (type == TokenType::kNumber || type == TokenType::kDuration) return ParseLiteral();
  if (type == TokenType::kStepWord) return ParseQueryTime(Kind::kStep);
  if (type == TokenType::kRangeWord) return ParseQueryTime(Kind::kRange);
  if (type == TokenType::kMinOfWord) return ParseExtreme(Kind::kMin);
  if (type == TokenType::kMaxOfWord) return ParseExtreme(Kind::kMax);
  if (type == TokenType::kLeftParen) return ParseParen();
  tokens_.Unexpected(context_, kExpected);
  return nullptr;
}

DurationExprPtr DurationParser::ParseLiteral() {
  const Token token = tokens_.next();
  const std::optional<double> seconds = tokens_.TakeNumber();
  if (!seconds) return nullptr;
  // Not so for NaN either.
  const bool is_in_range = std::abs(*seconds) <= kMostSeconds;
  if (!is_in_range) {
    tokens_.Fail(PositionOf(token), "duration out of range");
    return nullptr;
  }
  DurationExprPtr literal = Make(Kind::kConstant, PositionOf(token));
  if (!literal) return nullptr;
  literal->seconds = *seconds;
  literal->as_number = token.type == TokenType::kNumber;
  return literal;
}

DurationExprPtr DurationParser::ParseParen() {
  const TokenStream::Level level(tokens_);
  if (tokens_.failed()) return nullptr;
  const std::uint32_t begin = tokens_.Take().begin;
  DurationExprPtr inner = Parse();
  if (!inner || !tokens_.Expect(TokenType::kRightParen, context_, kExpected)) return nullptr;
  return Make(Kind::kParen, {begin, tokens_.end()}, std::move(inner));
}

/// `step()`, `range()`
DurationExprPtr DurationParser::ParseQueryTime(Kind kind) {
  const std::uint32_t begin = tokens_.Take().begin;
  if (!tokens_.Expect(TokenType::kLeftParen, context_, kExpected)) return nullptr;
  if (!tokens_.Expect(TokenType::kRightParen, context_, kExpected)) return nullptr;
  return Make(kind, {begin, tokens_.end()});
}

/// `min_of(a, b)`, `max_of(a, b)`
DurationExprPtr DurationParser::ParseExtreme(Kind kind) {
  const TokenStream::Level level(tokens_);
  if (tokens_.failed()) return nullptr;
  const std::uint32_t begin = tokens_.Take().begin;
  if (!tokens_.Expect(TokenType::kLeftParen, context_, kExpected)) return nullptr;
  DurationExprPtr a = Parse();
  if (!a || !tokens_.Expect(TokenType::kComma, context_, kExpected)) return nullptr;
  DurationExprPtr b = Parse();
  if (!b || !tokens_.Expect(TokenType::kRightParen, context_, kExpected)) return nullptr;
  return Make(kind, {begin, tokens_.end()}, std::move(a), std::move(b));
}

DurationExprPtr DurationParser::Make(Kind kind, Position position, DurationExprPtr lhs,
                                     DurationExprPtr rhs) {
  // No deeper than it has nodes.
  if (++nodes_ > kMostDepth) {
    tokens_.Fail(position, fmt::format("duration has more than {} parts", kMostDepth));
    return nullptr;
  }
  auto expr = std::make_unique<DurationExpr>();
  expr->kind = kind;
  expr->lhs = std::move(lhs);
  expr->rhs = std::move(rhs);
  expr->position = position;
  return expr;
}

DurationExprPtr DurationParser::Join(Kind kind, const Token& op, DurationExprPtr lhs,
                                     DurationExprPtr rhs) {
  const bool by_zero = rhs->kind == Kind::kConstant && rhs->seconds == 0;
  if (by_zero && (kind == Kind::kDivide || kind == Kind::kModulo)) {
    tokens_.Fail(PositionOf(op), kind == Kind::kDivide ? "division by zero" : "modulo by zero");
    return nullptr;
  }
  const Position position{lhs->position.begin, rhs->position.end};
  return Make(kind, position, std::move(lhs), std::move(rhs));
}

DurationExprPtr DurationParser::Signed(const Token& sign, DurationExprPtr operand) {
  const bool is_minus = sign.type == TokenType::kSubtract;
  if (operand->kind == Kind::kConstant) {
    if (is_minus) operand->seconds = -operand->seconds;
    operand->position.begin = sign.begin;
    return operand;
  }
  if (!is_minus) return operand;
  const Position position{sign.begin, operand->position.end};
  return Make(Kind::kNegate, position, std::move(operand));
}

}  // namespace

DurationExprPtr ParseRangeDuration(TokenStream& tokens) {
  DurationExprPtr duration = DurationParser(tokens, "subquery or range selector").Parse();
  if (duration && duration->kind == Kind::kConstant && duration->seconds <= 0) {
    tokens.Fail(duration->position, "duration must be greater than 0");
    return nullptr;
  }
  return duration;
}

DurationExprPtr ParseOffsetDuration(TokenStream& tokens) {
  return DurationParser(tokens, "offset").ParseOffset();
}

}  // namespace tocsin::promql
