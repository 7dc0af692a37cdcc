#include "notify/label_matcher.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/literal.h"
#include "base/template/unicode.h"
#include "base/utf8.h"

namespace tocsin::notify {
namespace {

using Kind = LabelMatcher::Kind;
using text_template::Character;

// Those that begin with another one stand before it.
constexpr std::array<std::pair<std::string_view, Kind>, 4> kOperators = {{
    {"=~", Kind::kRegexp},
    {"!~", Kind::kNotRegexp},
    {"!=", Kind::kNotEqual},
    {"=", Kind::kEqual},
}};

const std::pair<std::string_view, Kind>* FindOperator(std::string_view text) {
  for (const auto& entry : kOperators) {
    if (text.starts_with(entry.first)) return &entry;
  }
  return nullptr;
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// What cannot stand in a text without quotes.
bool IsReserved(char32_t code) {
  constexpr std::u32string_view kReserved = U"{}!=~,\\\"'`";
  return kReserved.find(code) != std::u32string_view::npos || text_template::IsSpace(code);
}

std::size_t CountWhile(std::string_view text, bool (*holds)(char32_t)) {
  std::size_t count = 0;
  while (count < text.size()) {
    const Character character = text_template::FirstCharacter(text.substr(count));
    if (!holds(character.code)) break;
    count += character.size;
  }
  return count;
}

// --- The UTF-8 form ------------------------------------------------------------------------------

/// Names and values alike are texts in quotes, with Go's escapes, or without quotes and without
/// reserved characters.
class Utf8Parser {
 public:
  explicit Utf8Parser(std::string_view text) : text_(text) {}

  Result<LabelMatchers> Parse() {
    const bool has_brace = Skip("{");
    LabelMatchers matchers;
    while (!AtEnd() && !Looks("}")) {
      Result<LabelMatcher> matcher = ParseOne();
      if (!matcher) return matcher.error();
      matchers.push_back(*std::move(matcher));
      if (!Skip(",") && !AtEnd() && !Looks("}")) return Expected("a comma or a closing brace");
    }
    if (has_brace && !Skip("}")) return Expected("a closing brace");
    if (!AtEnd()) return Expected("the end");
    return matchers;
  }

 private:
  Result<LabelMatcher> ParseOne() {
    Result<std::string> name = ParseText("the name of a label");
    if (!name) return name.error();
    SkipSpace();
    const auto* const found = FindOperator(Rest());
    if (found == nullptr) return Expected("=, !=, =~ or !~");
    position_ += found->first.size();
    Result<std::string> value = ParseText("a value");
    if (!value) return value.error();
    return LabelMatcher::Make(*std::move(name), found->second, *std::move(value));
  }

  Result<std::string> ParseText(std::string_view what) {
    SkipSpace();
    if (Looks("\"")) return ParseQuoted();
    const std::size_t size = CountWhile(Rest(), [](char32_t code) { return !IsReserved(code); });
    if (size == 0) return Expected(what);
    return std::string(Take(size));
  }

  Result<std::string> ParseQuoted() {
    const std::string_view rest = Rest();
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2U : 1U;
    if (end >= rest.size()) return Expected("a closing quote");
    const std::size_t begin = position_;
    Result<std::string> text = text_template::Unquote(Take(end + 1));
    if (text && IsUtf8(*text)) return text;
    position_ = begin;
    return Expected("a text in quotes with valid escapes");
  }

  std::string_view Rest() const { return text_.substr(position_); }

  std::string_view Take(std::size_t size) {
    const std::string_view taken = text_.substr(position_, size);
    position_ += size;
    return taken;
  }

  void SkipSpace() { position_ += CountWhile(Rest(), text_template::IsSpace); }

  bool AtEnd() {
    SkipSpace();
    return position_ == text_.size();
  }

  bool Looks(std::string_view token) {
    SkipSpace();
    return Rest().starts_with(token);
  }

  bool Skip(std::string_view token) {
    const bool is_there = Looks(token);
    if (is_there) position_ += token.size();
    return is_there;
  }

  Error Expected(std::string_view what) const {
    const std::string_view rest = Rest();
    const std::string got =
        rest.empty() ? "the end" : Quoted(rest.substr(0, text_template::FirstCharacter(rest).size));
    return Invalid(fmt::format("column {}: expected {}, got {}", position_ + 1, what, got));
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

// --- The classic form ----------------------------------------------------------------------------

constexpr std::string_view kClassicSpace = "\t\n\f\r ";

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kClassicSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kClassicSpace) + 1 - begin);
}

bool IsClassicNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

std::size_t ClassicNameSize(std::string_view text) {
  if (text.empty() || !IsClassicNameStart(text.front())) return 0;
  const auto is_in = [](char c) { return IsClassicNameStart(c) || (c >= '0' && c <= '9'); };
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_in);
  return static_cast<std::size_t>(end - text.begin());
}

/// OpenMetrics' escapes; any other backslash stands for itself. Quotes are optional, but both or
/// none.
Result<std::string> ClassicValue(std::string_view raw) {
  const bool is_quoted = raw.starts_with('"');
  const Error stray = Invalid(fmt::format("a stray quote in the value {}", raw));
  if (is_quoted) {
    if (raw.size() < 2 || !raw.ends_with('"')) return stray;
    raw = raw.substr(1, raw.size() - 2);
  }
  std::string value;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '"') return stray;
    const bool is_last = i + 1 == raw.size();
    if (is_quoted && is_last && raw[i] == '\\') return stray;  // It escapes the closing quote.
    const char next = raw[i] == '\\' && !is_last ? raw[i + 1] : '\0';
    if (next != 'n' && next != '"' && next != '\\') {
      value += raw[i];
      continue;
    }
    value += next == 'n' ? '\n' : next;
    ++i;
  }
  return value;
}

Result<LabelMatcher> ParseClassicMatcher(std::string_view text) {
  std::string_view rest = Trimmed(text);
  const std::size_t size = ClassicNameSize(rest);
  const std::string_view name = rest.substr(0, size);
  rest = Trimmed(rest.substr(size));
  const auto* const found = FindOperator(rest);
  if (size == 0 || found == nullptr) return Invalid(fmt::format("not a matcher: {}", text));
  Result<std::string> value = ClassicValue(Trimmed(rest.substr(found->first.size())));
  if (!value) return value.error();
  return LabelMatcher::Make(std::string(name), found->second, *std::move(value));
}

/// The parts between commas outside of quotes.
std::vector<std::string_view> SplitClassic(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  bool is_quoted = false;
  bool is_escaped = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' && !is_quoted) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
    if (c == '"' && !is_escaped) is_quoted = !is_quoted;
    is_escaped = c == '\\' && !is_escaped;
  }
  if (!Trimmed(text.substr(begin)).empty()) parts.push_back(text.substr(begin));
  return parts;
}

Result<LabelMatchers> ParseClassic(std::string_view text) {
  if (text.starts_with('{')) text.remove_prefix(1);
  if (text.ends_with('}')) text.remove_suffix(1);
  LabelMatchers matchers;
  for (const std::string_view part : SplitClassic(text)) {
    Result<LabelMatcher> matcher = ParseClassicMatcher(part);
    if (!matcher) return matcher.error();
    matchers.push_back(*std::move(matcher));
  }
  return matchers;
}

// --- Both ----------------------------------------------------------------------------------------

auto Order(const LabelMatcher& matcher) {
  return std::tie(matcher.name, matcher.value, matcher.kind);
}

bool AreSame(const LabelMatchers& a, const LabelMatchers& b) {
  const auto same = [](const LabelMatcher& x, const LabelMatcher& y) {
    return Order(x) == Order(y);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool ComesBefore(const LabelMatcher& a, const LabelMatcher& b) {
  return Order(a) < Order(b);
}

/// A label's value as OpenMetrics has it.
std::string QuotedValue(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

Result<LabelMatcher> LabelMatcher::Make(std::string name, Kind kind, std::string value) {
  if (name.empty()) return Invalid("a matcher needs the name of a label");
  if (!IsUtf8(name) || !IsUtf8(value)) return Invalid("a matcher has to be UTF-8");
  LabelMatcher matcher{std::move(name), kind, std::move(value)};
  if (kind == Kind::kEqual || kind == Kind::kNotEqual) return matcher;
  AnchoredRegexp regexp(matcher.value);
  if (!regexp.ok()) return Invalid(regexp.problem());
  matcher.regexp = std::move(regexp);
  return matcher;
}

bool LabelMatcher::Matches(const Labels& labels) const {
  const std::string_view found = labels.Get(name);
  switch (kind) {
    case Kind::kEqual: return found == value;
    case Kind::kNotEqual: return found != value;
    case Kind::kRegexp: return regexp->Matches(found);
    case Kind::kNotRegexp: return !regexp->Matches(found);
  }
  return false;
}

std::string LabelMatcher::ToString() const {
  const bool is_plain =
      CountWhile(name, [](char32_t code) { return !IsReserved(code); }) == name.size();
  // Alertmanager prints both like that, and keys of groups are made of it.
  if (!is_plain) return Quoted(name).append(Name(kind)).append(Quoted(value));
  return std::string(name).append(Name(kind)).append(QuotedValue(value));
}

std::string_view Name(LabelMatcher::Kind kind) {
  for (const auto& [text, known] : kOperators) {
    if (known == kind) return text;
  }
  return {};
}

bool Matches(const LabelMatchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const LabelMatcher& matcher) { return matcher.Matches(labels); });
}

std::string ToString(const LabelMatchers& matchers) {
  std::vector<const LabelMatcher*> sorted;
  sorted.reserve(matchers.size());
  for (const LabelMatcher& matcher : matchers) sorted.push_back(&matcher);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return ComesBefore(*a, *b); });
  std::string text = "{";
  for (const LabelMatcher* matcher : sorted) {
    if (text.size() > 1) text += ',';
    text += matcher->ToString();
  }
  return text + '}';
}

Result<LabelMatcher> ParseLabelMatcher(std::string_view text) {
  if (text.starts_with('{') || text.ends_with('}')) {
    return Invalid("expected one matcher without braces");
  }
  Result<LabelMatchers> matchers = ParseLabelMatchers(text);
  if (!matchers) return matchers.error();
  if (matchers->size() != 1) {
    return Invalid(fmt::format("expected one matcher, got {}", matchers->size()));
  }
  return std::move(matchers->front());
}

Result<LabelMatchers> ParseLabelMatchers(std::string_view text) {
  if (!IsUtf8(text)) return Invalid("a matcher has to be UTF-8");
  Result<LabelMatchers> modern = Utf8Parser(text).Parse();
  Result<LabelMatchers> classic = ParseClassic(text);
  if (!classic) return modern;
  // Where both are right and disagree, what was meant is older than the UTF-8 form.
  if (!modern || !AreSame(*modern, *classic)) return classic;
  return modern;
}

LabelMatchers ReadLabelMatchers(YamlMap& options, const MatcherKeys& keys) {
  LabelMatchers all;
  const auto read_map = [&](std::string_view key, Kind kind) {
    for (auto& [name, value] : options.StringMap(key)) {
      Result<LabelMatcher> matcher = LabelMatcher::Make(name, kind, value);
      if (matcher && kind == Kind::kRegexp) {  // As Alertmanager has it in the keys of groups.
        matcher = LabelMatcher::Make(std::move(name), kind, fmt::format("^(?:{})$", value));
      }
      if (!matcher) {
        options.Refuse(key, matcher.error().message);
      } else {
        all.push_back(*std::move(matcher));
      }
    }
  };
  read_map(keys.equal, Kind::kEqual);
  read_map(keys.regexp, Kind::kRegexp);
  for (const YamlNode& node : options.List(keys.matchers)) {
    const bool is_text = node.kind == YamlNode::Kind::kScalar;
    Result<LabelMatchers> some =
        is_text ? ParseLabelMatchers(node.text) : Invalid("expected a list of texts");
    if (!some) {
      options.diagnostics().Add(node.place,
                                fmt::format("{}: {}", keys.matchers, some.error().message));
    } else {
      std::move(some->begin(), some->end(), std::back_inserter(all));
    }
  }
  std::stable_sort(all.begin(), all.end(), ComesBefore);
  return all;
}

}  // namespace tocsin::notify
