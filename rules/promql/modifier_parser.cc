#include "rules/promql/modifier_parser.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rules/promql/duration_parser.h"
#include "rules/promql/literal.h"

namespace tocsin::promql {
namespace {

/// The modifiers of what can have them, else null.
TimeModifiers* ModifiersOf(Expr& expr) {
  if (auto* selector = std::get_if<VectorSelector>(&expr.node)) return &selector->time;
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->selector.time;
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return &subquery->time;
  return nullptr;
}

bool Refuse(TokenStream& tokens, Position position, std::string message) {
  tokens.Fail(position, std::move(message));
  return false;
}

/// `position` is that of what the modifier stands after.
bool ParseAtTime(TokenStream& tokens, AtModifier& at, Position position) {
  constexpr std::string_view kContext = "@";
  constexpr std::string_view kExpected = "timestamp";
  if (tokens.Is(TokenType::kStartWord) || tokens.Is(TokenType::kEndWord)) {
    at.kind = tokens.Take().type == TokenType::kStartWord ? AtModifier::Kind::kStart
                                                          : AtModifier::Kind::kEnd;
    return tokens.Expect(TokenType::kLeftParen, kContext, kExpected) &&
           tokens.Expect(TokenType::kRightParen, kContext, kExpected);
  }
  const bool is_negative = tokens.Is(TokenType::kSubtract);
  if (is_negative || tokens.Is(TokenType::kAdd)) tokens.Take();
  if (!tokens.Is(TokenType::kNumber) && !tokens.Is(TokenType::kDuration)) {
    tokens.Unexpected(kContext, kExpected);
    return false;
  }
  const std::optional<double> parsed = tokens.TakeNumber();
  if (!parsed) return false;
  const double seconds = is_negative ? -*parsed : *parsed;
  // In milliseconds it has to fit into 64 bits.
  const double millis = std::round(seconds * 1000);
  constexpr auto kMost = static_cast<double>(std::numeric_limits<Millis>::max());
  if (!(std::abs(millis) < kMost)) {
    const std::string shown =
        std::isfinite(seconds) ? fmt::format("{:.6f}", seconds) : FormatPlain(seconds);
    return Refuse(tokens, position, "timestamp out of bounds for @ modifier: " + shown);
  }
  at.kind = AtModifier::Kind::kTime;
  at.time = static_cast<Millis>(millis);
  return true;
}

}  // namespace

bool ParseOffset(TokenStream& tokens, Expr& expr) {
  tokens.Take();
  DurationExprPtr offset = ParseOffsetDuration(tokens);
  if (!offset) return false;
  TimeModifiers* const time = ModifiersOf(expr);
  if (time == nullptr) {
    return Refuse(tokens, expr.position,
                  "offset modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  }
  if (time->offset != nullptr)
    return Refuse(tokens, expr.position, "offset may not be set multiple times");
  expr.position.end = tokens.end();
  const bool is_none = offset->kind == DurationExpr::Kind::kConstant && offset->seconds == 0;
  if (!is_none) time->offset = std::move(offset);
  return true;
}

bool ParseAt(TokenStream& tokens, Expr& expr) {
  tokens.Take();
  AtModifier at;
  if (!ParseAtTime(tokens, at, expr.position)) return false;
  TimeModifiers* const time = ModifiersOf(expr);
  if (time == nullptr) {
    return Refuse(tokens, expr.position,
                  "@ modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  }
  if (time->at.kind != AtModifier::Kind::kNone) {
    return Refuse(tokens, expr.position, "@ <timestamp> may not be set multiple times");
  }
  time->at = at;
  expr.position.end = tokens.end();
  return true;
}

bool ParseExtension(TokenStream& tokens, Expr& expr, bool experimental) {
  const bool is_anchored = tokens.Take().type == TokenType::kAnchored;
  const std::string name = is_anchored ? "anchored" : "smoothed";
  if (!experimental) {
    return Refuse(tokens, expr.position, name + " modifier is experimental and not enabled");
  }
  if (std::holds_alternative<Subquery>(expr.node)) {
    return Refuse(tokens, expr.position, name + " modifier is not supported for subqueries");
  }
  auto* selector = std::get_if<VectorSelector>(&expr.node);
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) selector = &matrix->selector;
  if (selector == nullptr) return Refuse(tokens, expr.position, name + " modifier not implemented");
  const Extension extension = is_anchored ? Extension::kAnchored : Extension::kSmoothed;
  if (selector->extension != Extension::kNone && selector->extension != extension) {
    return Refuse(tokens, expr.position, "anchored and smoothed modifiers cannot be used together");
  }
  selector->extension = extension;
  return true;
}

}  // namespace tocsin::promql
