// Calls one PromQL function with arguments from a table, without a parser or a store.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number.h"
#include "rules/promql/functions.h"
#include "tests/support/fake_clock.h"

namespace tocsin::promql {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// "1.5", "NaN", "absent": the shortest exact text of a value.
inline std::string Show(double value) {
  return IsAbsent(value) ? "absent" : FormatNumber(value);
}
/// "1 NaN absent".
inline std::string Show(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + Show(value);
  return text;
}

/// Whether two results are the same but for what rounding may do to the last digits.
inline bool Close(double a, double b) {
  if (IsAbsent(a) || IsAbsent(b)) return IsAbsent(a) && IsAbsent(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= 1e-12 * (std::abs(a) + std::abs(b));
}

/// A series of a vector, with its value at each step.
struct Row {
  Labels labels;
  std::vector<double> values;
  bool drop_name = false;
};

inline Block MakeBlock(const std::vector<Row>& rows, std::size_t steps = 1) {
  Shape shape;
  for (const Row& row : rows) {
    shape.labels.push_back(row.labels);
    shape.drop_name.push_back(row.drop_name ? 1 : 0);
  }
  Block block(std::make_shared<const Shape>(std::move(shape)), steps);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t step = 0; step < steps; ++step) block.row(i)[step] = rows[i].values[step];
  }
  return block;
}

/// `{a="b"} 1 2`, a line per series that has a value, in order; the name only if it is not dropped.
inline std::string Show(const Block& block) {
  std::vector<std::uint32_t> order = block.order;
  for (std::uint32_t i = 0; order.size() < block.shape->size() && block.order.empty(); ++i) {
    order.push_back(i);
  }
  std::string text;
  for (const std::uint32_t series : order) {
    const double* const row = block.row(series);
    const std::vector<double> values(row, row + block.steps);
    bool any = false;
    for (const double value : values) any = any || IsPresent(value);
    if (any) text += block.shape->visible(series).ToString() + " " + Show(values) + "\n";
  }
  return text;
}

/// One evaluation of one node; may be called again with the same memo.
struct FunctionCall {
  explicit FunctionCall(std::string_view name) : function(FindFunction(name)) {
    call.function = function;
  }

  /// Argument i stands at position (1:i+1); `selector`, used up by this, is what the first
  /// one is written as.
  Result<Operand> Evaluate(std::vector<Operand> values) {
    call.args.clear();
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      call.args.push_back(std::make_unique<Expr>());
      call.args.back()->node = StringLiteral{};
      call.args.back()->position = {i, i + 1};
    }
    if (selector && !call.args.empty()) call.args[0]->node = std::move(*selector);
    return EvaluateCall({expr, call, std::move(values), memo},
                        {steps, features, annotations, budget});
  }
  /// The result's lines, or "error: ...".
  std::string Lines(std::vector<Operand> values) {
    const Result<Operand> result = Evaluate(std::move(values));
    if (!result) return "error: " + result.error().message;
    if (const auto* column = std::get_if<ScalarColumn>(&*result)) return Show(column->values);
    return Show(std::get<Block>(*result));
  }

  const Function* function;
  Steps steps;
  Features features;
  std::optional<VectorSelector> selector;
  Annotations annotations{"0123456789"};
  FakeClock clock;
  Budget budget{1'000'000, SteadyPoint::max(), clock, {}};
  Expr expr;
  Call call;
  Memo memo;
};

/// A scalar argument.
inline Operand Numbers(std::vector<double> values) {
  return ScalarColumn{std::move(values)};
}

/// Reads "0=1 15=NaN 30.5=2": samples at seconds.
inline Samples ReadSamples(std::string_view text) {
  Samples samples;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view item = text.substr(0, space);
    const std::size_t equals = item.find('=');
    samples.t.push_back(std::llround(*ParseNumber(item.substr(0, equals)) * 1000));
    samples.v.push_back(*ParseNumber(item.substr(equals + 1)));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return samples;
}

/// The value of range function `name` over `samples`, of (start, end], in seconds.
struct RangeOptions {
  double start = 0;
  double end = 0;
  std::vector<double> args = {};
  Extension extension = Extension::kNone;
  double now = 0;
};
inline double OverRange(std::string_view name, std::string_view samples,
                        const RangeOptions& options) {
  const Samples read = ReadSamples(samples);
  RangeWindow window;
  window.t = read.t;
  window.v = read.v;
  window.start = std::llround(options.start * 1000);
  window.end = std::llround(options.end * 1000);
  window.now = std::llround(options.now * 1000);
  window.args = options.args;
  window.extension = options.extension;
  return std::get<RangeFunction>(FindFunction(name)->how).compute(window);
}

}  // namespace tocsin::promql
