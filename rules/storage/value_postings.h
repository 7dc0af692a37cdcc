// The values of one label, and the series that have each.

#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "base/symbol.h"
#include "rules/storage/hash_places.h"
#include "rules/storage/postings.h"

namespace tocsin {

/// Postings by the value of a label, one after the other in the order in which the values came.
class ValuePostings {
 public:
  struct Entry {
    Symbol value;
    Postings postings = {};
  };

  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  /// By its number, which is below size().
  Entry& at(std::uint32_t number) { return entries_[number]; }

  /// Null if no series has the value.
  const Postings* Find(const Symbol& value) const {
    const std::uint32_t number = NumberOf(value);
    return number == HashPlaces::kNone ? nullptr : &entries_[number].postings;
  }

  /// The number of the entry, and whether it is new.
  std::pair<std::uint32_t, bool> FindOrAdd(const Symbol& value) {
    const std::uint32_t known = NumberOf(value);
    if (known != HashPlaces::kNone) return {known, false};
    const auto number = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({.value = value});
    next_.push_back(number);
    numbers_.Add(value.hash(), number);
    return {number, true};
  }

  /// The same, if the value comes after the one with the number `previous`. Values that come in the
  /// order in which they came before are found without their hash, which the thread that makes
  /// labels may be writing beside: it counts who has the text.
  std::pair<std::uint32_t, bool> FindOrAddAfter(std::uint32_t previous, const Symbol& value) {
    const std::uint32_t expected = next_[previous];
    if (entries_[expected].value == value) return {expected, false};
    const auto found = FindOrAdd(value);
    next_[previous] = found.first;
    return found;
  }

  /// See Postings::Renumber(). Values that no series has any more are gone.
  void Renumber(std::span<const std::uint32_t> places, std::uint32_t none) {
    std::vector<std::uint32_t> new_numbers(entries_.size(), HashPlaces::kNone);
    std::uint32_t kept = 0;
    for (std::size_t number = 0; number < entries_.size(); ++number) {
      entries_[number].postings.Renumber(places, none);
      if (entries_[number].postings.size() == 0) continue;
      new_numbers[number] = kept;
      if (kept != number) entries_[kept] = std::move(entries_[number]);
      ++kept;
    }
    if (kept == entries_.size()) return;
    entries_.erase(entries_.begin() + kept, entries_.end());
    entries_.shrink_to_fit();
    next_.resize(kept);
    std::iota(next_.begin(), next_.end(), 0);
    numbers_.Renumber(new_numbers);
  }

 private:
  std::uint32_t NumberOf(const Symbol& value) const {
    return numbers_.Find(value.hash(), [&](std::uint32_t i) { return entries_[i].value == value; });
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> next_;  ///< Which value came after each last time: a guess.
  HashPlaces numbers_;               ///< Of the entries.
};

}  // namespace tocsin
