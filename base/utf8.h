#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

/// `text` with U+FFFD in place of each byte that is not part of a well-formed character.
std::string ToUtf8(std::string_view text);

}  // namespace tocsin
