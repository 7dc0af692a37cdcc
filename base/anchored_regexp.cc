#include "base/anchored_regexp.h"

#include <algorithm>
#include <cstddef>

#include <re2/re2.h>

namespace tocsin {
namespace {

constexpr bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Takes the name of a group off the front of `text`, which follows a $: `1`, `name`, `{name}`.
/// Empty if there is none; then `text` is as before.
std::string_view TakeGroupName(std::string_view& text) {
  const bool braced = !text.empty() && text[0] == '{';
  const std::size_t begin = braced ? 1 : 0;
  std::size_t end = begin;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  if (end == begin || (braced && (end == text.size() || text[end] != '}'))) return {};
  const std::string_view name = text.substr(begin, end - begin);
  text.remove_prefix(braced ? end + 1 : end);
  return name;
}

}  // namespace

AnchoredRegexp::AnchoredRegexp(std::string_view pattern) {
  std::string whole = "^(?s:";
  whole.append(pattern).append(")$");
  regexp_ = std::make_shared<const re2::RE2>(whole, re2::RE2::Quiet);
}

bool AnchoredRegexp::ok() const {
  return regexp_->ok();
}

std::string AnchoredRegexp::problem() const {
  return regexp_->error();
}

bool AnchoredRegexp::Matches(std::string_view text) const {
  return regexp_->Match(text, 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

bool AnchoredRegexp::Match(std::string_view text, Groups& groups) const {
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(regexp_->NumberOfCapturingGroups()) +
                                      1);
  if (!regexp_->Match(text, 0, text.size(), re2::RE2::ANCHOR_BOTH, found.data(),
                      static_cast<int>(found.size()))) {
    return false;
  }
  groups.clear();
  for (const re2::StringPiece& group : found) {
    groups.push_back(group.data() == nullptr ? std::string_view()
                                             : std::string_view(group.data(), group.size()));
  }
  return true;
}

std::string_view AnchoredRegexp::Group(std::string_view name, const Groups& groups) const {
  std::size_t number = 0;
  if (name.find_first_not_of("0123456789") == std::string_view::npos) {
    if (name.size() > 8 || (name.size() > 1 && name[0] == '0')) return {};
    for (const char digit : name) number = number * 10 + static_cast<std::size_t>(digit - '0');
  } else {
    const auto named = regexp_->NamedCapturingGroups().find(std::string(name));
    if (named == regexp_->NamedCapturingGroups().end()) return {};
    number = static_cast<std::size_t>(named->second);
  }
  return number < groups.size() ? groups[number] : std::string_view();
}

std::string AnchoredRegexp::Expand(std::string_view pattern, const Groups& groups) const {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t dollar = std::min(pattern.find('$'), pattern.size());
    text += pattern.substr(0, dollar);
    pattern.remove_prefix(dollar);
    if (pattern.empty()) break;
    pattern.remove_prefix(1);
    if (!pattern.empty() && pattern[0] == '$') {
      text += '$';
      pattern.remove_prefix(1);
    } else if (const std::string_view name = TakeGroupName(pattern); !name.empty()) {
      text += Group(name, groups);
    } else {
      text += '$';
    }
  }
  return text;
}

}  // namespace tocsin
