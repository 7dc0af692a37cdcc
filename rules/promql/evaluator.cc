#include "rules/promql/evaluator.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rules/promql/aggregation.h"
#include "rules/promql/binary.h"
#include "rules/promql/info.h"
#include "rules/promql/range_call.h"

namespace tocsin::promql {
namespace {

constexpr double kMillisPerSecond = 1000;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

bool IsLiteral(const Expr& expr) {
  return std::holds_alternative<NumberLiteral>(expr.node) ||
         std::holds_alternative<StringLiteral>(expr.node);
}

double InSeconds(Millis time) {
  return static_cast<double>(time) / kMillisPerSecond;
}

Block RepeatBlock(const Block& once, std::size_t count) {
  Block repeated(once.shape, count);
  for (std::size_t s = 0; s < once.values.size(); ++s) {
    std::fill_n(repeated.row(s), count, once.values[s]);
  }
  return repeated;
}

/// Multiples of `step`, in absolute time, in (after, until].
Steps MultiplesIn(Millis after, Millis until, Millis step) {
  const auto floor_of = [&](Millis t) { return t / step - (t % step < 0 ? 1 : 0); };
  const Millis first = floor_of(after) + 1;
  const Millis last = floor_of(until);
  return {first * step, step, last < first ? 0 : static_cast<std::size_t>(last - first + 1)};
}

/// What an expression gives at no steps: all of them may count on at least one.
Block NoSeries() {
  static const ShapePtr kEmpty = std::make_shared<const Shape>();
  return Block(kEmpty, 0);
}

void Negate(std::vector<double>& values) {
  for (double& v : values) {
    if (IsPresent(v)) v = -v;
  }
}

}  // namespace

std::size_t SizeOf(const Operand& value) {
  return std::visit(Overloaded{
                        [](const ScalarColumn& scalar) { return scalar.values.size(); },
                        [](const Block& block) { return block.values.size(); },
                        [](const RangeBlock& ranges) {
                          std::size_t size = 0;
                          for (const Samples& samples : ranges.samples) size += samples.size();
                          return size;
                        },
                        [](const std::string&) { return std::size_t{0}; },
                    },
                    value);
}

Result<Operand> Evaluator::Evaluate(const Expr& expr, const Steps& steps) {
  Result<Operand> value = EvaluateNode(expr, steps);
  // Its operands have been here before it: the first that fails is the innermost.
  if (!value && !environment_.failed_at) environment_.failed_at = expr.position;
  return value;
}

Result<Operand> Evaluator::EvaluateNode(const Expr& expr, const Steps& steps) {
  assert(steps.count > 0);
  if (const Status checked = environment_.budget.Check(); !checked) return checked.error();
  if (const SharedResults::Id id = SharedId(expr, steps); id != SharedResults::kNone) {
    return EvaluateShared(expr, id, steps);
  }
  const bool once = steps.count > 1 && planned(expr).step_invariant && !IsLiteral(expr);
  if (!once) return Dispatch(expr, steps);
  Result<Operand> value = Dispatch(expr, Steps{steps.start, steps.step, 1});
  if (!value) return value;
  return Repeat(std::move(*value), steps.count);
}

SharedResults::Id Evaluator::SharedId(const Expr& expr, const Steps& steps) const {
  const bool is_own_moment = steps.count == 1 && steps.start == environment_.query.start;
  if (environment_.shared == nullptr || !is_own_moment) return SharedResults::kNone;
  return environment_.shared_ids[expr.id];
}

Result<Operand> Evaluator::EvaluateShared(const Expr& expr, SharedResults::Id id,
                                          const Steps& steps) {
  if (const Operand* const known = environment_.shared->Find(id)) {
    return Settle(0, Operand(*known));
  }
  Result<Operand> value = Dispatch(expr, steps);
  if (value) environment_.shared->Keep(id, *value);
  return value;
}

Result<Operand> Evaluator::Dispatch(const Expr& expr, const Steps& steps) {
  return std::visit([&](const auto& node) { return Value(expr, node, steps); }, expr.node);
}

Result<Operand> Evaluator::Settle(std::size_t operands, Result<Operand> result) {
  environment_.budget.GiveBack(operands);
  if (!result) return result;
  if (const Status taken = environment_.budget.Take(SizeOf(*result)); !taken) return taken.error();
  return result;
}

Result<Operand> Evaluator::Repeat(Operand once, std::size_t count) {
  const std::size_t size = SizeOf(once);
  // Before the room is allocated: it may be too much.
  if (const Status taken = environment_.budget.Take(size * count); !taken) return taken.error();
  environment_.budget.GiveBack(size);
  if (Block* const block = std::get_if<Block>(&once)) return Operand(RepeatBlock(*block, count));
  if (ScalarColumn* const scalar = std::get_if<ScalarColumn>(&once)) {
    scalar->values.resize(count, scalar->values.front());
  }
  return once;
}

Result<Operand> Evaluator::Constant(double value, const Steps& steps) {
  if (const Status taken = environment_.budget.Take(steps.count); !taken) return taken.error();
  return Operand(ScalarColumn{std::vector<double>(steps.count, value)});
}

Result<Operand> Evaluator::Value(const Expr&, const NumberLiteral& literal, const Steps& steps) {
  return Constant(literal.value, steps);
}

Result<Operand> Evaluator::Value(const Expr&, const StringLiteral& literal, const Steps&) {
  return Operand(literal.value);
}

Result<Operand> Evaluator::Value(const Expr& expr, const VectorSelector& selector,
                                 const Steps& steps) {
  PlannedNode& node = planned(expr);
  node.series.Refresh(environment_, selector.matchers);
  const Moments moments = MakeMoments(selector.time.at, node.durations.offset, steps, environment_);
  Result<Block> block = selector.extension == Extension::kSmoothed
                            ? ReadSmoothed(node.series, moments, environment_)
                            : ReadNewest(node.series, moments, Reading::kValue, environment_);
  if (!block) return block.error();
  return Operand(std::move(*block));
}

Result<Operand> Evaluator::Value(const Expr& expr, const MatrixSelector&, const Steps& steps) {
  return WholeRange(expr, steps);
}

Result<Operand> Evaluator::Value(const Expr& expr, const Subquery&, const Steps& steps) {
  return WholeRange(expr, steps);
}

Result<Operand> Evaluator::WholeRange(const Expr& expr, const Steps& steps) {
  Result<RangeVector> ranges = OpenRange(expr, steps);
  if (!ranges) return ranges.error();
  return Settle(ranges->held(), CopyRange(*ranges, environment_.budget));
}

Result<RangeVector> Evaluator::OpenRange(const Expr& expr, const Steps& steps, bool keeps_samples) {
  const Expr& inner = StripParens(expr);
  if (const auto* selector = std::get_if<MatrixSelector>(&inner.node)) {
    return OpenSelector(inner, *selector, steps, keeps_samples);
  }
  return OpenSubquery(inner, std::get<Subquery>(inner.node), steps);
}

Result<RangeVector> Evaluator::OpenSelector(const Expr& expr, const MatrixSelector& matrix,
                                            const Steps& steps, bool keeps_samples) {
  PlannedNode& node = planned(expr);
  node.series.Refresh(environment_, matrix.selector.matchers);
  const Moments moments =
      MakeMoments(matrix.selector.time.at, node.durations.offset, steps, environment_);
  RangeVector ranges(node.series, moments, node.durations.range, matrix.selector.extension,
                     environment_);
  if (!keeps_samples || !KeepsWindows(matrix, steps)) return ranges;
  if (!node.windows) node.windows = std::make_unique<KeptWindows>(environment_.window_allowance);
  ranges.ReadFrom(*node.windows);
  return ranges;
}

KeptGrowth* Evaluator::OpenGrowth(const Expr& expr, const Steps& steps) {
  const Expr& inner = StripParens(expr);
  const auto* const matrix = std::get_if<MatrixSelector>(&inner.node);
  if (matrix == nullptr || !KeepsWindows(*matrix, steps)) return nullptr;
  PlannedNode& node = planned(inner);
  if (!node.growth) node.growth = std::make_unique<KeptGrowth>(environment_.window_allowance);
  const Millis end =
      MakeMoments(matrix->selector.time.at, node.durations.offset, steps, environment_).last();
  node.growth->Begin(node.series.shared_selection(), end - node.durations.range, end);
  return node.growth.get();
}

Result<RangeVector> Evaluator::OpenSubquery(const Expr& expr, const Subquery& subquery,
                                            const Steps& steps) {
  const Durations& durations = planned(expr).durations;
  const Moments moments = MakeMoments(subquery.time.at, durations.offset, steps, environment_);
  const Steps inner =
      MultiplesIn(moments.first() - durations.range, moments.last(), durations.step);
  if (inner.count == 0) {
    return RangeVector(NoSeries(), inner, moments, durations.range, environment_);
  }
  // Refused before anything is evaluated at far too many steps.
  if (const Status taken = environment_.budget.Take(inner.count); !taken) return taken.error();
  environment_.budget.GiveBack(inner.count);
  Result<Operand> points = Evaluate(*subquery.expr, inner);
  if (!points) return points.error();
  return RangeVector(std::get<Block>(std::move(*points)), inner, moments, durations.range,
                     environment_);
}

Result<Operand> Evaluator::Value(const Expr& expr, const Call& call, const Steps& steps) {
  const Function& function = *call.function;
  if (const auto* range = std::get_if<RangeFunction>(&function.how)) {
    return CallOverRange(*this, expr, call, *range, steps);
  }
  if (const auto* special = std::get_if<SpecialFunction>(&function.how)) {
    return CallSpecial(expr, call, special->kind, steps);
  }
  return CallPlain(expr, call, steps);
}

Result<Operand> Evaluator::CallPlain(const Expr& expr, const Call& call, const Steps& steps) {
  std::vector<Operand> values;
  values.reserve(call.args.size());
  std::size_t held = 0;
  for (const ExprPtr& arg : call.args) {
    Result<Operand> value = Evaluate(*arg, steps);
    if (!value) return value;
    held += SizeOf(*value);
    values.push_back(std::move(*value));
  }
  return Settle(
      held, EvaluateCall({expr, call, std::move(values), planned(expr).memo}, ContextAt(steps)));
}

Result<Operand> Evaluator::CallSpecial(const Expr& expr, const Call& call,
                                       SpecialFunction::Kind kind, const Steps& steps) {
  const QueryTimes& query = environment_.query;
  switch (kind) {
    case SpecialFunction::Kind::kTimestamp: return Timestamps(expr, call, steps);
    case SpecialFunction::Kind::kAbsentOverTime: return AbsentOverTime(*this, expr, call, steps);
    case SpecialFunction::Kind::kInfo: return EvaluateInfo(*this, expr, call, steps);
    case SpecialFunction::Kind::kStart: return Constant(InSeconds(query.start), steps);
    case SpecialFunction::Kind::kEnd: return Constant(InSeconds(query.end), steps);
    case SpecialFunction::Kind::kStep: return Constant(InSeconds(query.step), steps);
    case SpecialFunction::Kind::kRange: return Constant(InSeconds(query.end - query.start), steps);
  }
  return Error{ErrorCode::kInvalidInput, "unknown function"};
}

Result<Operand> Evaluator::Timestamps(const Expr& expr, const Call& call, const Steps& steps) {
  const Expr& argument = StripParens(*call.args.front());
  Block block;
  if (const auto* selector = std::get_if<VectorSelector>(&argument.node)) {
    PlannedNode& node = planned(argument);
    node.series.Refresh(environment_, selector->matchers);
    const Moments moments =
        MakeMoments(selector->time.at, node.durations.offset, steps, environment_);
    Result<Block> times = ReadNewest(node.series, moments, Reading::kTime, environment_);
    if (!times) return times.error();
    block = std::move(*times);
  } else {
    Result<Operand> value = Evaluate(argument, steps);
    if (!value) return value;
    block = std::get<Block>(std::move(*value));
    for (std::size_t i = 0; i < block.values.size(); ++i) {
      double& v = block.values[i];
      if (IsPresent(v)) v = InSeconds(steps.at(i % steps.count));
    }
  }
  const std::size_t held = block.values.size();
  Result<Block> unnamed = DropNames(std::move(block), planned(expr).memo, ContextAt(steps));
  if (!unnamed) return unnamed.error();
  return Settle(held, Operand(std::move(*unnamed)));
}

Result<Operand> Evaluator::Value(const Expr& expr, const Aggregate& aggregate, const Steps& steps) {
  std::size_t held = 0;
  Operand parameter;
  if (aggregate.parameter) {
    Result<Operand> value = Evaluate(*aggregate.parameter, steps);
    if (!value) return value;
    held += SizeOf(*value);
    parameter = std::move(*value);
  }
  Result<Operand> input = Evaluate(*aggregate.expr, steps);
  if (!input) return input;
  held += SizeOf(*input);
  Result<Block> result = EvaluateAggregate(expr, aggregate, std::get<Block>(std::move(*input)),
                                           aggregate.parameter ? &parameter : nullptr,
                                           planned(expr).memo, ContextAt(steps));
  if (!result) return result.error();
  return Settle(held, Operand(std::move(*result)));
}

Result<Operand> Evaluator::Value(const Expr& expr, const Binary& binary, const Steps& steps) {
  Result<Operand> lhs = Evaluate(*binary.lhs, steps);
  if (!lhs) return lhs;
  Result<Operand> rhs = Evaluate(*binary.rhs, steps);
  if (!rhs) return rhs;
  const std::size_t held = SizeOf(*lhs) + SizeOf(*rhs);
  return Settle(held, EvaluateBinary(expr, binary, std::move(*lhs), std::move(*rhs),
                                     planned(expr).memo, ContextAt(steps)));
}

Result<Operand> Evaluator::Value(const Expr& expr, const Unary& unary, const Steps& steps) {
  Result<Operand> value = Evaluate(*unary.expr, steps);
  if (!value || !unary.minus) return value;
  if (ScalarColumn* const scalar = std::get_if<ScalarColumn>(&*value)) {
    Negate(scalar->values);
    return value;
  }
  const std::size_t held = SizeOf(*value);
  Block block = std::get<Block>(std::move(*value));
  Negate(block.values);
  Result<Block> unnamed = DropNames(std::move(block), planned(expr).memo, ContextAt(steps));
  if (!unnamed) return unnamed.error();
  return Settle(held, Operand(std::move(*unnamed)));
}

Result<Operand> Evaluator::Value(const Expr&, const Paren& paren, const Steps& steps) {
  return Evaluate(*paren.expr, steps);
}

}  // namespace tocsin::promql
