// Random choices that are the same for the same seed on every machine.

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace tocsin::promql {

/// One thread at a time. The standard's distributions differ between libraries, so they are not
/// used.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0, 1 ... `limit` - 1.
  std::size_t Below(std::size_t limit) { return engine_() % limit; }
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::size_t>(high - low + 1)));
  }
  /// True once in `n` times.
  bool OneIn(std::size_t n) { return Below(n) == 0; }
  template <class List>
  const auto& From(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(Below(std::size(list))));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tocsin::promql
