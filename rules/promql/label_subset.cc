#include "rules/promql/label_subset.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "base/symbol.h"

namespace tocsin::promql {

std::span<const Symbol> NameLabels(const Features& features) {
  static const Symbol kNames[] = {Symbol(kMetricNameLabel), Symbol("__type__"), Symbol("__unit__")};
  return std::span(kNames).first(features.type_and_unit_labels ? 3 : 1);
}

LabelSubset LabelSubset::Only(std::span<const std::string> names) {
  return {true, std::vector<Symbol>(names.begin(), names.end())};
}

LabelSubset LabelSubset::AllBut(std::span<const std::string> names,
                                std::span<const Symbol> others) {
  std::vector<Symbol> all(names.begin(), names.end());
  all.insert(all.end(), others.begin(), others.end());
  return {false, std::move(all)};
}

bool LabelSubset::Has(const Symbol& name) const {
  return (std::find(names_.begin(), names_.end(), name) != names_.end()) == only_;
}

const Label* LabelSubset::Next(const Label* label, const Label* end) const {
  while (label != end && !Has(label->name)) ++label;
  return label;
}

std::uint64_t LabelSubset::Hash(const Labels& labels) const {
  if (is_everything()) return labels.hash();
  if (is_nothing()) return 0;
  std::uint64_t hash = 0;
  for (const Label& label : labels) {
    if (!Has(label.name)) continue;
    hash = MixHash(hash ^ label.name.hash());
    hash = MixHash(hash ^ label.value.hash());
  }
  return hash;
}

bool LabelSubset::Same(const Labels& a, const Labels& b) const {
  if (is_everything()) return a == b;
  if (is_nothing()) return true;
  const Label* x = Next(a.begin(), a.end());
  const Label* y = Next(b.begin(), b.end());
  while (x != a.end() && y != b.end()) {
    if (x->name != y->name || x->value != y->value) return false;
    x = Next(x + 1, a.end());
    y = Next(y + 1, b.end());
  }
  return x == a.end() && y == b.end();
}

Labels LabelSubset::Of(const Labels& labels) const {
  if (std::all_of(labels.begin(), labels.end(), [&](const Label& l) { return Has(l.name); })) {
    return labels;
  }
  LabelsBuilder builder(labels);
  if (only_) {
    builder.Keep(names_);
  } else {
    builder.Remove(names_);
  }
  return builder.Build();
}

LabelSubset LabelSubset::Without(const Symbol& name) const {
  std::vector<Symbol> names = names_;
  if (only_) {
    std::erase(names, name);
  } else if (Has(name)) {
    names.push_back(name);
  }
  return {only_, std::move(names)};
}

SubsetIndex::SubsetIndex(LabelSubset subset, std::size_t expected)
    : subset_(std::move(subset)), slots_(std::bit_ceil(2 * expected + 2)) {}

std::uint32_t SubsetIndex::Add(const Labels& labels) {
  const std::uint64_t hash = subset_.Hash(labels);
  Slot* slot = &Find(hash, labels);
  if (slot->number_plus_one != 0) return slot->number_plus_one - 1;
  if (2 * (firsts_.size() + 1) > slots_.size()) {
    Grow();
    slot = &Find(hash, labels);
  }
  firsts_.push_back(labels);
  *slot = {hash, static_cast<std::uint32_t>(firsts_.size())};
  return slot->number_plus_one - 1;
}

SubsetIndex::Slot& SubsetIndex::Find(std::uint64_t hash, const Labels& labels) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.number_plus_one == 0) return slot;
    if (slot.hash == hash && subset_.Same(firsts_[slot.number_plus_one - 1], labels)) return slot;
  }
}

void SubsetIndex::Grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number_plus_one == 0) continue;
    std::size_t i = slot.hash & mask;
    while (slots_[i].number_plus_one != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

Buckets::Buckets(std::span<const std::uint32_t> bucket_of, std::size_t count)
    : begins_(count + 1), members_(bucket_of.size()) {
  for (const std::uint32_t bucket : bucket_of) ++begins_[bucket + 1];
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
  for (std::uint32_t i = 0; i < bucket_of.size(); ++i) members_[next[bucket_of[i]]++] = i;
}

}  // namespace tocsin::promql
