// The table of functions: for each, all there is to know about it in one row.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The samples of one series in (start, end], at least one, and the function's other arguments at
/// this step. There are no stale markers among them.
struct RangeWindow {
  std::span<const Millis> t;
  std::span<const double> v;
  Millis start = 0;
  Millis end = 0;
  /// The moment of the evaluation, which differs from `end` under `offset` and `@`.
  Millis now = 0;
  std::span<const double> args;
  /// kAnchored, kSmoothed: t and v also hold the newest sample at or before `start`, if there is
  /// one within the lookback, and for kSmoothed the first one after `end`. Older and newer ones do
  /// no harm.
  Extension extension = Extension::kNone;
};

/// What is left of a window where only its growth counts; two samples at least.
struct WindowGrowth {
  Sample first;
  Sample last;
  std::size_t count = 0;
  Millis start = 0;
  Millis end = 0;
  /// In the order of time, each value that a lower one follows.
  std::span<const double> before_resets;
};

/// A value computed from a range, or kAbsent. Called for each series and step, so it does not
/// allocate.
struct RangeFunction {
  double (*compute)(const RangeWindow& window);
  bool keeps_name = false;
  /// Warn (info) if the metric's name does not end in _total, _sum, _count or _bucket, at the
  /// position of the call's first argument.
  bool expects_counter = false;
  /// Whether `anchored` and `smoothed` may stand with it.
  bool takes_anchored = false;
  bool takes_smoothed = false;
  /// Whether it looks at RangeWindow::now, so that the same samples give another value later.
  bool uses_now = false;
  /// What `compute` gives for a window with that growth, to the last bit. Null if it takes more
  /// than that to know.
  double (*of_growth)(const WindowGrowth& growth) = nullptr;
  /// Looks at the other arguments of a step: fails if they are out of bounds, or warns. To be
  /// called for the steps at which some series has samples, with the position of the call's first
  /// argument. May be null.
  Status (*check)(std::span<const double> args, Position position,
                  Annotations& annotations) = nullptr;
};

/// Computed from each value alone; drops the name.
struct MathFunction {
  double (*compute)(double value);
};

/// What a function of another kind gets: its arguments evaluated (none of them a range vector).
struct CallArguments {
  const Expr& expr;
  const Call& call;
  std::vector<Operand> values;
  Memo& memo;
};
struct GeneralFunction {
  Result<Operand> (*evaluate)(CallArguments arguments, const Context& context);
};
/// Evaluates a call of a MathFunction or a GeneralFunction; its memo is for this alone.
Result<Operand> EvaluateCall(CallArguments arguments, const Context& context);

/// Evaluated by the evaluator itself, because it needs more than its arguments: timestamp(),
/// absent_over_time() (see AbsentLabels()), info(), start(), end(), step(), range().
struct SpecialFunction {
  enum class Kind { kTimestamp, kAbsentOverTime, kInfo, kStart, kEnd, kStep, kRange };
  Kind kind;
};

/// One row.
struct Function {
  std::string_view name;
  /// Types of the arguments; the last is that of all further ones.
  std::vector<ValueType> args;
  /// How many of the last arguments may be left out (0: none), or -1: the last may come any number
  /// of times, also not at all.
  int optional_args = 0;
  ValueType returns = ValueType::kVector;
  bool experimental = false;
  std::variant<RangeFunction, MathFunction, GeneralFunction, SpecialFunction> how;
};

/// What absent() and absent_over_time() give their one element, from their argument: of a plain
/// selector each label with one `=` matcher that no other matcher of the label follows; of anything
/// else none.
Labels AbsentLabels(const Expr& argument);

/// Null if there is none. Names are case-sensitive.
const Function* FindFunction(std::string_view name);
/// All of them, by name.
std::span<const Function> AllFunctions();

}  // namespace tocsin::promql
