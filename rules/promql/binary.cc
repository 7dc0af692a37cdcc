#include "rules/promql/binary.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

#include "rules/promql/binary_kernel.h"
#include "rules/promql/set_operators.h"
#include "rules/promql/vector_join.h"

namespace tocsin::promql {
namespace {

ScalarColumn CombineScalars(BinaryOp op, ScalarColumn lhs, const ScalarColumn& rhs) {
  WithKernel(op, Comparing::kBool, [&](auto kernel) {
    for (std::size_t i = 0; i < lhs.values.size(); ++i) {
      lhs.values[i] = kernel(lhs.values[i], rhs.values[i]);
    }
  });
  return lhs;
}

/// Replaces every value that is there by what `kernel` makes of it and the step's scalar.
template <class K>
void ReplaceValues(K kernel, Block& block, const ScalarColumn& scalar) {
  const std::size_t steps = block.steps;
  if (steps == 1) {
    const double s = scalar.values.front();
    for (double& v : block.values) {
      if (IsPresent(v)) v = kernel(v, s);
    }
    return;
  }
  for (std::size_t begin = 0; begin < block.values.size(); begin += steps) {
    for (std::size_t i = 0; i < steps; ++i) {
      double& v = block.values[begin + i];
      if (IsPresent(v)) v = kernel(v, scalar.values[i]);
    }
  }
}

enum class ScalarSide { kLeft, kRight };

/// A comparison keeps the vector's number, whichever side it stands on.
Comparing HowToCompare(bool return_bool, ScalarSide side) {
  if (return_bool) return Comparing::kBool;
  return side == ScalarSide::kLeft ? Comparing::kKeepRight : Comparing::kKeepLeft;
}

/// Source: Prometheus' promql/engine.go, VectorscalarBinop.
void CombineWithScalar(const Expr& expr, const Binary& binary, Block& block,
                       const ScalarColumn& scalar, ScalarSide side, const Context& context) {
  if (IsTrim(binary.op) && std::any_of(block.values.begin(), block.values.end(), IsPresent)) {
    InformOfTrimmedFloats(expr, binary.op, context);
  }
  WithKernel(binary.op, HowToCompare(binary.return_bool, side), [&](auto kernel) {
    if (side == ScalarSide::kLeft) {
      ReplaceValues([=](double v, double s) { return kernel(s, v); }, block, scalar);
    } else {
      ReplaceValues(kernel, block, scalar);
    }
  });
}

/// What has been computed loses its name; what has been filtered keeps it.
Result<Operand> Named(const Binary& binary, Block block, Memo& memo, const Context& context) {
  if (!IsArithmetic(binary.op) && !binary.return_bool) return Operand(std::move(block));
  Result<Block> dropped = DropNames(std::move(block), memo, context);
  if (!dropped) return dropped.error();
  return Operand(std::move(*dropped));
}

Result<Operand> CombineVectors(const Expr& expr, const Binary& binary, Block lhs, const Block& rhs,
                               Memo& memo, const Context& context) {
  Result<Block> block = IsSet(binary.op) ? CombineSets(binary, std::move(lhs), rhs, memo, context)
                                         : JoinVectors(expr, binary, lhs, rhs, memo, context);
  if (!block) return block.error();
  return Operand(std::move(*block));
}

}  // namespace

double Arithmetic(BinaryOp op, double a, double b) {
  return WithKernel(op, Comparing::kBool, [&](auto kernel) { return kernel(a, b); });
}

Result<Operand> EvaluateBinary(const Expr& expr, const Binary& binary, Operand lhs, Operand rhs,
                               Memo& memo, const Context& context) {
  auto* const left = std::get_if<Block>(&lhs);
  auto* const right = std::get_if<Block>(&rhs);
  if (left != nullptr && right != nullptr) {
    return CombineVectors(expr, binary, std::move(*left), *right, memo, context);
  }
  if (left != nullptr) {
    CombineWithScalar(expr, binary, *left, std::get<ScalarColumn>(rhs), ScalarSide::kRight,
                      context);
    return Named(binary, std::move(*left), memo, context);
  }
  if (right != nullptr) {
    CombineWithScalar(expr, binary, *right, std::get<ScalarColumn>(lhs), ScalarSide::kLeft,
                      context);
    return Named(binary, std::move(*right), memo, context);
  }
  return Operand(CombineScalars(binary.op, std::move(std::get<ScalarColumn>(lhs)),
                                std::get<ScalarColumn>(rhs)));
}

}  // namespace tocsin::promql
