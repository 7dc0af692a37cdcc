// Chance that repeats itself.

#pragma once

#include <cstdint>
#include <random>
#include <string>

#include <fmt/format.h>

namespace tocsin::demo {

/// The same numbers for the same seed, on every machine: the engine's output is fixed by the C++
/// standard, which std::uniform_int_distribution's is not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// From `least` to `most`, both included. The bias of the modulo does not matter here.
  std::int64_t Between(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }

  bool Chance(int percent) { return Between(1, 100) <= percent; }

  /// A random UUID, version 4.
  std::string Uuid() {
    const std::uint64_t high = engine_();
    const std::uint64_t low = engine_();
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                       high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffffffffffff);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tocsin::demo
