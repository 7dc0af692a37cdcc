#include "base/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "base/hex.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

/// `c` is one that a JSON string cannot hold as it is.
void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u";
  AppendHex(out, static_cast<unsigned char>(c), 4);
}

/// Of a text that is UTF-8.
void AppendEscaped(std::string& out, std::string_view text) {
  const auto needs_escape = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    const char* const special = std::find_if(at, end, needs_escape);
    out.append(at, special);
    if (special == end) return;
    AppendEscaped(out, *special);
    at = special + 1;
  }
}

/// IsPlain() of eight bytes at once: each test has a high bit wherever a byte is what it looks for,
/// and no bit if none is. Source: "Bit Twiddling Hacks", "Determine if a word has a zero byte".
bool ArePlain(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = kOnes * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const auto has_less = [](std::uint64_t of, std::uint64_t bound) {
    return (of - kOnes * bound) & ~of;
  };
  const std::uint64_t quotes = has_less(word ^ kOnes * '"', 1);
  const std::uint64_t slashes = has_less(word ^ kOnes * '\\', 1);
  return ((word | has_less(word, 0x20) | quotes | slashes) & kHigh) == 0;
}

/// Whether a JSON string may hold `text` as it is.
bool ArePlain(std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (text.size() < kWord) return std::all_of(text.begin(), text.end(), IsPlain);
  const char* const last = text.data() + text.size() - kWord;
  for (const char* at = text.data(); at < last; at += kWord) {
    if (!ArePlain(at)) return false;
  }
  return ArePlain(last);
}

template <class T>
void AppendChars(std::string& out, T value) {
  std::array<char, 32> text{};
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  if (ArePlain(text)) {
    out += text;
  } else if (IsUtf8(text)) {
    AppendEscaped(out, text);
  } else {
    AppendEscaped(out, ToUtf8(text));
  }
  out += '"';
}

JsonWriter& JsonWriter::Begin(char bracket) {
  Separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  AppendJsonString(out_, name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  Separate();
  AppendJsonString(out_, text);
  return *this;
}

JsonWriter& JsonWriter::Integer(std::int64_t value) {
  Separate();
  AppendChars(out_, value);
  return *this;
}

JsonWriter& JsonWriter::Number(double value) {
  if (!std::isfinite(value)) return Raw("null");
  Separate();
  AppendChars(out_, value);
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_ += json;
  return *this;
}

}  // namespace tocsin
