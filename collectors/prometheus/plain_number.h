// The numbers that pages are full of, read fast.

#pragma once

#include <array>
#include <cstdint>

namespace tocsin::collectors {

/// Reads "123", "-0.5": a decimal without an exponent whose digits make a whole number below 2^53.
/// Then both that number and the power of ten are exact doubles, and their quotient is the nearest
/// double to the decimal, as any other reader would find. Answers where it ends, or null if it is
/// anything else, which base/number.h may know. Something that is no digit must follow.
inline const char* ReadPlainNumber(const char* text, double& value) {
  constexpr std::array<double, 16> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  constexpr int kMostDigits = 15;
  const bool negative = *text == '-';
  if (negative) ++text;
  std::uint64_t digits = 0;
  const char* const begin = text;
  for (; *text >= '0' && *text <= '9'; ++text) {
    digits = digits * 10 + static_cast<std::uint64_t>(*text - '0');
  }
  auto count = text - begin;
  if (count == 0) return nullptr;
  std::int64_t behind_point = 0;
  if (*text == '.') {
    const char* const point = text++;
    for (; *text >= '0' && *text <= '9'; ++text) {
      digits = digits * 10 + static_cast<std::uint64_t>(*text - '0');
    }
    behind_point = text - point - 1;
    count += behind_point;
  }
  if (count > kMostDigits) return nullptr;  // `digits` may even have gone round.
  const double whole =
      static_cast<double>(digits) / kPowers[static_cast<std::size_t>(behind_point)];
  value = negative ? -whole : whole;
  return text;
}

}  // namespace tocsin::collectors
