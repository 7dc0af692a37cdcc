#include "rules/promql/series_choice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "rules/promql/aggregate_parameter.h"
#include "rules/promql/grouping.h"
#include "rules/promql/label_hash.h"
#include "rules/promql/pace.h"

namespace tocsin::promql {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// What one such aggregation remembers of a Shape.
struct Choice {
  Grouping grouping;
  std::vector<double> offsets;  ///< limit_ratio: where each series stands in 0..1.
  /// The series chosen last time and their Shape: as long as the same ones win, those who take the
  /// result find a Shape they know. Written under the Memo's rule of one thread at a time.
  mutable std::vector<std::uint32_t> last_series;
  mutable ShapePtr last_shape;
};

Choice MakeChoice(const Aggregate& aggregate, const Shape& input, const Features& features) {
  Choice choice;
  choice.grouping = MakeGrouping(input, GroupingLabels(aggregate, features), features);
  if (aggregate.op == AggregateOp::kLimitRatio) {
    choice.offsets.reserve(input.size());
    for (const Labels& labels : input.labels) choice.offsets.push_back(LabelHashFraction(labels));
  }
  return choice;
}

/// The result while it grows by one row per series chosen.
class ChosenSeries {
 public:
  explicit ChosenSeries(const Block& input) : input_(input), row_of_(input.shape->size(), kNone) {}

  void Choose(std::uint32_t series, std::size_t step) {
    if (row_of_[series] == kNone) {
      row_of_[series] = static_cast<std::uint32_t>(series_.size());
      series_.push_back(series);
      values_.resize(values_.size() + input_.steps, kAbsent);
    }
    values_[row_of_[series] * input_.steps + step] = input_.at(series, step);
  }

  Block Finish(const Choice& choice) && {
    if (choice.last_shape == nullptr || series_ != choice.last_series) {
      choice.last_shape = std::make_shared<const Shape>(MakeShape());
      choice.last_series = std::move(series_);
    }
    Block result;
    result.shape = choice.last_shape;
    result.steps = input_.steps;
    result.values = std::move(values_);
    return result;
  }

 private:
  Shape MakeShape() const {
    Shape chosen;
    chosen.labels.reserve(series_.size());
    for (const std::uint32_t s : series_) chosen.labels.push_back(input_.shape->labels[s]);
    if (input_.shape->drop_name.empty()) return chosen;
    for (const std::uint32_t s : series_) chosen.drop_name.push_back(input_.shape->drop_name[s]);
    return chosen;
  }

  const Block& input_;
  std::vector<std::uint32_t> row_of_;  ///< Per series of the input.
  std::vector<std::uint32_t> series_;  ///< Per row of the result.
  std::vector<double> values_;
};

/// The best values so far of one group at one step, the worst of them in front: a binary heap.
/// Written out because which of several equal values stays is decided by how a heap moves its
/// elements, and the standard library's moves them differently from Go's.
class Best {
 public:
  struct Entry {
    double value;
    std::uint32_t series;
  };

  void Offer(Entry entry, std::size_t limit, bool top) {
    if (entries_.size() < limit) {
      entries_.push_back(entry);
      MoveUp(top);
    } else if (limit > 0 && IsBetter(entry.value, entries_.front().value, top)) {
      entries_.front() = entry;
      MoveDown(top);
    }
  }

  /// The best first.
  const std::vector<Entry>& Sort(bool top) {
    std::stable_sort(entries_.begin(), entries_.end(), [top](const Entry& a, const Entry& b) {
      return IsBetter(a.value, b.value, top);
    });
    return entries_;
  }

 private:
  /// NaN is worse than any number, whichever way.
  static bool IsBetter(double a, double b, bool top) {
    if (std::isnan(b)) return !std::isnan(a);
    return top ? a > b : a < b;
  }
  /// Unlike IsBetter() true between two NaN, as in Prometheus.
  bool IsWorse(std::size_t i, std::size_t j, bool top) const {
    const double a = entries_[i].value;
    const double b = entries_[j].value;
    return std::isnan(a) || (top ? a < b : a > b);
  }

  void MoveUp(bool top) {
    std::size_t i = entries_.size() - 1;
    while (i > 0 && IsWorse(i, (i - 1) / 2, top)) {
      std::swap(entries_[i], entries_[(i - 1) / 2]);
      i = (i - 1) / 2;
    }
  }
  void MoveDown(bool top) {
    std::size_t i = 0;
    for (std::size_t child = 1; child < entries_.size(); child = 2 * i + 1) {
      if (child + 1 < entries_.size() && IsWorse(child + 1, child, top)) ++child;
      if (!IsWorse(child, i, top)) return;
      std::swap(entries_[child], entries_[i]);
      i = child;
    }
  }

  std::vector<Entry> entries_;
};

Status ChooseBest(bool top, const std::vector<std::size_t>& limits, const Block& input,
                  const Buckets& groups, ChosenSeries& chosen, Budget& budget) {
  Pace pace(budget);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<Best> best(input.steps);
    for (const std::uint32_t series : groups[g]) {
      if (Status go_on = pace.Spend(input.steps); !go_on) return go_on;
      const double* const row = input.row(series);
      for (std::size_t i = 0; i < input.steps; ++i) {
        if (IsPresent(row[i])) best[i].Offer({row[i], series}, limits[i], top);
      }
    }
    for (std::size_t i = 0; i < input.steps; ++i) {
      for (const Best::Entry& entry : best[i].Sort(top)) chosen.Choose(entry.series, i);
    }
  }
  return {};
}

/// The first ones.
void ChooseFirst(const std::vector<std::size_t>& limits, const Block& input, const Buckets& groups,
                 ChosenSeries& chosen) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::size_t> left = limits;
    for (const std::uint32_t series : groups[g]) {
      const double* const row = input.row(series);
      for (std::size_t i = 0; i < input.steps; ++i) {
        if (left[i] == 0 || IsAbsent(row[i])) continue;
        --left[i];
        chosen.Choose(series, i);
      }
    }
  }
}

/// A negative ratio chooses what 1 + ratio does not.
void ChooseRatio(const std::vector<double>& ratios, const Block& input,
                 const std::vector<double>& offsets, ChosenSeries& chosen) {
  for (std::uint32_t series = 0; series < offsets.size(); ++series) {
    const double* const row = input.row(series);
    for (std::size_t i = 0; i < input.steps; ++i) {
      const double ratio = ratios[i];
      const bool in = ratio >= 0 ? offsets[series] < ratio : offsets[series] >= 1 + ratio;
      if (in && IsPresent(row[i])) chosen.Choose(series, i);
    }
  }
}

}  // namespace

Result<Block> ChooseSeries(const Aggregate& aggregate, const Block& input,
                           std::span<const double> parameter, Memo& memo, const Context& context) {
  const Choice& choice = memo.Get<Choice>(
      input.shape, nullptr, [&] { return MakeChoice(aggregate, *input.shape, context.features); });
  ChosenSeries chosen(input);
  if (aggregate.op == AggregateOp::kLimitRatio) {
    const Result<std::vector<double>> ratios = CheckRatios(parameter, aggregate, context);
    if (!ratios) return ratios.error();
    ChooseRatio(*ratios, input, choice.offsets, chosen);
    return std::move(chosen).Finish(choice);
  }
  const Result<std::vector<std::size_t>> limits = CheckCounts(parameter, input.shape->size());
  if (!limits) return limits.error();
  if (aggregate.op == AggregateOp::kLimitk) {
    ChooseFirst(*limits, input, choice.grouping.members, chosen);
    return std::move(chosen).Finish(choice);
  }
  const Status best = ChooseBest(aggregate.op == AggregateOp::kTopk, *limits, input,
                                 choice.grouping.members, chosen, context.budget);
  if (!best) return best.error();
  Block result = std::move(chosen).Finish(choice);
  if (context.steps.count == 1) {
    result.order.resize(result.shape->size());
    std::iota(result.order.begin(), result.order.end(), 0U);
  }
  return result;
}

}  // namespace tocsin::promql
