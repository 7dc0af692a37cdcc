// Characters beyond ASCII: reading them from UTF-8, their case and what they are.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::text_template {

/// A character and how many bytes it takes. A byte that is no UTF-8 is U+FFFD with a size of 1.
struct Character {
  char32_t code;
  std::size_t size;
};

/// The first character of `text`, which is not empty.
Character FirstCharacter(std::string_view text);
void AppendCharacter(std::string& out, char32_t code);
/// How many characters `text` has; each wrong byte is one.
std::size_t CountCharacters(std::string_view text);

bool IsLetter(char32_t code);
bool IsLetterOrDigit(char32_t code);
bool IsSpace(char32_t code);
char32_t ToUpper(char32_t code);
char32_t ToLower(char32_t code);

}  // namespace tocsin::text_template
