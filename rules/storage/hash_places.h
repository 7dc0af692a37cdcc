// Where things stand in a list, by their hashes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace tocsin {

/// A hash table of the places of things that somebody else keeps in a list. A part of the hash
/// stands beside the place, so that neither looking up nor growing touches other things, each of
/// which is not in the cache: with a node for each, loading takes several times as long.
class HashPlaces {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  /// The place with this hash for which `is` holds, or kNone.
  template <class Is>
  std::uint32_t Find(std::uint64_t hash, Is is) const {
    if (slots_.empty()) return kNone;
    const auto part = static_cast<std::uint32_t>(hash);
    for (std::size_t at = part & mask(); slots_[at].place_plus_one != 0; at = (at + 1) & mask()) {
      if (slots_[at].part == part && is(slots_[at].place_plus_one - 1)) {
        return slots_[at].place_plus_one - 1;
      }
    }
    return kNone;
  }

  /// Adds a place that is not there.
  void Add(std::uint64_t hash, std::uint32_t place) {
    Reserve(++size_);
    Insert({static_cast<std::uint32_t>(hash), place + 1});
  }

  /// Takes the memory for `count` places at once.
  void Reserve(std::size_t count) {
    std::size_t slots = std::max(kFewestSlots, slots_.size());
    while (count * 3 > slots * 2) slots *= 2;
    if (slots > slots_.size()) Rehash(slots);
  }

  /// Asks for the memory that Find() and Add() begin with.
  void Prefetch(std::uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[static_cast<std::uint32_t>(hash) & mask()], 1);
  }

  /// Replaces each place by `places` of it, and removes it if that is kNone.
  void Renumber(std::span<const std::uint32_t> places) {
    const std::vector<Slot> old = std::exchange(slots_, {});
    size_ = 0;
    for (const Slot& slot : old) {
      if (slot.place_plus_one == 0) continue;
      const std::uint32_t place = places[slot.place_plus_one - 1];
      if (place != kNone) Add(slot.part, place);
    }
  }

  std::size_t MemoryBytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::size_t kFewestSlots = 16;
  struct Slot {
    std::uint32_t part = 0;            ///< Of the hash.
    std::uint32_t place_plus_one = 0;  ///< 0: free.
  };

  std::size_t mask() const { return slots_.size() - 1; }

  void Insert(Slot slot) {
    std::size_t at = slot.part & mask();
    while (slots_[at].place_plus_one != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  void Rehash(std::size_t slots) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
    for (const Slot& slot : old) {
      if (slot.place_plus_one != 0) Insert(slot);
    }
  }

  std::vector<Slot> slots_;  ///< As many as a power of two, a third of them free; or none.
  std::size_t size_ = 0;
};

}  // namespace tocsin
