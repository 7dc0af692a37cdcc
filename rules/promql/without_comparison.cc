#include "rules/promql/without_comparison.h"

#include <string_view>
#include <variant>

#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

/// `binary` with another operator. Its text is put together again: trees are immutable.
std::string WithOperator(const Expr& expr, const Binary& binary, BinaryOp op) {
  const std::string whole = Print(expr);
  const std::string lhs = Print(*binary.lhs);
  const std::string written = " " + std::string(Name(binary.op));
  // LHS OP MATCHING RHS, as Print() writes it.
  return lhs + " " + std::string(Name(op)) + whole.substr(lhs.size() + written.size());
}

std::optional<std::string> WithoutComparison(const Expr& expr, const Binary& binary) {
  if (binary.return_bool) return std::nullopt;
  const bool is_left_scalar = binary.lhs->type == ValueType::kScalar;
  const bool is_right_scalar = binary.rhs->type == ValueType::kScalar;
  if (is_left_scalar && is_right_scalar) return std::nullopt;
  if (is_right_scalar) return Print(*binary.lhs);
  if (is_left_scalar) return Print(*binary.rhs);
  // One of the two holds for every pair, also of NaNs.
  return WithOperator(expr, binary, BinaryOp::kEqual) + " or " +
         WithOperator(expr, binary, BinaryOp::kNotEqual);
}

std::string InParens(const Expr& expr) {
  return "(" + WithoutComparison(expr).value_or(Print(expr)) + ")";
}

}  // namespace

std::optional<std::string> WithoutComparison(const Expr& expr) {
  const Expr& inner = StripParens(expr);
  const auto* binary = std::get_if<Binary>(&inner.node);
  if (binary == nullptr) return std::nullopt;
  if (IsComparison(binary->op)) return WithoutComparison(inner, *binary);
  if (binary->op == BinaryOp::kAnd || binary->op == BinaryOp::kUnless) {
    return InParens(*binary->lhs);
  }
  const bool is_condition =
      binary->op == BinaryOp::kOr &&
      (WithoutComparison(*binary->lhs).has_value() || WithoutComparison(*binary->rhs).has_value());
  if (!is_condition) return std::nullopt;
  return InParens(*binary->lhs) + " or " + InParens(*binary->rhs);
}

}  // namespace tocsin::promql
