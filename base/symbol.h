// Interned text.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace tocsin {

/// A text of which the process holds one copy: equal texts are the same Symbol, so comparing for
/// equality is comparing addresses. Counted, and gone with the last Symbol that names it.
///
/// Any bytes; the empty text too. Copies are safe to use from several threads at once.
class Symbol {
 public:
  /// The empty text.
  Symbol();
  explicit Symbol(std::string_view text);
  Symbol(const Symbol& other);
  Symbol(Symbol&& other) noexcept;
  Symbol& operator=(Symbol other) noexcept;
  ~Symbol();

  std::string_view text() const;
  /// Of the text: the same in every process.
  std::uint64_t hash() const;

  friend bool operator==(const Symbol& a, const Symbol& b) { return a.entry_ == b.entry_; }
  /// By text, bytewise.
  friend std::strong_ordering operator<=>(const Symbol& a, const Symbol& b) {
    if (a.entry_ == b.entry_) return std::strong_ordering::equal;
    return a.text().compare(b.text()) <=> 0;
  }

  /// How many different texts the process holds, for limits and diagnostics.
  static std::size_t Count();

 private:
  struct Entry;
  Entry* entry_;
};

/// Spreads the bits of a hash, for combining several: hash = MixHash(hash ^ next).
std::uint64_t MixHash(std::uint64_t hash);

}  // namespace tocsin

template <>
struct std::hash<tocsin::Symbol> {
  std::size_t operator()(const tocsin::Symbol& symbol) const { return symbol.hash(); }
};
