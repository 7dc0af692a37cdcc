// ASCII text: what must not depend on the locale.

#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// `c` in lower case if it is an ASCII capital, and as it is otherwise.
constexpr char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// `text` with its ASCII capitals in lower case.
std::string LowerCase(std::string_view text);

/// `text` with its first character in lower case: the words of libraries within a message.
std::string Uncapitalized(std::string text);

/// Whether the two differ in nothing but the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace tocsin
