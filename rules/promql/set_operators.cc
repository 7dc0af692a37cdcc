#include "rules/promql/set_operators.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "rules/promql/pace.h"
#include "rules/promql/vector_matching.h"

namespace tocsin::promql {
namespace {

/// What a set operator remembers of two Shapes.
struct SetTable {
  Signatures signatures;
  ShapePtr both;                         ///< `or`: the series of the left and then of the right.
  std::vector<std::uint32_t> right_row;  ///< `or`: where in `both` a series of the right is.
};

void CombineShapes(const Shape& left, const Shape& right, SetTable& table) {
  Shape both = left;
  const bool flags = !left.drop_name.empty() || !right.drop_name.empty();
  if (flags) both.drop_name.resize(left.size());
  SubsetIndex index(LabelSubset::AllBut({}, {}), left.size() + right.size());
  std::vector<std::uint32_t> row_of;  // Per number: the first row with these labels.
  for (std::uint32_t s = 0; s < left.size(); ++s) {
    if (index.Add(left.labels[s]) == row_of.size()) row_of.push_back(s);
  }
  for (std::uint32_t s = 0; s < right.size(); ++s) {
    const std::uint32_t number = index.Add(right.labels[s]);
    const bool known = number < row_of.size();
    // Of the same labels and name: they never both have a value, since the left one's hides it.
    if (known && both.drops_name(row_of[number]) == right.drops_name(s)) {
      table.right_row.push_back(row_of[number]);
      continue;
    }
    if (!known) row_of.push_back(static_cast<std::uint32_t>(both.size()));
    table.right_row.push_back(static_cast<std::uint32_t>(both.size()));
    both.labels.push_back(right.labels[s]);
    if (flags) both.drop_name.push_back(right.drops_name(s) ? 1 : 0);
  }
  table.both = std::make_shared<const Shape>(std::move(both));
}

SetTable MakeSetTable(const Binary& binary, const Shape& left, const Shape& right,
                      const Features& features) {
  SetTable table{
      MatchSignatures(SignatureLabels(binary.matching, features), left, right), nullptr, {}};
  if (binary.op == BinaryOp::kOr) CombineShapes(left, right, table);
  return table;
}

/// Whether any of the series has a value, per step.
class Presence {
 public:
  explicit Presence(std::size_t steps) : any_(steps) {}

  void Look(const Block& block, std::span<const std::uint32_t> series) {
    std::fill(any_.begin(), any_.end(), std::uint8_t{0});
    for (const std::uint32_t s : series) {
      const double* const row = block.row(s);
      for (std::size_t i = 0; i < any_.size(); ++i)
        any_[i] |= static_cast<std::uint8_t>(IsPresent(row[i]));
    }
  }
  bool at(std::size_t step) const { return any_[step] != 0; }

 private:
  std::vector<std::uint8_t> any_;
};

/// Keeps of `lhs` the steps at which the other side has, or has not, the signature.
Status KeepWhere(bool wanted, const Signatures& signatures, Block& lhs, const Block& rhs,
                 Budget& budget) {
  Pace pace(budget);
  Presence other(lhs.steps);
  for (std::size_t n = 0; n < signatures.left.size(); ++n) {
    const auto left = signatures.left[n];
    const auto right = signatures.right[n];
    if (Status go_on = pace.Spend((left.size() + right.size()) * lhs.steps); !go_on) {
      return go_on;
    }
    if (left.empty() || (right.empty() && !wanted)) continue;
    other.Look(rhs, right);
    for (const std::uint32_t s : left) {
      double* const row = lhs.row(s);
      for (std::size_t i = 0; i < lhs.steps; ++i) {
        if (other.at(i) != wanted) row[i] = kAbsent;
      }
    }
  }
  return {};
}

/// Adds of `rhs` the steps at which the left side does not have the signature.
Status AddMissing(const SetTable& table, Block& lhs, const Block& rhs, Budget& budget) {
  Pace pace(budget);
  const Signatures& signatures = table.signatures;
  Presence hidden(lhs.steps);
  for (std::size_t n = 0; n < signatures.right.size(); ++n) {
    const auto left = signatures.left[n];
    const auto right = signatures.right[n];
    if (Status go_on = pace.Spend((left.size() + right.size()) * lhs.steps); !go_on) {
      return go_on;
    }
    hidden.Look(lhs, left);
    for (const std::uint32_t s : right) {
      const double* const from = rhs.row(s);
      double* const to = lhs.row(table.right_row[s]);
      for (std::size_t i = 0; i < lhs.steps; ++i) {
        if (!hidden.at(i) && IsPresent(from[i])) to[i] = from[i];
      }
    }
  }
  return {};
}

}  // namespace

Result<Block> CombineSets(const Binary& binary, Block lhs, const Block& rhs, Memo& memo,
                          const Context& context) {
  const SetTable& table = memo.Get<SetTable>(lhs.shape, rhs.shape, [&] {
    return MakeSetTable(binary, *lhs.shape, *rhs.shape, context.features);
  });
  if (binary.op == BinaryOp::kOr) {
    lhs.shape = table.both;
    lhs.values.resize(table.both->size() * lhs.steps, kAbsent);
    lhs.order.clear();
    if (const Status added = AddMissing(table, lhs, rhs, context.budget); !added) {
      return added.error();
    }
    return lhs;
  }
  const bool wanted = binary.op == BinaryOp::kAnd;
  if (const Status kept = KeepWhere(wanted, table.signatures, lhs, rhs, context.budget); !kept) {
    return kept.error();
  }
  return lhs;
}

}  // namespace tocsin::promql
