// Functions of each value alone, and the scalar ones beside them.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// As Go's math.Min and math.Max: NaN if one is NaN, unless the other is the infinity that wins
/// anyway.
double Min(double a, double b) {
  if (a == -kInfinity || b == -kInfinity) return -kInfinity;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::min(a, b);
}
double Max(double a, double b) {
  return -Min(-a, -b);
}

double Sign(double value) {
  if (value < 0) return -1;
  if (value > 0) return 1;
  return value;  // 0, -0, NaN.
}

/// Replaces each value of the vector in arguments.values[0] by compute(value, step), which may be
/// absent, and drops the names.
template <class Compute>
Result<Operand> ForEachValue(CallArguments arguments, const Context& context, Compute compute) {
  Block block = std::get<Block>(std::move(arguments.values[0]));
  for (std::size_t series = 0; series < block.shape->size(); ++series) {
    double* const row = block.row(series);
    for (std::size_t step = 0; step < block.steps; ++step) {
      if (IsPresent(row[step])) row[step] = compute(row[step], step);
    }
  }
  Result<Block> named = DropNames(std::move(block), arguments.memo, context);
  if (!named) return named.error();
  return Operand(*std::move(named));
}

ScalarColumn TakeScalar(CallArguments& arguments, std::size_t index) {
  return std::get<ScalarColumn>(std::move(arguments.values[index]));
}

Result<Operand> Clamp(CallArguments arguments, const Context& context) {
  const ScalarColumn low = TakeScalar(arguments, 1);
  const ScalarColumn high = TakeScalar(arguments, 2);
  return ForEachValue(std::move(arguments), context, [&](double value, std::size_t step) {
    if (high.values[step] < low.values[step]) return kAbsent;
    return Max(low.values[step], Min(high.values[step], value));
  });
}

Result<Operand> ClampMax(CallArguments arguments, const Context& context) {
  const ScalarColumn high = TakeScalar(arguments, 1);
  return ForEachValue(std::move(arguments), context, [&](double value, std::size_t step) {
    return Max(-kInfinity, Min(high.values[step], value));
  });
}

Result<Operand> ClampMin(CallArguments arguments, const Context& context) {
  const ScalarColumn low = TakeScalar(arguments, 1);
  return ForEachValue(std::move(arguments), context, [&](double value, std::size_t step) {
    return Max(low.values[step], Min(kInfinity, value));
  });
}

/// Rounds half up to a multiple of the second argument, by default 1.
Result<Operand> Round(CallArguments arguments, const Context& context) {
  ScalarColumn nearest;
  if (arguments.values.size() > 1) {
    nearest = TakeScalar(arguments, 1);
  } else {
    nearest.values.assign(context.steps.count, 1);
  }
  return ForEachValue(std::move(arguments), context, [&](double value, std::size_t step) {
    const double inverse = 1 / nearest.values[step];  // As Prometheus does: exact for 0.1.
    return std::floor(value * inverse + 0.5) / inverse;
  });
}

template <double (*kPick)(double, double)>
Result<Operand> OfTwo(CallArguments arguments, const Context& /*context*/) {
  ScalarColumn a = TakeScalar(arguments, 0);
  const ScalarColumn b = TakeScalar(arguments, 1);
  for (std::size_t step = 0; step < a.values.size(); ++step) {
    a.values[step] = kPick(a.values[step], b.values[step]);
  }
  return Operand(std::move(a));
}

Function OfEach(std::string_view name, double (*compute)(double)) {
  return {.name = name, .args = {kVector}, .how = MathFunction{compute}};
}

}  // namespace

std::vector<Function> MathFunctions() {
  return {
      OfEach("abs", [](double v) { return std::abs(v); }),
      OfEach("acos", [](double v) { return std::acos(v); }),
      OfEach("acosh", [](double v) { return std::acosh(v); }),
      OfEach("asin", [](double v) { return std::asin(v); }),
      OfEach("asinh", [](double v) { return std::asinh(v); }),
      OfEach("atan", [](double v) { return std::atan(v); }),
      OfEach("atanh", [](double v) { return std::atanh(v); }),
      OfEach("ceil", [](double v) { return std::ceil(v); }),
      OfEach("cos", [](double v) { return std::cos(v); }),
      OfEach("cosh", [](double v) { return std::cosh(v); }),
      OfEach("deg", [](double v) { return v * 180 / std::numbers::pi; }),
      OfEach("exp", [](double v) { return std::exp(v); }),
      OfEach("floor", [](double v) { return std::floor(v); }),
      OfEach("ln", [](double v) { return std::log(v); }),
      OfEach("log10", [](double v) { return std::log10(v); }),
      OfEach("log2", [](double v) { return std::log2(v); }),
      OfEach("rad", [](double v) { return v * std::numbers::pi / 180; }),
      OfEach("sgn", Sign),
      OfEach("sin", [](double v) { return std::sin(v); }),
      OfEach("sinh", [](double v) { return std::sinh(v); }),
      OfEach("sqrt", [](double v) { return std::sqrt(v); }),
      OfEach("tan", [](double v) { return std::tan(v); }),
      OfEach("tanh", [](double v) { return std::tanh(v); }),
      {.name = "clamp", .args = {kVector, kScalar, kScalar}, .how = GeneralFunction{Clamp}},
      {.name = "clamp_max", .args = {kVector, kScalar}, .how = GeneralFunction{ClampMax}},
      {.name = "clamp_min", .args = {kVector, kScalar}, .how = GeneralFunction{ClampMin}},
      {.name = "max_of",
       .args = {kScalar, kScalar},
       .returns = kScalar,
       .experimental = true,
       .how = GeneralFunction{OfTwo<Max>}},
      {.name = "min_of",
       .args = {kScalar, kScalar},
       .returns = kScalar,
       .experimental = true,
       .how = GeneralFunction{OfTwo<Min>}},
      {.name = "round",
       .args = {kVector, kScalar},
       .optional_args = 1,
       .how = GeneralFunction{Round}},
  };
}

}  // namespace tocsin::promql
