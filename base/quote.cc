#include "base/quote.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"

namespace tocsin {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

/// What is not printable although it is a character: separators, format and control characters,
/// private use, and non-characters. Ascending.
constexpr Range kUnprintable[] = {
    {0x80, 0xa0},       {0xad, 0xad},        {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},      {0x1680, 0x1680},   {0x180e, 0x180e},
    {0x2000, 0x200f},   {0x2028, 0x202f},    {0x205f, 0x206f},   {0x3000, 0x3000},
    {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},    {0xfeff, 0xfeff},   {0xfff0, 0xfffb},
    {0xfffe, 0xffff},   {0x110bd, 0x110bd},  {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff},
    {0x2fffe, 0x2ffff}, {0xe0000, 0x10ffff},
};

bool IsPrintable(std::uint32_t character) {
  if (character < 0x80) return character >= 0x20 && character < 0x7f;
  const auto* const range =
      std::lower_bound(std::begin(kUnprintable), std::end(kUnprintable), character,
                       [](const Range& r, std::uint32_t c) { return r.last < c; });
  return range == std::end(kUnprintable) || character < range->first;
}

/// How many bytes the character that begins with `first` has, if it is well-formed.
std::size_t LengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

std::uint32_t Decode(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t value = first & (0x7fU >> character.size());
  for (const char next : character.substr(1)) {
    value = value << 6 | (static_cast<unsigned char>(next) & 0x3fU);
  }
  return value;
}

void AppendEscaped(std::string& out, std::uint32_t character) {
  constexpr std::string_view kLetters = "abtnvfr";  // From 7 to 13.
  if (character >= 7 && character <= 13) {
    out += '\\';
    out += kLetters[character - 7];
  } else if (character < 0x20 || character == 0x7f) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", character);
  } else if (character < 0x10000) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", character);
  } else {
    fmt::format_to(std::back_inserter(out), "\\U{:08x}", character);
  }
}

}  // namespace

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::string_view character =
        text.substr(0, LengthOf(static_cast<unsigned char>(text[0])));
    if (!IsUtf8(character)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    const std::uint32_t value = Decode(character);
    if (value == '"' || value == '\\') {
      out += '\\';
      out += character;
    } else if (IsPrintable(value)) {
      out += character;
    } else {
      AppendEscaped(out, value);
    }
    text.remove_prefix(character.size());
  }
  out += '"';
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(out, text);
  return out;
}

}  // namespace tocsin
