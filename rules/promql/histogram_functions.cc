// histogram_quantile, histogram_quantiles, histogram_fraction, on classic histograms: series that
// differ in `le` alone. Which series make up a histogram depends on labels alone and is kept with
// the node.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/number.h"
#include "base/quote.h"
#include "rules/promql/classic_histogram.h"
#include "rules/promql/function_families.h"
#include "rules/promql/number_text.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

constexpr std::string_view kBoundLabel = "le";

struct BucketSeries {
  double bound = 0;
  std::uint32_t series = 0;
};
using Group = std::vector<BucketSeries>;  ///< In the order of bounds, some of which may be equal.

/// What a node keeps.
struct Groups {
  std::vector<Group> groups;
  ShapePtr shape;                                          ///< Of the groups, with their names.
  std::vector<std::uint32_t> malformed;                    ///< Series without a usable `le`.
  std::unique_ptr<Memo> names = std::make_unique<Memo>();  ///< For DropNames().
};

std::optional<double> BoundOf(const Labels& labels) {
  const std::optional<double> bound = ParseNumber(labels.Get(kBoundLabel));
  if (!bound || std::isnan(*bound)) return std::nullopt;
  return bound;
}

Groups MakeGroups(const Shape& input) {
  Groups made;
  Shape shape;
  std::unordered_map<Labels, std::size_t> known;
  for (std::uint32_t series = 0; series < input.size(); ++series) {
    const std::optional<double> bound = BoundOf(input.labels[series]);
    if (!bound) {
      made.malformed.push_back(series);
      continue;
    }
    Labels rest = LabelsBuilder(input.labels[series]).Remove(kBoundLabel).Build();
    const auto [place, is_new] = known.try_emplace(rest, made.groups.size());
    if (is_new) {
      made.groups.emplace_back();
      shape.labels.push_back(std::move(rest));
    }
    made.groups[place->second].push_back({*bound, series});
  }
  for (Group& group : made.groups) std::ranges::stable_sort(group, {}, &BucketSeries::bound);
  made.shape = std::make_shared<const Shape>(std::move(shape));
  return made;
}

/// " for metric name "m"", or nothing.
std::string ForMetric(std::string_view name) {
  if (name.empty()) return {};
  std::string text = " for metric name ";
  AppendQuoted(text, name);
  return text;
}

void WarnOfMalformed(const Block& block, const Groups& groups, const Expr& argument,
                     const Context& context) {
  for (const std::uint32_t series : groups.malformed) {
    const double* const row = block.row(series);
    if (std::all_of(row, row + block.steps, IsAbsent)) continue;
    const Labels& labels = block.shape->labels[series];
    std::string text = "bucket label \"le\" is missing or has a malformed value of ";
    AppendQuoted(text, labels.Get(kBoundLabel));
    text += ForMetric(labels.metric_name());
    context.annotations.Warn(text, StripParens(argument).position);
  }
}

/// The buckets of `group` that have a value at `step`; those of equal bounds are added up.
void Collect(const Block& block, const Group& group, std::size_t step,
             ClassicHistogram& histogram) {
  histogram.clear();
  for (const BucketSeries& bucket : group) {
    const double count = block.at(bucket.series, step);
    if (IsAbsent(count)) continue;
    if (!histogram.empty() && histogram.back().bound == bucket.bound) {
      histogram.back().count += count;
    } else {
      histogram.push_back({bucket.bound, count});
    }
  }
}

/// Calls consume(group, step, histogram) for all that have buckets.
template <class Consume>
Status ForEachHistogram(const Block& block, const Groups& groups, const Context& context,
                        Consume consume) {
  ClassicHistogram histogram;
  for (std::size_t group = 0; group < groups.groups.size(); ++group) {
    if (Status checked = context.budget.Check(); !checked) return checked;
    for (std::size_t step = 0; step < block.steps; ++step) {
      Collect(block, groups.groups[group], step, histogram);
      if (!histogram.empty()) consume(group, step, histogram);
    }
  }
  return {};
}

/// Gathers what was fixed, for one message per metric.
class FixReport {
 public:
  void Add(std::string_view metric, Millis at, const MonotonicityFix& fix) {
    if (!fix.needed) return;
    Entry& entry = entries_[std::string(metric)];
    entry.lowest = std::min(entry.lowest, fix.lowest_bound);
    entry.highest = std::max(entry.highest, fix.highest_bound);
    entry.difference = std::max(entry.difference, fix.largest_difference);
    entry.first = std::min(entry.first, at);
    entry.last = std::max(entry.last, at);
    ++entry.count;
  }

  void Inform(Position position, Annotations& annotations) const {
    for (const auto& [metric, entry] : entries_) {
      annotations.Info(
          fmt::format("input to histogram_quantile needed to be fixed for monotonicity (see "
                      "https://prometheus.io/docs/prometheus/latest/querying/functions/"
                      "#histogram_quantile){}, from buckets {} to {}, with a max diff of {:.2g}, "
                      "over {} samples from {} to {}",
                      ForMetric(metric), GoG(entry.lowest), GoG(entry.highest), entry.difference,
                      entry.count, Rfc3339(entry.first), Rfc3339(entry.last)),
          position);
    }
  }

 private:
  struct Entry {
    double lowest = std::numeric_limits<double>::infinity();
    double highest = -std::numeric_limits<double>::infinity();
    double difference = 0;
    Millis first = std::numeric_limits<Millis>::max();
    Millis last = std::numeric_limits<Millis>::min();
    std::size_t count = 0;
  };
  static std::string Rfc3339(Millis t) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(t / 1000));
  }
  std::map<std::string, Entry> entries_;
};

/// The name that a message shows for a group. Prometheus has forgotten it by then, unless names go
/// at the end.
std::string_view NameOf(const Groups& groups, std::size_t group, const Context& context) {
  if (!context.features.delayed_name_removal) return {};
  return groups.shape->labels[group].metric_name();
}

const Groups& GroupsOf(CallArguments& arguments, const Block& block) {
  return arguments.memo.Get<Groups>(block.shape, nullptr, [&] { return MakeGroups(*block.shape); });
}

Result<Operand> WithoutNames(Block block, Memo& memo, const Context& context) {
  Result<Block> named = DropNames(std::move(block), memo, context);
  if (!named) return named.error();
  return Operand(*std::move(named));
}

/// histogram_quantile(q, vector).
Result<Operand> EvaluateQuantile(CallArguments arguments, const Context& context) {
  const auto& q = std::get<ScalarColumn>(arguments.values[0]).values;
  const Block& block = std::get<Block>(arguments.values[1]);
  const Expr& q_argument = StripParens(*arguments.call.args[0]);
  const Expr& argument = StripParens(*arguments.call.args[1]);
  for (const double value : q) WarnOfQuantile(value, q_argument.position, context.annotations);

  const Groups& groups = GroupsOf(arguments, block);
  WarnOfMalformed(block, groups, argument, context);
  Block quantiles(groups.shape, block.steps);
  FixReport report;
  const Status done =
      ForEachHistogram(block, groups, context,
                       [&](std::size_t group, std::size_t step, ClassicHistogram& histogram) {
                         MonotonicityFix fix;
                         quantiles.row(group)[step] = BucketQuantile(q[step], histogram, fix);
                         report.Add(NameOf(groups, group, context), context.steps.at(step), fix);
                       });
  if (!done) return done.error();
  report.Inform(argument.position, context.annotations);
  return WithoutNames(std::move(quantiles), *groups.names, context);
}

/// histogram_fraction(lower, upper, vector).
Result<Operand> EvaluateFraction(CallArguments arguments, const Context& context) {
  const auto& lower = std::get<ScalarColumn>(arguments.values[0]).values;
  const auto& upper = std::get<ScalarColumn>(arguments.values[1]).values;
  const Block& block = std::get<Block>(arguments.values[2]);
  const Groups& groups = GroupsOf(arguments, block);
  WarnOfMalformed(block, groups, *arguments.call.args[2], context);
  Block fractions(groups.shape, block.steps);
  const Status done = ForEachHistogram(
      block, groups, context,
      [&](std::size_t group, std::size_t step, const ClassicHistogram& histogram) {
        fractions.row(group)[step] = BucketFraction(lower[step], upper[step], histogram);
      });
  if (!done) return done.error();
  return WithoutNames(std::move(fractions), *groups.names, context);
}

/// The series that histogram_quantiles() makes: each group once for each value that a quantile
/// argument takes, with that value as a label. Most arguments are constant.
class QuantileSeries {
 public:
  QuantileSeries(const Shape& groups, std::string label, std::size_t steps)
      : groups_(groups), label_(std::move(label)), steps_(steps) {}

  /// The row of `group` for argument `index` at a step where it is `q`.
  double* Row(std::size_t index, double q, std::size_t group) {
    std::string text;
    AppendCanonicalNumber(text, q);
    const auto [place, is_new] = known_.try_emplace({index, std::move(text)}, known_.size());
    if (is_new) Append(place->first.second);
    return values_.data() + (place->second * groups_.size() + group) * steps_;
  }
  Block Build() {
    Block block;
    block.shape = std::make_shared<const Shape>(std::move(shape_));
    block.steps = steps_;
    block.values = std::move(values_);
    return block;
  }

 private:
  void Append(const std::string& text) {
    for (const Labels& labels : groups_.labels) {
      shape_.labels.push_back(LabelsBuilder(labels).Set(label_, text).Build());
    }
    values_.resize(values_.size() + groups_.size() * steps_, kAbsent);
  }

  const Shape& groups_;
  std::string label_;
  std::size_t steps_;
  std::map<std::pair<std::size_t, std::string>, std::size_t> known_;
  Shape shape_;
  std::vector<double> values_;
};

/// histogram_quantiles(vector, label, q, q ...).
Result<Operand> EvaluateQuantiles(CallArguments arguments, const Context& context) {
  const Block& block = std::get<Block>(arguments.values[0]);
  const auto& label = std::get<std::string>(arguments.values[1]);
  const Expr& argument = StripParens(*arguments.call.args[0]);
  std::vector<const ScalarColumn*> columns;
  for (std::size_t i = 2; i < arguments.values.size(); ++i) {
    columns.push_back(&std::get<ScalarColumn>(arguments.values[i]));
    const Position position = StripParens(*arguments.call.args[i]).position;
    for (const double q : columns.back()->values) {
      WarnOfQuantile(q, position, context.annotations);
    }
  }

  const Groups& groups = GroupsOf(arguments, block);
  WarnOfMalformed(block, groups, argument, context);
  QuantileSeries series(*groups.shape, label, block.steps);
  FixReport report;
  const Status done =
      ForEachHistogram(block, groups, context,
                       [&](std::size_t group, std::size_t step, ClassicHistogram& histogram) {
                         for (std::size_t i = 0; i < columns.size(); ++i) {
                           const double q = columns[i]->values[step];
                           MonotonicityFix fix;
                           series.Row(i, q, group)[step] = BucketQuantile(q, histogram, fix);
                           report.Add(NameOf(groups, group, context), context.steps.at(step), fix);
                         }
                       });
  if (!done) return done.error();
  report.Inform(argument.position, context.annotations);
  return WithoutNames(series.Build(), *groups.names, context);
}

}  // namespace

std::vector<Function> HistogramFunctions() {
  constexpr int kMostQuantiles = 10;
  std::vector<ValueType> quantiles_args{kVector, kString};
  quantiles_args.insert(quantiles_args.end(), kMostQuantiles, kScalar);
  return {
      {.name = "histogram_fraction",
       .args = {kScalar, kScalar, kVector},
       .how = GeneralFunction{EvaluateFraction}},
      {.name = "histogram_quantile",
       .args = {kScalar, kVector},
       .how = GeneralFunction{EvaluateQuantile}},
      {.name = "histogram_quantiles",
       .args = std::move(quantiles_args),
       .optional_args = kMostQuantiles - 1,
       .experimental = true,
       .how = GeneralFunction{EvaluateQuantiles}},
  };
}

}  // namespace tocsin::promql
