#include "rules/promql/vector_join.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/metric.h"
#include "base/quote.h"
#include "rules/promql/binary_kernel.h"
#include "rules/promql/pace.h"
#include "rules/promql/vector_matching.h"

namespace tocsin::promql {
namespace {

using Kernel = double (*)(double, double);

constexpr std::uint32_t kNobody = JoinTable::kFilled;

/// As Prometheus prints label sets in this message: the name is a label like the others.
std::string InBraces(const Labels& labels) {
  std::string text = "{";
  for (const Label& label : labels) {
    if (text.size() > 1) text += ", ";
    const std::string_view name = label.name.text();
    if (IsMetricName(name) && name.find(':') == std::string_view::npos) {
      text += name;
    } else {
      AppendQuoted(text, name);
    }
    text += '=';
    AppendQuoted(text, label.value.text());
  }
  return text += '}';
}

/// The pairs that can meet only each other: all there is in most queries.
template <class K>
void JoinPairs(K kernel, std::span<const JoinTable::Pair> pairs, const Block& lhs, const Block& rhs,
               Block& out) {
  for (const JoinTable::Pair& pair : pairs) {
    const double* const left = lhs.row(pair.left);
    const double* const right = rhs.row(pair.right);
    double* const result = out.row(pair.row);
    for (std::size_t i = 0; i < out.steps; ++i) {
      if (IsPresent(left[i]) && IsPresent(right[i])) result[i] = kernel(left[i], right[i]);
    }
  }
}

bool AnyPairMeets(std::span<const JoinTable::Pair> pairs, const Block& lhs, const Block& rhs) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const JoinTable::Pair& pair) {
    for (std::size_t i = 0; i < lhs.steps; ++i) {
      if (IsPresent(lhs.at(pair.left, i)) && IsPresent(rhs.at(pair.right, i))) return true;
    }
    return false;
  });
}

/// The signatures of which several series may match, step by step.
class ContestedJoin {
 public:
  ContestedJoin(const Binary& binary, const JoinTable& table, const Block& lhs, const Block& rhs,
                Kernel kernel)
      : binary_(binary),
        table_(table),
        swapped_(binary.matching.cardinality == Cardinality::kOneToMany),
        one_to_one_(binary.matching.cardinality == Cardinality::kOneToOne),
        many_(swapped_ ? rhs : lhs),
        one_(swapped_ ? lhs : rhs),
        kernel_(kernel),
        end_(lhs.steps) {}

  Status Run(Block& out, Budget& budget) {
    Pace pace(budget);
    FindDuplicates();
    for (const std::uint32_t signature : table_.contested()) {
      const std::size_t series = table_.many()[signature].size() + table_.one()[signature].size();
      if (Status go_on = pace.Spend(series * out.steps); !go_on) return go_on;
      JoinSignature(signature, out);
    }
    if (message_.empty()) return {};
    return Error{ErrorCode::kInvalidInput, message_};
  }

  /// Whether any two series met.
  bool met() const { return met_; }

 private:
  /// The first of these with a value at the step that comes after `after`, or kNobody.
  static std::uint32_t FirstPresent(const Block& block, std::span<const std::uint32_t> series,
                                    std::size_t step, std::uint32_t after = kNobody) {
    for (const std::uint32_t s : series) {
      if (after != kNobody && s <= after) continue;
      if (IsPresent(block.at(s, step))) return s;
    }
    return kNobody;
  }

  bool fills() const {
    return binary_.matching.fill_left.has_value() || binary_.matching.fill_right.has_value();
  }
  /// Prometheus does not look at steps at which a side is empty, unless there is a fill.
  bool IsLookedAt(std::size_t step) {
    if (fills()) return true;
    if (many_present_.empty()) {
      many_present_.resize(many_.steps);
      for (std::size_t n = 0; n < many_.values.size(); ++n) {
        if (IsPresent(many_.values[n])) many_present_[n % many_.steps] = true;
      }
    }
    return many_present_[step];
  }

  void FindDuplicates() {
    std::uint32_t found = kNobody;
    for (const std::uint32_t signature : table_.contested()) {
      const auto ones = table_.one()[signature];
      if (ones.size() < 2) continue;
      for (std::size_t step = 0; step < std::min(end_ + 1, one_.steps); ++step) {
        const std::uint32_t first = FirstPresent(one_, ones, step);
        if (first == kNobody) continue;
        const std::uint32_t second = FirstPresent(one_, ones, step, first);
        if (second == kNobody || !IsLookedAt(step)) continue;
        if (step < end_ || second < found) FailDuplicate(step, first, found = second);
        break;
      }
    }
  }

  void FailDuplicate(std::size_t step, std::uint32_t first, std::uint32_t second) {
    std::array<std::string, 2> pair{InBraces(table_.OneLabels(first)),
                                    InBraces(table_.OneLabels(second))};
    std::sort(pair.begin(), pair.end());
    Fail(step, "found duplicate series for the match group " +
                   InBraces(table_.MatchedLabels(second)) + " on the " +
                   (swapped_ ? "left" : "right") + " hand-side of the operation: [" + pair[0] +
                   ", " + pair[1] +
                   "];many-to-many matching not allowed: matching labels must be unique on one "
                   "side");
  }

  /// Later steps do not matter any more.
  void Fail(std::size_t step, std::string message) {
    end_ = step;
    message_ = std::move(message);
  }

  void JoinSignature(std::uint32_t signature, Block& out) {
    // Of the sides as they are after a swap: under group_right fill_right fills the "one" side,
    // which stands on the left. So does Prometheus.
    const std::optional<double> fill_one = binary_.matching.fill_right;
    const std::optional<double> fill_many = binary_.matching.fill_left;
    const std::uint64_t in_signature = std::uint64_t{signature} + 1;
    for (std::size_t step = 0; step < end_; ++step) {
      const std::uint32_t one = FirstPresent(one_, table_.one()[signature], step);
      const std::uint64_t turn = in_signature << 32 | step;
      bool matched = false;
      for (const std::uint32_t many : table_.many()[signature]) {
        if (IsAbsent(many_.at(many, step))) continue;
        if (one == kNobody && !fill_one) break;
        const double other = one == kNobody ? *fill_one : one_.at(one, step);
        if (!Meet({many, one, step, turn, matched}, many_.at(many, step), other, out)) return;
        matched = true;
      }
      if (one == kNobody || matched || !fill_many) continue;
      if (!Meet({kNobody, one, step, turn, false}, *fill_many, one_.at(one, step), out)) return;
    }
  }

  struct Meeting {
    std::uint32_t many;
    std::uint32_t one;
    std::size_t step;
    std::uint64_t turn;  ///< Of this signature at this step alone.
    bool matched;        ///< Whether the signature has already met somebody at this step.
  };
  /// False after a failure.
  bool Meet(const Meeting& meeting, double many, double one, Block& out) {
    met_ = true;
    if (IsTrim(binary_.op)) return true;
    if (one_to_one_ && meeting.matched) {
      Fail(meeting.step,
           "multiple matches for labels: many-to-one matching must be explicit "
           "(group_left/group_right)");
      return false;
    }
    const std::uint32_t row = table_.Row(meeting.many, meeting.one);
    if (turns_.size() <= row) turns_.resize(row + 1);
    if (std::exchange(turns_[row], meeting.turn) == meeting.turn) {
      Fail(meeting.step, "multiple matches for labels: grouping labels must ensure unique matches");
      return false;
    }
    const double value = swapped_ ? kernel_(one, many) : kernel_(many, one);
    return IsAbsent(value) || Put(row, meeting.step, value, out);
  }

  bool Put(std::uint32_t row, std::size_t step, double value, Block& out) {
    if (out.values.size() <= row * out.steps) out.values.resize((row + 1) * out.steps, kAbsent);
    double& place = out.row(row)[step];
    if (IsPresent(place)) {
      Fail(step, "vector cannot contain metrics with the same labelset");
      return false;
    }
    place = value;
    return true;
  }

  const Binary& binary_;
  const JoinTable& table_;
  const bool swapped_;
  const bool one_to_one_;
  const Block& many_;
  const Block& one_;
  const Kernel kernel_;
  std::size_t end_;      ///< Steps before this have not failed yet.
  std::string message_;  ///< Why step end_ fails.
  bool met_ = false;
  std::vector<bool> many_present_;    ///< Per step; empty until asked for.
  std::vector<std::uint64_t> turns_;  ///< Per row: when it was last written.
};

}  // namespace

void InformOfTrimmedFloats(const Expr& expr, BinaryOp op, const Context& context) {
  const std::string name(Name(op));
  context.annotations.Info("incompatible sample types encountered for binary operator \"" + name +
                               "\": float " + name + " float",
                           expr.position);
}

Result<Block> JoinVectors(const Expr& expr, const Binary& binary, const Block& lhs,
                          const Block& rhs, Memo& memo, const Context& context) {
  const JoinTable& table = memo.Get<JoinTable>(lhs.shape, rhs.shape, [&] {
    return JoinTable(binary, lhs.shape, rhs.shape, context.features);
  });
  const Comparing comparing = binary.return_bool ? Comparing::kBool : Comparing::kKeepLeft;
  Block out;
  out.steps = lhs.steps;
  out.values.assign(table.rows() * out.steps, kAbsent);
  const Kernel kernel = WithKernel(binary.op, comparing, [&](auto k) -> Kernel {
    JoinPairs(k, table.pairs(), lhs, rhs, out);
    return k;
  });
  ContestedJoin contested(binary, table, lhs, rhs, kernel);
  if (const Status joined = contested.Run(out, context.budget); !joined) return joined.error();
  if (IsTrim(binary.op) && (contested.met() || AnyPairMeets(table.pairs(), lhs, rhs))) {
    InformOfTrimmedFloats(expr, binary.op, context);
  }
  out.shape = table.result();
  out.values.resize(table.rows() * out.steps, kAbsent);
  return out;
}

}  // namespace tocsin::promql
