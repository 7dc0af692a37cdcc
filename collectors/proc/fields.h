// Lines, words and numbers, as the kernel's text files have them.

#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"
#include "base/utf8.h"

namespace tocsin::collectors {

/// Takes the next line off `text`, without its newline; nothing at the end. A last line that lacks
/// its newline is a line, too.
inline std::optional<std::string_view> TakeLine(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Takes the next word off `line`: what stands between spaces and tabs. Empty at the end.
inline std::string_view TakeWord(std::string_view& line) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) ++begin;
  std::size_t end = begin;
  while (end < line.size() && !is_blank(line[end])) ++end;
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

/// `text` without the spaces, tabs and newlines around it.
inline std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
}

/// All of `word` as a whole number; nothing if it is none, or does not fit.
inline std::optional<std::uint64_t> ParseCount(std::string_view word) {
  std::uint64_t count = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return count;
}

/// The same with a sign in front of it.
inline std::optional<double> ParseSigned(std::string_view word) {
  const bool negative = word.starts_with('-');
  const std::optional<std::uint64_t> count = ParseCount(word.substr(negative ? 1 : 0));
  if (!count) return std::nullopt;
  return negative ? -static_cast<double>(*count) : static_cast<double>(*count);
}

/// "expected WHAT, got 'LINE'", kCorrupt.
inline Error Malformed(std::string_view what, std::string_view line) {
  constexpr std::size_t kMostShown = 80;
  return {ErrorCode::kCorrupt,
          "expected " + std::string(what) + ", got '" + ToUtf8(line.substr(0, kMostShown)) + "'"};
}

/// Calls `take(key, value)` for each line that is a word and a number; negative numbers count.
/// Other lines are passed over: the kernel adds what it likes. Fails with kCorrupt if no line at
/// all was of that form, unless the text is empty.
template <class Take>
Status ReadKeyValues(std::string_view text, Take take) {
  const std::string_view all = text;
  bool found = false;
  while (const auto line = TakeLine(text)) {
    std::string_view rest = *line;
    const std::string_view key = TakeWord(rest);
    const std::optional<double> value = ParseSigned(TakeWord(rest));
    if (!value) continue;
    found = true;
    take(key, *value);
  }
  if (!found && !Trimmed(all).empty()) return Malformed("lines of a name and a number", all);
  return {};
}

}  // namespace tocsin::collectors
