#include "base/template/unicode.h"

#include <locale.h>
#include <wctype.h>

#include <array>

#include "base/utf8.h"

namespace tocsin::text_template {
namespace {

constexpr char32_t kReplacement = 0xfffd;

/// Unicode's tables, whatever the locale of the process; part of the C library. Never freed.
locale_t Tables() {
  static const locale_t kTables = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kTables;
}

bool IsAscii(char32_t code) {
  return code < 0x80;
}

std::size_t LengthFrom(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

}  // namespace

Character FirstCharacter(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::string_view whole = text.substr(0, LengthFrom(first));
  if (!IsUtf8(whole)) return {kReplacement, 1};
  char32_t code = first & (0x7fU >> whole.size());
  for (const char next : whole.substr(1)) {
    code = code << 6 | (static_cast<unsigned char>(next) & 0x3fU);
  }
  return {code, whole.size()};
}

void AppendCharacter(std::string& out, char32_t code) {
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (code > 0x10ffff || is_surrogate) code = kReplacement;
  if (IsAscii(code)) {
    out += static_cast<char>(code);
    return;
  }
  const unsigned count = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::array<unsigned, 4> kMarks = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kMarks[count] | code >> (6 * count));
  for (unsigned left = count; left > 0; --left) {
    out += static_cast<char>(0x80U | (code >> (6 * (left - 1)) & 0x3fU));
  }
}

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(FirstCharacter(text).size);
  return count;
}

bool IsLetter(char32_t code) {
  if (!IsAscii(code) && Tables() != nullptr) {
    return iswalpha_l(static_cast<wint_t>(code), Tables()) != 0;
  }
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

bool IsLetterOrDigit(char32_t code) {
  return IsLetter(code) || (code >= '0' && code <= '9');
}

bool IsSpace(char32_t code) {
  if (!IsAscii(code) && Tables() != nullptr) {
    return code == 0xa0 || code == 0x85 || iswspace_l(static_cast<wint_t>(code), Tables()) != 0;
  }
  return code == ' ' || (code >= '\t' && code <= '\r');
}

char32_t ToUpper(char32_t code) {
  if (!IsAscii(code) && Tables() != nullptr) {
    return static_cast<char32_t>(towupper_l(static_cast<wint_t>(code), Tables()));
  }
  return code >= 'a' && code <= 'z' ? code - 'a' + 'A' : code;
}

char32_t ToLower(char32_t code) {
  if (!IsAscii(code) && Tables() != nullptr) {
    return static_cast<char32_t>(towlower_l(static_cast<wint_t>(code), Tables()));
  }
  return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
}

}  // namespace tocsin::text_template
