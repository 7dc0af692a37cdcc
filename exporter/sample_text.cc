#include "exporter/sample_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/labels.h"
#include "base/metric.h"
#include "base/number.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr std::string_view kEnd = "# EOF";
constexpr double kMostMillis = 1e18;

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

/// Whether the last line is the one that ends a text in OpenMetrics.
bool IsOpenMetrics(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text.ends_with(kEnd) &&
         (text.size() == kEnd.size() || text[text.size() - kEnd.size() - 1] == '\n');
}

/// One line with a sample. A failed read has noted what was wrong.
class LineParser {
 public:
  explicit LineParser(std::string_view line) : line_(line) {}

  const std::string& problem() const { return problem_; }
  std::size_t column() const { return at_ + 1; }
  bool blank() {
    SkipBlanks();
    return at_ == line_.size();
  }

  bool ReadSeries(Labels& labels) {
    LabelsBuilder builder;
    const std::string_view name = TakeWhile([](char c) { return !IsBlank(c) && c != '{'; });
    if (!name.empty()) {
      if (!IsMetricName(name)) return Fail("expected a metric name");
      builder.Set(kMetricNameLabel, name);
    }
    SkipBlanks();
    if (Take('{') && !ReadLabels(builder)) return false;
    labels = builder.Build();
    return labels.metric_name().empty() ? Fail("expected a metric name") : true;
  }

  bool ReadValue(double& value) {
    SkipBlanks();
    const std::optional<double> number = ParseNumber(Word());
    if (!number) return Fail("expected a number");
    value = *number;
    return true;
  }

  /// The time, if there is one; whatever follows a '#' is an exemplar.
  bool ReadTime(bool in_seconds, std::optional<Millis>& time) {
    if (blank() || line_[at_] == '#') return true;
    const std::string_view word = Word();
    const std::optional<double> number = ParseNumber(word);
    const double milliseconds = number.value_or(NAN) * (in_seconds ? 1000 : 1);
    if (!(std::abs(milliseconds) < kMostMillis)) {
      return Fail(in_seconds ? "expected a time in seconds" : "expected a time in milliseconds");
    }
    time = std::llround(milliseconds);
    if (blank() || (in_seconds && line_[at_] == '#')) return true;
    return Fail("expected the end of the line");
  }

 private:
  bool ReadLabels(LabelsBuilder& builder) {
    for (SkipBlanks(); !Take('}'); SkipBlanks()) {
      std::string name;
      const bool quoted = Peek() == '"';
      if (!(quoted ? ReadQuoted(name) : ReadLabelName(name))) return false;
      SkipBlanks();
      if (quoted && Peek() != '=') {  // {"metric.name", ...}
        if (!builder.Get(kMetricNameLabel).empty()) return Fail("expected '='");
        builder.Set(kMetricNameLabel, name);
      } else {
        std::string value;
        if (!Take('=')) return Fail("expected '='");
        SkipBlanks();
        if (!ReadQuoted(value)) return false;
        if (!builder.Get(name).empty()) return Fail("the label is there twice");
        builder.Set(name, value);
      }
      SkipBlanks();
      if (Peek() != '}' && !Take(',')) return Fail("expected ',' or '}'");
    }
    return true;
  }

  bool ReadLabelName(std::string& name) {
    const auto part = TakeWhile([](char c) { return !IsBlank(c) && c != '=' && c != '}'; });
    name = part;
    if (IsMetricName(part) && part.find(':') == std::string_view::npos) return true;
    return Fail("expected a label name");
  }

  bool ReadQuoted(std::string& text) {
    if (!Take('"')) return Fail("expected '\"'");
    while (at_ < line_.size() && line_[at_] != '"') {
      char c = line_[at_++];
      if (c == '\\' && at_ < line_.size()) {
        c = line_[at_++];
        if (c == 'n') {
          c = '\n';
        } else if (c != '\\' && c != '"') {
          text += '\\';
        }
      }
      text += c;
    }
    if (!Take('"')) return Fail("the quotes are not closed");
    return IsUtf8(text) ? true : Fail("expected UTF-8");
  }

  template <class Wanted>
  std::string_view TakeWhile(Wanted wanted) {
    const std::size_t begin = at_;
    while (at_ < line_.size() && wanted(line_[at_])) ++at_;
    return line_.substr(begin, at_ - begin);
  }
  std::string_view Word() {
    return TakeWhile([](char c) { return !IsBlank(c); });
  }
  void SkipBlanks() { TakeWhile(IsBlank); }
  char Peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  bool Fail(std::string_view problem) {
    problem_ = problem;
    return false;
  }

  const std::string_view line_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace

Result<std::vector<SampleStore::Entry>> ParseSampleText(std::string_view text,
                                                        std::string_view file, Millis otherwise) {
  const bool in_seconds = IsOpenMetrics(text);
  std::vector<SampleStore::Entry> entries;
  std::vector<std::size_t> untimed;
  std::optional<Millis> newest;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    LineParser parser(line);
    if (parser.blank() || line.starts_with('#')) continue;
    SampleStore::Entry entry;
    std::optional<Millis> time;
    if (!parser.ReadSeries(entry.labels) || !parser.ReadValue(entry.sample.v) ||
        !parser.ReadTime(in_seconds, time)) {
      return Error{ErrorCode::kInvalidInput,
                   fmt::format("{}:{}:{}: {}", file, number, parser.column(), parser.problem())};
    }
    if (time) {
      newest = std::max(newest.value_or(*time), *time);
      entry.sample.t = *time;
    } else {
      untimed.push_back(entries.size());
    }
    entries.push_back(std::move(entry));
  }
  for (const std::size_t i : untimed) entries[i].sample.t = newest.value_or(otherwise);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.sample.t < b.sample.t; });
  return entries;
}

}  // namespace tocsin
