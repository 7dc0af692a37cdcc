#include "rules/promql/count_values.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/quote.h"
#include "base/symbol.h"
#include "rules/promql/grouping.h"
#include "rules/promql/literal.h"

namespace tocsin::promql {
namespace {

/// One series of the result: a group, and the bits of a value.
struct Key {
  std::uint32_t group;
  std::uint64_t value;
  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const { return MixHash(key.value ^ key.group); }
};

/// All NaN are written alike, so they count as one value.
std::uint64_t Bits(double value) {
  return std::isnan(value) ? kNormalNanBits : std::bit_cast<std::uint64_t>(value);
}

/// What one count_values remembers of a Shape: the groups by all grouping labels but the value's.
struct Counting {
  Grouping grouping;
  bool labelled = true;  ///< Whether the value's label is one that the grouping keeps.
  /// The series made last time and their Shape, as in topk: equal values give a Shape that those
  /// who take the result know. Written under the Memo's rule of one thread at a time.
  mutable std::vector<Key> last_keys;
  mutable ShapePtr last_shape;
};

Counting MakeCounting(const Aggregate& aggregate, const Shape& input, const Symbol& label,
                      const Features& features) {
  const LabelSubset kept = GroupingLabels(aggregate, features);
  Counting counting;
  counting.grouping = MakeGrouping(input, kept.Without(label), features);
  counting.labelled = !aggregate.without || kept.Has(label);
  return counting;
}

/// The counts while their rows come up.
class Counts {
 public:
  Counts(std::size_t steps, Budget& budget) : steps_(steps), budget_(budget) {}

  Status Add(const Key& key, std::size_t step) {
    const auto [place, is_new] = rows_.emplace(key, keys_.size());
    if (is_new) {
      // As many rows as values are possible: the one aggregation that can outgrow its input.
      if (Status taken = budget_.Take(steps_); !taken) return taken;
      keys_.push_back(key);
      values_.resize(values_.size() + steps_, kAbsent);
    }
    double& count = values_[place->second * steps_ + step];
    count = IsAbsent(count) ? 1 : count + 1;
    return {};
  }

  std::vector<Key>& keys() { return keys_; }
  std::vector<double>& values() { return values_; }

 private:
  std::size_t steps_;
  Budget& budget_;
  std::vector<Key> keys_;  ///< Per row.
  std::vector<double> values_;
  std::unordered_map<Key, std::size_t, KeyHash> rows_;
};

Status CountGroup(const Block& input, const Counting& counting, std::uint32_t group,
                  Counts& counts) {
  for (const std::uint32_t series : counting.grouping.members[group]) {
    const double* const row = input.row(series);
    for (std::size_t i = 0; i < input.steps; ++i) {
      if (IsAbsent(row[i])) continue;
      const Key key{group, counting.labelled ? Bits(row[i]) : 0};
      if (Status added = counts.Add(key, i); !added) return added;
    }
  }
  return {};
}

ShapePtr MakeShape(const Counting& counting, const std::vector<Key>& keys, const Symbol& label) {
  Shape shape;
  shape.labels.reserve(keys.size());
  for (const Key& key : keys) {
    LabelsBuilder builder(counting.grouping.shape->labels[key.group]);
    if (counting.labelled) {
      builder.Set(label, Symbol(FormatPlain(std::bit_cast<double>(key.value))));
    }
    shape.labels.push_back(builder.Build());
  }
  return std::make_shared<const Shape>(std::move(shape));
}

}  // namespace

Result<Block> CountValues(const Aggregate& aggregate, const Block& input, const std::string& label,
                          Memo& memo, const Context& context) {
  if (!IsUtf8Name(label)) {
    std::string message = "invalid label name ";
    AppendQuoted(message, label);
    return Error{ErrorCode::kInvalidInput, std::move(message)};
  }
  const Symbol name(label);
  const Counting& counting = memo.Get<Counting>(input.shape, nullptr, [&] {
    return MakeCounting(aggregate, *input.shape, name, context.features);
  });
  Counts counts(input.steps, context.budget);
  for (std::uint32_t g = 0; g < counting.grouping.members.size(); ++g) {
    if (const Status go_on = context.budget.Check(); !go_on) return go_on.error();
    if (const Status done = CountGroup(input, counting, g, counts); !done) return done.error();
  }
  if (counting.last_shape == nullptr || counts.keys() != counting.last_keys) {
    counting.last_shape = MakeShape(counting, counts.keys(), name);
    counting.last_keys = std::move(counts.keys());
  }
  Block result;
  result.shape = counting.last_shape;
  result.steps = input.steps;
  result.values = std::move(counts.values());
  return result;
}

}  // namespace tocsin::promql
