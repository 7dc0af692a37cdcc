// What an operator makes of two numbers, as code that loops can inline.

#pragma once

#include <cmath>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"

namespace tocsin::promql {

/// What a comparison gives: 1 or 0, or else the number on one side, absent if it does not hold.
enum class Comparing { kBool, kKeepLeft, kKeepRight };

/// Calls `use` with a comparison `holds(a, b)` made into a kernel: a stateless function of two
/// numbers that gives a value or kAbsent.
template <class Holds, class Use>
decltype(auto) WithComparison(Comparing comparing, Holds /*holds*/, Use use) {
  switch (comparing) {
    case Comparing::kBool: return use([](double a, double b) { return Holds{}(a, b) ? 1.0 : 0.0; });
    case Comparing::kKeepLeft:
      return use([](double a, double b) { return Holds{}(a, b) ? a : kAbsent; });
    case Comparing::kKeepRight: break;
  }
  return use([](double a, double b) { return Holds{}(a, b) ? b : kAbsent; });
}

/// Calls `use` with the kernel of `op`, for neither set nor trim operators; those have a kernel
/// that keeps nothing. Source: Prometheus' promql/engine.go, vectorElemBinop.
template <class Use>
decltype(auto) WithKernel(BinaryOp op, Comparing comparing, Use use) {
  const auto compare = [&](auto holds) -> decltype(auto) {
    return WithComparison(comparing, holds, use);
  };
  switch (op) {
    case BinaryOp::kAdd: return use([](double a, double b) { return a + b; });
    case BinaryOp::kSubtract: return use([](double a, double b) { return a - b; });
    case BinaryOp::kMultiply: return use([](double a, double b) { return a * b; });
    case BinaryOp::kDivide: return use([](double a, double b) { return a / b; });
    case BinaryOp::kModulo: return use([](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::kPower: return use([](double a, double b) { return std::pow(a, b); });
    case BinaryOp::kAtan2: return use([](double a, double b) { return std::atan2(a, b); });
    case BinaryOp::kEqual: return compare([](double a, double b) { return a == b; });
    case BinaryOp::kNotEqual: return compare([](double a, double b) { return a != b; });
    case BinaryOp::kGreater: return compare([](double a, double b) { return a > b; });
    case BinaryOp::kLess: return compare([](double a, double b) { return a < b; });
    case BinaryOp::kGreaterOrEqual: return compare([](double a, double b) { return a >= b; });
    case BinaryOp::kLessOrEqual: return compare([](double a, double b) { return a <= b; });
    case BinaryOp::kAnd:
    case BinaryOp::kOr:
    case BinaryOp::kUnless:
    case BinaryOp::kTrimUpper:
    case BinaryOp::kTrimLower: break;
  }
  return use([](double /*a*/, double /*b*/) { return kAbsent; });
}

/// Whether the result is another thing than what was measured, so that its name goes.
constexpr bool IsArithmetic(BinaryOp op) {
  return op <= BinaryOp::kAtan2;
}
constexpr bool IsTrim(BinaryOp op) {
  return op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower;
}

}  // namespace tocsin::promql
