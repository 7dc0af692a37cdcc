#include "rules/promql/aggregation.h"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "rules/promql/aggregate_parameter.h"
#include "rules/promql/count_values.h"
#include "rules/promql/grouping.h"
#include "rules/promql/kahan.h"
#include "rules/promql/pace.h"
#include "rules/promql/quantile.h"
#include "rules/promql/series_choice.h"

namespace tocsin::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What each aggregation makes of the values of one group at one step. Result() is asked only after
// at least one Add().

struct Sum {
  KahanSum sum;
  void Add(double x) { sum.Add(x); }
  double Result() const { return sum.Total(); }
};

struct Average {
  KahanMean mean;
  void Add(double x) { mean.Add(x); }
  double Result() const { return mean.Mean(); }
};

struct Count {
  double count = 0;
  void Add(double /*x*/) { count += 1; }
  double Result() const { return count; }
};

/// NaN gives way to any number.
struct Minimum {
  double value = kNan;
  void Add(double x) {
    if (value > x || std::isnan(value)) value = x;
  }
  double Result() const { return value; }
};
struct Maximum {
  double value = kNan;
  void Add(double x) {
    if (value < x || std::isnan(value)) value = x;
  }
  double Result() const { return value; }
};

struct One {
  void Add(double /*x*/) {}
  double Result() const { return 1; }
};

/// Welford's method. NaN and infinities make it NaN, also when alone.
struct Variance {
  double count = 0;
  double mean = 0;
  double squares = 0;
  void Add(double x) {
    count += 1;
    if (count == 1) {
      mean = x;
      squares = std::isfinite(x) ? 0 : kNan;
      return;
    }
    const double delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
  }
  double Result() const { return squares / count; }
};
struct Deviation : Variance {
  double Result() const { return std::sqrt(Variance::Result()); }
};

template <class Fold>
struct Seen {
  Fold fold;
  bool any = false;

  void Add(double v) {
    if (IsAbsent(v)) return;
    fold.Add(v);
    any = true;
  }
  double Result() const { return any ? fold.Result() : kAbsent; }
};

/// Group by group, so that at one step a group's state stays in registers.
template <class Fold>
void FoldOneStep(const Block& input, const Buckets& groups, Block& output) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Seen<Fold> state;
    for (const std::uint32_t series : groups[g]) state.Add(input.values[series]);
    output.values[g] = state.Result();
  }
}

template <class Fold>
Status FoldSteps(const Block& input, const Buckets& groups, Block& output, Budget& budget) {
  Pace pace(budget);
  std::vector<Seen<Fold>> states;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    states.assign(input.steps, {});
    for (const std::uint32_t series : groups[g]) {
      if (Status go_on = pace.Spend(input.steps); !go_on) return go_on;
      const double* const row = input.row(series);
      for (std::size_t i = 0; i < input.steps; ++i) states[i].Add(row[i]);
    }
    double* const row = output.row(g);
    for (std::size_t i = 0; i < input.steps; ++i) row[i] = states[i].Result();
  }
  return {};
}

template <class Fold>
Status FoldGroups(const Block& input, const Buckets& groups, Block& output, Budget& budget) {
  if (input.steps > 1) return FoldSteps<Fold>(input, groups, output, budget);
  FoldOneStep<Fold>(input, groups, output);
  return budget.Check();
}

Status FoldQuantiles(std::span<const double> quantiles, const Block& input, const Buckets& groups,
                     Block& output, Budget& budget) {
  Pace pace(budget);
  std::vector<double> values;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (std::size_t i = 0; i < input.steps; ++i) {
      if (Status go_on = pace.Spend(groups[g].size()); !go_on) return go_on;
      values.clear();
      for (const std::uint32_t series : groups[g]) {
        const double v = input.at(series, i);
        if (IsPresent(v)) values.push_back(v);
      }
      if (!values.empty()) output.row(g)[i] = Quantile(quantiles[i], values);
    }
  }
  return {};
}

/// For the aggregations that make one value of each group.
Status Fold(AggregateOp op, std::span<const double> parameter, const Block& input,
            const Buckets& groups, Block& output, Budget& budget) {
  switch (op) {
    case AggregateOp::kSum: return FoldGroups<Sum>(input, groups, output, budget);
    case AggregateOp::kAvg: return FoldGroups<Average>(input, groups, output, budget);
    case AggregateOp::kCount: return FoldGroups<Count>(input, groups, output, budget);
    case AggregateOp::kMin: return FoldGroups<Minimum>(input, groups, output, budget);
    case AggregateOp::kMax: return FoldGroups<Maximum>(input, groups, output, budget);
    case AggregateOp::kGroup: return FoldGroups<One>(input, groups, output, budget);
    case AggregateOp::kStddev: return FoldGroups<Deviation>(input, groups, output, budget);
    case AggregateOp::kStdvar: return FoldGroups<Variance>(input, groups, output, budget);
    case AggregateOp::kQuantile: return FoldQuantiles(parameter, input, groups, output, budget);
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
    case AggregateOp::kCountValues: break;  // Choose series, or make them.
  }
  return {};
}

Result<Block> AggregateValues(const Aggregate& aggregate, const Block& input,
                              std::span<const double> parameter, Memo& memo,
                              const Context& context) {
  const Grouping& grouping = memo.Get<Grouping>(input.shape, nullptr, [&] {
    return MakeGrouping(*input.shape, GroupingLabels(aggregate, context.features),
                        context.features);
  });
  Block output(grouping.name_flags_vary ? NameFlags(grouping, input) : grouping.shape, input.steps);
  const Status folded =
      Fold(aggregate.op, parameter, input, grouping.members, output, context.budget);
  if (!folded) return folded.error();
  return output;
}

}  // namespace

Result<Block> EvaluateAggregate(const Expr& /*expr*/, const Aggregate& aggregate,
                                const Block& input, const Operand* parameter, Memo& memo,
                                const Context& context) {
  const auto* const column = parameter == nullptr ? nullptr : std::get_if<ScalarColumn>(parameter);
  const std::span<const double> numbers =
      column == nullptr ? std::span<const double>() : column->values;
  switch (aggregate.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio: return ChooseSeries(aggregate, input, numbers, memo, context);
    case AggregateOp::kCountValues:
      assert(parameter != nullptr);
      return CountValues(aggregate, input, std::get<std::string>(*parameter), memo, context);
    case AggregateOp::kQuantile: CheckQuantiles(numbers, aggregate, context); break;
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
    case AggregateOp::kCount:
    case AggregateOp::kMin:
    case AggregateOp::kMax:
    case AggregateOp::kGroup:
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar: break;
  }
  return AggregateValues(aggregate, input, numbers, memo, context);
}

}  // namespace tocsin::promql
