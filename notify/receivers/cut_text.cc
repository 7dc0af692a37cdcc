#include "notify/receivers/cut_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Without the beginning of an entity that the end of `text` may be.
std::string_view WithoutHalfEntity(std::string_view text) {
  constexpr std::size_t kLongestEntity = 5;
  const std::size_t begin = text.rfind('&');
  if (begin == std::string_view::npos || text.size() - begin > kLongestEntity) return text;
  return text.find(';', begin) == std::string_view::npos ? text.substr(0, begin) : text;
}

std::string WithEllipsis(std::string_view text) {
  return std::string(WithoutHalfEntity(text)).append(kEllipsis);
}

}  // namespace

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

std::string CutToCharacters(std::string_view text, std::size_t most) {
  std::string valid = ToUtf8(text);
  if (CountCharacters(valid) <= most) return valid;
  if (most == 0) return {};
  std::size_t end = 0;
  std::size_t count = 0;
  for (; end < valid.size(); ++end) {
    if (!IsContinuation(valid[end]) && ++count == most) break;
  }
  return WithEllipsis(std::string_view(valid).substr(0, end));
}

std::string CutToBytes(std::string_view text, std::size_t most) {
  std::string valid = ToUtf8(text);
  if (valid.size() <= most) return valid;
  if (most < kEllipsis.size()) return {};
  std::size_t end = most - kEllipsis.size();
  while (end > 0 && IsContinuation(valid[end])) --end;
  return WithEllipsis(std::string_view(valid).substr(0, end));
}

}  // namespace tocsin::notify
