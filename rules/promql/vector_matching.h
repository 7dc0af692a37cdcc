// Which series of two vectors belong together, and what their results are called.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"
#include "rules/promql/label_subset.h"

namespace tocsin::promql {

/// The labels that must be the same: those of `on`, or all but those of `ignoring` and the name.
/// Source: Prometheus' documentation, "Operators", "Vector matching".
LabelSubset SignatureLabels(const VectorMatching& matching, const Features& features);

/// The series of both sides by signature: bucket n of either side has the same signature.
struct Signatures {
  Buckets left;
  Buckets right;
};
Signatures MatchSignatures(const LabelSubset& labels, const Shape& left, const Shape& right);

/// How two vectors join under an arithmetic or comparing operator. Made once per pair of Shapes and
/// kept in a Memo; rows of the result that depend on which series meet are added as they come up.
/// One thread at a time. `binary` must outlive it.
///
/// "Many" is the side of which several series may match one of the other: the left one, except
/// under group_right.
class JoinTable {
 public:
  /// Stands for a series that is missing and for which a number is filled in.
  static constexpr std::uint32_t kFilled = std::numeric_limits<std::uint32_t>::max();

  JoinTable(const Binary& binary, ShapePtr left, ShapePtr right, const Features& features);

  /// Two series that can meet only each other, and no other pair gives the same row.
  struct Pair {
    std::uint32_t left;
    std::uint32_t right;
    std::uint32_t row;
  };
  const std::vector<Pair>& pairs() const { return pairs_; }
  /// Signatures whose series are not all in pairs(): who meets whom is seen step by step.
  const std::vector<std::uint32_t>& contested() const { return contested_; }
  const Buckets& many() const { return many_; }
  const Buckets& one() const { return one_; }

  /// The row of the result of two series; either may be kFilled.
  std::uint32_t Row(std::uint32_t many, std::uint32_t one) const;
  std::size_t rows() const { return rows_.size(); }
  /// The same for as long as no row is added.
  ShapePtr result() const;

  /// The labels by which a series of the "one" side was matched, for messages.
  Labels MatchedLabels(std::uint32_t one) const;
  const Labels& OneLabels(std::uint32_t one) const { return one_shape_->labels[one]; }

 private:
  void FindPairs();
  bool PairUp(std::uint32_t signature);
  Labels ResultLabels(const Labels& many, const Labels& one) const;
  bool LosesName(std::uint32_t many) const;
  std::uint32_t AddRow(std::uint32_t many, std::uint32_t one) const;

  const Binary& binary_;
  const Features features_;
  const LabelSubset signature_;
  const LabelSubset kept_;  ///< Of the labels of the "many" side, in the result.
  std::vector<Symbol> include_;
  ShapePtr many_shape_;
  ShapePtr one_shape_;
  Buckets many_;
  Buckets one_;
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> contested_;

  mutable SubsetIndex rows_;
  mutable std::vector<std::uint8_t> lose_name_;  ///< Per row.
  mutable std::unordered_map<std::uint64_t, std::uint32_t> row_of_;
  mutable ShapePtr result_;
};

}  // namespace tocsin::promql
