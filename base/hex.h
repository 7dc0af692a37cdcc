// Numbers in hexadecimal digits.

#pragma once

#include <cstdint>
#include <string>

namespace tocsin {

/// Appends the lowest `digits` hexadecimal digits of `value`, small letters, zeros in front.
void AppendHex(std::string& out, std::uint64_t value, int digits);

}  // namespace tocsin
