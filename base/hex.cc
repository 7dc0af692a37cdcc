#include "base/hex.h"

#include <string_view>

namespace tocsin {

void AppendHex(std::string& out, std::uint64_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr int kBitsPerDigit = 4;
  for (int digit = digits - 1; digit >= 0; --digit) {
    out += kDigits[(value >> (digit * kBitsPerDigit)) & 0xf];
  }
}

}  // namespace tocsin
