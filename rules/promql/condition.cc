#include "rules/promql/condition.h"

#include <optional>
#include <variant>

#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

/// A number as it is written, with its sign; nothing if it is computed.
std::optional<std::string> NumberText(const Expr& expr) {
  const Expr& inner = StripParens(expr);
  const Expr* literal = &inner;
  if (const auto* const sign = std::get_if<Unary>(&inner.node)) literal = sign->expr.get();
  if (!std::holds_alternative<NumberLiteral>(literal->node)) return std::nullopt;
  return Print(inner);
}

/// The operator with its sides exchanged.
BinaryOp Mirrored(BinaryOp op) {
  if (op == BinaryOp::kGreater) return BinaryOp::kLess;
  if (op == BinaryOp::kLess) return BinaryOp::kGreater;
  if (op == BinaryOp::kGreaterOrEqual) return BinaryOp::kLessOrEqual;
  if (op == BinaryOp::kLessOrEqual) return BinaryOp::kGreaterOrEqual;
  return op;
}

std::string Comparison(const Binary& binary) {
  if (binary.return_bool) return {};
  if (const auto number = NumberText(*binary.rhs)) {
    return std::string(Name(binary.op)) + " " + *number;
  }
  if (const auto number = NumberText(*binary.lhs)) {
    return std::string(Name(Mirrored(binary.op))) + " " + *number;
  }
  return {};
}

}  // namespace

std::string ConditionOf(const Expr& expr) {
  const auto* const binary = std::get_if<Binary>(&StripParens(expr).node);
  if (binary == nullptr) return {};
  if (IsComparison(binary->op)) return Comparison(*binary);
  if (binary->op == BinaryOp::kAnd || binary->op == BinaryOp::kUnless) {
    return ConditionOf(*binary->lhs);
  }
  if (binary->op != BinaryOp::kOr) return {};
  std::string condition = ConditionOf(*binary->lhs);
  return condition == ConditionOf(*binary->rhs) ? condition : std::string();
}

}  // namespace tocsin::promql
