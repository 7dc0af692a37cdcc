#include "rules/promql/vector_matching.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "rules/promql/binary_kernel.h"

namespace tocsin::promql {
namespace {

constexpr std::span<const std::string> kNoNames;

std::vector<std::uint32_t> Number(SubsetIndex& index, const Shape& shape) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(shape.size());
  for (const Labels& labels : shape.labels) numbers.push_back(index.Add(labels));
  return numbers;
}

bool IsSwapped(const Binary& binary) {
  return binary.matching.cardinality == Cardinality::kOneToMany;
}
bool IsOneToOne(const Binary& binary) {
  return binary.matching.cardinality == Cardinality::kOneToOne;
}
bool Fills(const VectorMatching& matching) {
  return matching.fill_left.has_value() || matching.fill_right.has_value();
}

/// Whether the labels of the result are those of something else than what was measured.
bool DropsName(const Binary& binary, const Features& features) {
  return IsArithmetic(binary.op) || (binary.return_bool && !features.delayed_name_removal);
}

LabelSubset KeptLabels(const Binary& binary, const Features& features) {
  const std::span<const Symbol> names =
      DropsName(binary, features) ? NameLabels(features) : std::span<const Symbol>();
  if (!IsOneToOne(binary)) return LabelSubset::AllBut(kNoNames, names);
  if (!binary.matching.on) return LabelSubset::AllBut(binary.matching.labels, names);
  LabelSubset kept = LabelSubset::Only(binary.matching.labels);
  for (const Symbol& name : names) kept = kept.Without(name);
  return kept;
}

}  // namespace

LabelSubset SignatureLabels(const VectorMatching& matching, const Features& features) {
  if (matching.on) return LabelSubset::Only(matching.labels);
  return LabelSubset::AllBut(matching.labels, NameLabels(features));
}

Signatures MatchSignatures(const LabelSubset& labels, const Shape& left, const Shape& right) {
  SubsetIndex index(labels, std::max(left.size(), right.size()));
  const std::vector<std::uint32_t> of_left = Number(index, left);
  const std::vector<std::uint32_t> of_right = &left == &right ? of_left : Number(index, right);
  return {Buckets(of_left, index.size()), Buckets(of_right, index.size())};
}

JoinTable::JoinTable(const Binary& binary, ShapePtr left, ShapePtr right, const Features& features)
    : binary_(binary),
      features_(features),
      signature_(SignatureLabels(binary.matching, features)),
      kept_(KeptLabels(binary, features)),
      include_(binary.matching.include.begin(), binary.matching.include.end()),
      many_shape_(std::move(left)),
      one_shape_(std::move(right)),
      rows_(LabelSubset::AllBut(kNoNames, {}), many_shape_->size()) {
  Signatures signatures = MatchSignatures(signature_, *many_shape_, *one_shape_);
  if (IsSwapped(binary)) {
    std::swap(many_shape_, one_shape_);
    std::swap(signatures.left, signatures.right);
  }
  many_ = std::move(signatures.left);
  one_ = std::move(signatures.right);
  FindPairs();
}

void JoinTable::FindPairs() {
  const bool fills = Fills(binary_.matching);
  for (std::uint32_t signature = 0; signature < many_.size(); ++signature) {
    const std::size_t ones = one_[signature].size();
    // Two of one signature on the "one" side are an error even where nothing matches them.
    const bool must_be_watched = fills || ones > 1;
    if (!must_be_watched && (ones == 0 || many_[signature].empty())) continue;
    if (must_be_watched || !PairUp(signature)) contested_.push_back(signature);
  }
}

/// Fails, and pairs nothing, if two pairs of the signature could meet at one step or share a row.
bool JoinTable::PairUp(std::uint32_t signature) {
  const auto many = many_[signature];
  const std::uint32_t one = one_[signature].front();
  if (IsOneToOne(binary_) && many.size() > 1) return false;
  const std::size_t before = pairs_.size();
  for (const std::uint32_t series : many) {
    const std::size_t known = rows_.size();
    const std::uint32_t row = AddRow(series, one);
    if (rows_.size() == known) {
      pairs_.resize(before);
      return false;
    }
    pairs_.push_back(IsSwapped(binary_) ? Pair{one, series, row} : Pair{series, one, row});
  }
  return true;
}

std::uint32_t JoinTable::Row(std::uint32_t many, std::uint32_t one) const {
  const std::uint64_t key = std::uint64_t{many} << 32 | one;
  const auto [place, is_new] = row_of_.try_emplace(key, 0);
  if (is_new) place->second = AddRow(many, one);
  return place->second;
}

std::uint32_t JoinTable::AddRow(std::uint32_t many, std::uint32_t one) const {
  const std::size_t known = rows_.size();
  const Labels many_labels = many == kFilled ? MatchedLabels(one) : many_shape_->labels[many];
  const Labels one_labels = one == kFilled ? signature_.Of(many_labels) : one_shape_->labels[one];
  const std::uint32_t row = rows_.Add(ResultLabels(many_labels, one_labels));
  if (rows_.size() > known) lose_name_.push_back(0);
  if (LosesName(many)) lose_name_[row] = 1;
  return row;
}

Labels JoinTable::ResultLabels(const Labels& many, const Labels& one) const {
  Labels kept = kept_.Of(many);
  if (include_.empty()) return kept;
  LabelsBuilder builder(kept);
  for (const Symbol& name : include_) builder.Set(name, one.Get(name));
  if (binary_.return_bool && !features_.delayed_name_removal) {
    builder.Remove(NameLabels(features_));
  }
  return builder.Build();
}

bool JoinTable::LosesName(std::uint32_t many) const {
  if (!features_.delayed_name_removal || IsArithmetic(binary_.op)) return false;
  return binary_.return_bool || (many != kFilled && many_shape_->drops_name(many));
}

ShapePtr JoinTable::result() const {
  if (result_ != nullptr && result_->size() == rows_.size()) return result_;
  Shape shape;
  shape.labels.reserve(rows_.size());
  for (std::size_t row = 0; row < rows_.size(); ++row) shape.labels.push_back(rows_.first(row));
  if (std::find(lose_name_.begin(), lose_name_.end(), 1) != lose_name_.end()) {
    shape.drop_name = lose_name_;
  }
  return result_ = std::make_shared<const Shape>(std::move(shape));
}

Labels JoinTable::MatchedLabels(std::uint32_t one) const {
  return signature_.Of(one_shape_->labels[one]);
}

}  // namespace tocsin::promql
