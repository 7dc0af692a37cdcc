#include "rules/storage/matcher.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <re2/re2.h>

#include "base/metric.h"
#include "base/quote.h"

namespace tocsin {
namespace {

/// RE2 refuses what would take more than this, compiled.
constexpr std::int64_t kMostRegexpMemory = 8 << 20;

bool IsMeta(char c) {
  return std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos;
}

/// The text that a pattern without any special character stands for; nothing if it has one. An
/// escaped special character stands for itself.
std::optional<std::string> Literal(std::string_view pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i == pattern.size() || !IsMeta(pattern[i])) return std::nullopt;
    } else if (IsMeta(pattern[i])) {
      return std::nullopt;
    }
    text += pattern[i];
  }
  return text;
}

/// The alternatives of a plain `a|b|c`; empty for any other pattern.
std::vector<std::string> Alternatives(std::string_view pattern) {
  std::vector<std::string> found;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    if (i < pattern.size() && pattern[i] == '\\') {
      ++i;  // What follows is not a separator.
      continue;
    }
    if (i < pattern.size() && pattern[i] != '|') continue;
    std::optional<std::string> literal = Literal(pattern.substr(begin, i - begin));
    if (!literal) return {};
    found.push_back(std::move(*literal));
    begin = i + 1;
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// The literal text that `pattern` starts with.
std::string LiteralPrefix(std::string_view pattern) {
  if (pattern.find('|') != std::string_view::npos) return {};
  std::size_t end = 0;
  while (end < pattern.size() && !IsMeta(pattern[end])) ++end;
  // `ab*`, `ab?` and `ab{0,1}` match without the b; the b may have several bytes.
  if (end < pattern.size() &&
      std::string_view("*?{").find(pattern[end]) != std::string_view::npos) {
    while (end > 0 && (static_cast<unsigned char>(pattern[end - 1]) & 0xc0U) == 0x80) --end;
    if (end > 0) --end;
  }
  return std::string(pattern.substr(0, end));
}

RE2::Options RegexpOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostRegexpMemory);
  options.set_dot_nl(true);
  return options;
}

}  // namespace

struct Matcher::Regexp {
  explicit Regexp(const std::string& pattern) : compiled(pattern, RegexpOptions()) {}
  RE2 compiled;
  std::vector<std::string> set;
  std::string prefix;
  bool is_anything = false;   ///< `.*`
  bool is_something = false;  ///< `.+`

  bool Matches(std::string_view text) const {
    if (is_anything) return true;
    if (is_something) return !text.empty();
    if (!set.empty()) return std::binary_search(set.begin(), set.end(), text);
    if (!text.starts_with(prefix)) return false;
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled);
  }
};

std::string_view Name(MatchType type) {
  switch (type) {
    case MatchType::kEqual: return "=";
    case MatchType::kNotEqual: return "!=";
    case MatchType::kRegexp: return "=~";
    case MatchType::kNotRegexp: return "!~";
  }
  return "";
}

Result<Matcher> Matcher::Make(MatchType type, std::string_view name, std::string_view value) {
  Matcher matcher;
  matcher.type_ = type;
  matcher.name_ = Symbol(name);
  matcher.value_ = std::string(value);
  if (type == MatchType::kRegexp || type == MatchType::kNotRegexp) {
    auto regexp = std::make_shared<Regexp>(matcher.value_);
    if (!regexp->compiled.ok()) {
      return Error{ErrorCode::kInvalidInput, "error parsing regexp: " + regexp->compiled.error()};
    }
    regexp->is_anything = value == ".*";
    regexp->is_something = value == ".+";
    regexp->set = Alternatives(value);
    regexp->prefix = LiteralPrefix(value);
    matcher.regexp_ = std::move(regexp);
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

bool Matcher::Matches(std::string_view label_value) const {
  switch (type_) {
    case MatchType::kEqual: return label_value == value_;
    case MatchType::kNotEqual: return label_value != value_;
    case MatchType::kRegexp: return regexp_->Matches(label_value);
    case MatchType::kNotRegexp: return !regexp_->Matches(label_value);
  }
  return false;
}

const std::vector<std::string>& Matcher::set() const {
  static const std::vector<std::string> kUnknown;
  return regexp_ == nullptr ? kUnknown : regexp_->set;
}

std::string_view Matcher::prefix() const {
  return regexp_ == nullptr ? std::string_view() : std::string_view(regexp_->prefix);
}

std::string Matcher::ToString() const {
  std::string text;
  const std::string_view name = name_.text();
  if (IsMetricName(name) && name.find(':') == std::string_view::npos) {
    text = name;
  } else {
    AppendQuoted(text, name);
  }
  text += Name(type_);
  AppendQuoted(text, value_);
  return text;
}

}  // namespace tocsin
