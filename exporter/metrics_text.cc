#include "exporter/metrics_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/metric.h"
#include "base/number.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 5> kTypes = {"counter", "gauge", "histogram", "summary",
                                                    "untyped"};

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

/// Reads one line after another. A failed read has noted what was wrong, and ends everything.
class TextParser {
 public:
  explicit TextParser(std::string_view text) : rest_(text) {}

  bool ParseAll() {
    while (!rest_.empty()) {
      ++line_number_;
      const std::size_t end = rest_.find('\n');
      line_ = rest_.substr(0, end);
      at_ = 0;
      if (!ParseLine()) return false;
      if (end == std::string_view::npos) {
        at_ = line_.size();
        return Fail("expected a line feed at the end of the last line");
      }
      rest_.remove_prefix(end + 1);
    }
    return true;
  }

  std::vector<TextFamily> TakeFamilies() { return std::move(families_); }

  std::string Problem(std::string_view file) const {
    return fmt::format("{}:{}:{}: {}", file, line_number_, at_ + 1, problem_);
  }

 private:
  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool AtEnd() const { return at_ >= line_.size(); }
  bool Next(char c) const { return !AtEnd() && line_[at_] == c; }
  void SkipBlanks() {
    while (!AtEnd() && IsBlank(line_[at_])) ++at_;
  }

  std::string_view Word() {
    const std::size_t begin = at_;
    while (!AtEnd() && !IsBlank(line_[at_])) ++at_;
    return line_.substr(begin, at_ - begin);
  }

  std::string_view Name() {
    const std::size_t begin = at_;
    while (!AtEnd() && IsNameCharacter(line_[at_])) ++at_;
    return line_.substr(begin, at_ - begin);
  }

  bool ParseLine() {
    SkipBlanks();
    if (AtEnd()) return true;
    return Next('#') ? ParseComment() : ParseSample();
  }

  /// "# HELP name text", "# TYPE name type", or a comment, which may be anything else.
  bool ParseComment() {
    ++at_;
    SkipBlanks();
    const std::string_view keyword = Word();
    if (keyword != "HELP" && keyword != "TYPE") return true;
    SkipBlanks();
    if (AtEnd()) return true;
    const std::size_t name_at = at_;
    const std::string_view name = Name();
    if (!IsMetricName(name) || !(AtEnd() || IsBlank(line_[at_]))) {
      at_ = name_at;
      return Fail("expected a metric name");
    }
    TextFamily& family = FamilyOf(name);
    SkipBlanks();
    return keyword == "HELP" ? ParseHelp(family) : ParseType(family);
  }

  bool ParseHelp(TextFamily& family) {
    if (family.has_help) return Fail(fmt::format("second HELP line for \"{}\"", family.name));
    if (AtEnd()) return true;
    if (!IsUtf8(line_.substr(at_))) return Fail("expected UTF-8 text");
    for (; !AtEnd(); ++at_) {
      if (line_[at_] != '\\') continue;
      if (++at_ >= line_.size() || (line_[at_] != '\\' && line_[at_] != 'n')) {
        return Fail("expected \\\\ or \\n after a backslash in a help text");
      }
    }
    family.has_help = true;
    return true;
  }

  bool ParseType(TextFamily& family) {
    if (family.has_type || family.samples > 0) {
      return Fail(
          fmt::format("second TYPE line for \"{}\", or TYPE after its samples", family.name));
    }
    const std::size_t type_at = at_;
    const std::string_view type = Word();
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      at_ = type_at;
      return Fail(
          fmt::format("unknown metric type \"{}\" (there are: {})", type, fmt::join(kTypes, ", ")));
    }
    family.type = type;
    family.has_type = true;
    return true;
  }

  bool ParseSample() {
    const std::size_t name_at = at_;
    const std::string_view name = Name();
    if (!IsMetricName(name)) {
      at_ = name_at;
      return Fail("expected a metric name or a comment");
    }
    TextFamily& family = FamilyOf(name);
    SkipBlanks();
    if (Next('{') && !ParseLabels(family)) return false;
    SkipBlanks();
    if (!ParseValue() || !ParseTimestamp()) return false;
    ++family.samples;
    return true;
  }

  bool ParseLabels(TextFamily& family) {
    std::set<std::string_view> seen;
    ++at_;
    for (;;) {
      SkipBlanks();
      if (Next('}')) break;
      const std::size_t name_at = at_;
      const std::string_view name = Name();
      if (name.empty() || name.find(':') != std::string_view::npos || !IsMetricName(name)) {
        at_ = name_at;
        return Fail("expected a label name or }");
      }
      if (name == "__name__" || !seen.insert(name).second) {
        at_ = name_at;
        return Fail(fmt::format("label \"{}\" {}", name,
                                name == "__name__" ? "is reserved" : "is there twice"));
      }
      if (!ParseLabelValue(family, name)) return false;
      SkipBlanks();
      if (Next('}')) break;
      if (!Next(',')) return Fail("expected , or } after a label");
      ++at_;
    }
    ++at_;
    return true;
  }

  /// ="value", and what the family's type asks of it.
  bool ParseLabelValue(TextFamily& family, std::string_view name) {
    SkipBlanks();
    if (!Next('=')) return Fail("expected = after a label name");
    ++at_;
    SkipBlanks();
    if (!Next('"')) return Fail("expected \" before a label value");
    const std::size_t value_at = ++at_;
    for (; !Next('"'); ++at_) {
      if (AtEnd()) return Fail("expected \" after a label value");
      if (line_[at_] != '\\') continue;
      if (++at_ >= line_.size() || (line_[at_] != '\\' && line_[at_] != 'n' && line_[at_] != '"')) {
        return Fail("expected \\\\, \\n or \\\" after a backslash in a label value");
      }
    }
    const std::string_view value = line_.substr(value_at, at_ - value_at);
    const bool of_the_format = (family.type == "histogram" && name == "le") ||
                               (family.type == "summary" && name == "quantile");
    if (!IsUtf8(value) || (of_the_format && !ParseNumber(value))) {
      at_ = value_at;
      return Fail(of_the_format ? fmt::format("expected a number as value of \"{}\"", name)
                                : "expected UTF-8 text");
    }
    ++at_;
    auto& names = family.label_names;
    if (!of_the_format && std::find(names.begin(), names.end(), name) == names.end()) {
      names.emplace_back(name);
    }
    return true;
  }

  bool ParseValue() {
    const std::size_t value_at = at_;
    if (ParseNumber(Word())) return true;
    at_ = value_at;
    return Fail("expected a number as value");
  }

  bool ParseTimestamp() {
    SkipBlanks();
    if (AtEnd()) return true;
    const std::size_t time_at = at_;
    const std::string_view word = Word();
    std::int64_t milliseconds = 0;
    const char* const end = word.data() + word.size();
    const auto [after, problem] = std::from_chars(word.data(), end, milliseconds);
    if (problem != std::errc{} || after != end) {
      at_ = time_at;
      return Fail("expected a timestamp in whole milliseconds, or nothing");
    }
    SkipBlanks();
    return AtEnd() || Fail("expected nothing after the timestamp");
  }

  /// The family that a line with `name` belongs to: for a histogram's or summary's parts, the
  /// whole.
  TextFamily& FamilyOf(std::string_view name) {
    if (TextFamily* const whole = WholeOf(name); whole != nullptr) return *whole;
    const auto [found, is_new] = by_name_.try_emplace(std::string(name), families_.size());
    if (is_new) families_.emplace_back().name = name;
    return families_[found->second];
  }

  TextFamily* WholeOf(std::string_view name) {
    if (by_name_.contains(name)) return nullptr;
    for (const std::string_view suffix : {"_count", "_sum", "_bucket"}) {
      if (!name.ends_with(suffix)) continue;
      const auto found = by_name_.find(name.substr(0, name.size() - suffix.size()));
      if (found == by_name_.end()) continue;
      TextFamily& family = families_[found->second];
      const bool has_such_a_part =
          family.type == "histogram" || (family.type == "summary" && suffix != "_bucket");
      if (has_such_a_part) return &family;
    }
    return nullptr;
  }

  std::string_view rest_;
  std::string_view line_;
  std::size_t at_ = 0;  ///< In `line_`.
  int line_number_ = 0;
  std::string problem_;
  std::vector<TextFamily> families_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace

Result<std::vector<TextFamily>> ParseMetricsText(std::string_view text, std::string_view file) {
  TextParser parser(text);
  if (!parser.ParseAll()) return Error{ErrorCode::kInvalidInput, parser.Problem(file)};
  return parser.TakeFamilies();
}

}  // namespace tocsin
