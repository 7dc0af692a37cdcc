// Telling series apart by some of their labels: what grouping and vector matching have in common.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/labels.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The labels that go when a metric's name goes: the name, and with type_and_unit_labels also
/// __type__ and __unit__.
std::span<const Symbol> NameLabels(const Features& features);

/// Some labels of any label set: those named, or all but those named. Immutable.
class LabelSubset {
 public:
  static LabelSubset Only(std::span<const std::string> names);
  /// All but `names` and `others`.
  static LabelSubset AllBut(std::span<const std::string> names, std::span<const Symbol> others);

  bool Has(const Symbol& name) const;
  /// Whether the subset of any label set is the whole set.
  bool is_everything() const { return !only_ && names_.empty(); }
  /// Whether the subset of any label set is empty, as `by ()` and `on()` say.
  bool is_nothing() const { return only_ && names_.empty(); }
  /// Equal for label sets whose subsets are Same().
  std::uint64_t Hash(const Labels& labels) const;
  bool Same(const Labels& a, const Labels& b) const;
  Labels Of(const Labels& labels) const;

  /// This subset without `name`.
  LabelSubset Without(const Symbol& name) const;

 private:
  LabelSubset(bool only, std::vector<Symbol> names) : only_(only), names_(std::move(names)) {}
  const Label* Next(const Label* label, const Label* end) const;

  bool only_;
  std::vector<Symbol> names_;  ///< Few, so that searching one by one is fastest.
};

/// Numbers label sets by their subset, in order of first appearance: 0, 1, 2 ... One thread at a
/// time.
class SubsetIndex {
 public:
  /// `expected`: how many different subsets there will be at most, roughly.
  SubsetIndex(LabelSubset subset, std::size_t expected);

  /// The number of all label sets with this subset.
  std::uint32_t Add(const Labels& labels);
  std::size_t size() const { return firsts_.size(); }
  /// The first label set with this number.
  const Labels& first(std::size_t number) const { return firsts_[number]; }
  const LabelSubset& subset() const { return subset_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t number_plus_one = 0;  ///< 0: empty.
  };
  void Grow();
  Slot& Find(std::uint64_t hash, const Labels& labels);

  LabelSubset subset_;
  std::vector<Labels> firsts_;
  std::vector<Slot> slots_;  ///< Open addressing; a power of two, at most half full.
};

/// Series sorted into buckets; inside a bucket they are ascending. Immutable.
class Buckets {
 public:
  Buckets() = default;
  /// `bucket_of[i]` is that of series i, below `count`.
  Buckets(std::span<const std::uint32_t> bucket_of, std::size_t count);

  std::size_t size() const { return begins_.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t bucket) const {
    return {members_.data() + begins_[bucket], begins_[bucket + 1] - begins_[bucket]};
  }

 private:
  std::vector<std::uint32_t> begins_{0};
  std::vector<std::uint32_t> members_;
};

}  // namespace tocsin::promql
