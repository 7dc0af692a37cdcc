// Functions between scalars and vectors, those of presence and time, and the evaluator's own.

#include <algorithm>
#include <limits>
#include <memory>
#include <numbers>
#include <set>
#include <string_view>
#include <utility>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

ShapePtr SingleSeries(Labels labels) {
  return std::make_shared<const Shape>(Shape{{std::move(labels)}, {}});
}

Result<Operand> Vector(CallArguments arguments, const Context& context) {
  auto column = std::get<ScalarColumn>(std::move(arguments.values[0]));
  Block block(SingleSeries(Labels()), context.steps.count);
  block.values = std::move(column.values);
  return Operand(std::move(block));
}

/// The value of the one series that has one, else NaN.
Result<Operand> Scalar(CallArguments arguments, const Context& context) {
  const Block& block = std::get<Block>(arguments.values[0]);
  ScalarColumn column;
  column.values.assign(context.steps.count, kAbsent);
  for (std::size_t series = 0; series < block.shape->size(); ++series) {
    const double* const row = block.row(series);
    for (std::size_t step = 0; step < block.steps; ++step) {
      if (IsAbsent(row[step])) continue;
      double& value = column.values[step];
      value = IsAbsent(value) ? row[step] : std::numeric_limits<double>::quiet_NaN();
    }
  }
  std::ranges::replace_if(column.values, IsAbsent, std::numeric_limits<double>::quiet_NaN());
  return Operand(std::move(column));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of them all.
Result<Operand> Time(CallArguments /*arguments*/, const Context& context) {
  ScalarColumn column;
  column.values.reserve(context.steps.count);
  for (std::size_t i = 0; i < context.steps.count; ++i) {
    column.values.push_back(static_cast<double>(context.steps.at(i)) / 1000);
  }
  return Operand(std::move(column));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of them all.
Result<Operand> Pi(CallArguments /*arguments*/, const Context& context) {
  return Operand(ScalarColumn{std::vector<double>(context.steps.count, std::numbers::pi)});
}

Result<Operand> Absent(CallArguments arguments, const Context& context) {
  const Block& block = std::get<Block>(arguments.values[0]);
  Block absent(SingleSeries(AbsentLabels(*arguments.call.args[0])), context.steps.count);
  for (std::size_t step = 0; step < absent.steps; ++step) {
    bool found = false;
    for (std::size_t s = 0; s < block.shape->size() && !found; ++s) {
      found = IsPresent(block.at(s, step));
    }
    if (!found) absent.values[step] = 1;
  }
  return Operand(std::move(absent));
}

/// Of functions whose input only native histograms or start timestamps could be: the store has
/// neither, and Prometheus leaves out what has none.
// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of them all.
Result<Operand> Nothing(CallArguments /*arguments*/, const Context& context) {
  return Operand(Block(std::make_shared<const Shape>(), context.steps.count));
}

using SpecialKind = SpecialFunction::Kind;

Function TimeOfQuery(std::string_view name, SpecialKind kind) {
  return {.name = name,
          .args = {},
          .returns = kScalar,
          .experimental = true,
          .how = SpecialFunction{kind}};
}

Function OfNativeHistogram(std::string_view name) {
  return {.name = name, .args = {kVector}, .how = GeneralFunction{Nothing}};
}

}  // namespace

Labels AbsentLabels(const Expr& argument) {
  const Expr& expr = StripParens(argument);
  const VectorSelector* selector = std::get_if<VectorSelector>(&expr.node);
  if (const auto* range = std::get_if<MatrixSelector>(&expr.node)) selector = &range->selector;
  if (selector == nullptr) return {};
  LabelsBuilder labels;
  std::set<Symbol> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name().text() == kMetricNameLabel) continue;
    if (matcher.type() == MatchType::kEqual && seen.insert(matcher.name()).second) {
      labels.Set(matcher.name().text(), matcher.value());
    } else {
      labels.Remove(matcher.name().text());
    }
  }
  return labels.Build();
}

std::vector<Function> VectorFunctions() {
  return {
      {.name = "absent", .args = {kVector}, .how = GeneralFunction{Absent}},
      {.name = "absent_over_time",
       .args = {kMatrix},
       .how = SpecialFunction{SpecialKind::kAbsentOverTime}},
      {.name = "info",
       .args = {kVector, kVector},
       .optional_args = 1,
       .experimental = true,
       .how = SpecialFunction{SpecialKind::kInfo}},
      {.name = "pi", .args = {}, .returns = kScalar, .how = GeneralFunction{Pi}},
      {.name = "scalar", .args = {kVector}, .returns = kScalar, .how = GeneralFunction{Scalar}},
      {.name = "start_timestamp",
       .args = {kVector},
       .experimental = true,
       .how = GeneralFunction{Nothing}},
      {.name = "time", .args = {}, .returns = kScalar, .how = GeneralFunction{Time}},
      {.name = "timestamp", .args = {kVector}, .how = SpecialFunction{SpecialKind::kTimestamp}},
      {.name = "vector", .args = {kScalar}, .how = GeneralFunction{Vector}},
      TimeOfQuery("end", SpecialKind::kEnd),
      TimeOfQuery("range", SpecialKind::kRange),
      TimeOfQuery("start", SpecialKind::kStart),
      TimeOfQuery("step", SpecialKind::kStep),
      OfNativeHistogram("histogram_avg"),
      OfNativeHistogram("histogram_count"),
      OfNativeHistogram("histogram_stddev"),
      OfNativeHistogram("histogram_stdvar"),
      OfNativeHistogram("histogram_sum"),
  };
}

}  // namespace tocsin::promql
