#include "collectors/prometheus/line.h"

#include <algorithm>
#include <cmath>

#include "base/labels.h"
#include "base/metric.h"
#include "base/number.h"
#include "base/utf8.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr double kMostMillis = 1e15;  // The year 33658; a double holds it to the millisecond.

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

/// Reads along a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (!AtEnd() && IsBlank(text_[at_])) ++at_;
  }
  /// Up to a blank or one of `ends`.
  std::string_view Word(std::string_view ends = {}) {
    const std::size_t begin = at_;
    while (!AtEnd() && !IsBlank(text_[at_]) && ends.find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  std::string_view Rest() const { return text_.substr(std::min(at_, text_.size())); }

  /// A text in quotes, unescaped; false if the quotes are not closed. An unknown escape stands for
  /// itself.
  bool TakeQuoted(std::string& out) {
    if (!Take('"')) return false;
    while (!AtEnd() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\' && !AtEnd()) {
        c = text_[at_++];
        if (c == 'n') {
          c = '\n';
        } else if (c != '\\' && c != '"') {
          out += '\\';
        }
      }
      out += c;
    }
    return Take('"');
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

using Problem = std::optional<std::string_view>;

/// One entry between the braces: name="value", or the metric's name in quotes.
Problem ReadEntry(Reader& reader, SeriesText& out) {
  std::string name;
  const bool quoted = reader.Peek() == '"';
  if (quoted) {
    if (!reader.TakeQuoted(name)) return "expected \" after a name";
    if (!IsUtf8Name(name)) return "expected a name in UTF-8";
  } else {
    name = reader.Word("=},\"");
    if (!IsClassicLabelName(name)) return "expected a label name or }";
  }
  reader.SkipBlanks();
  if (quoted && reader.Peek() != '=') {
    if (!out.name.empty()) return "expected = after a label name";
    out.name = std::move(name);
    return std::nullopt;
  }
  if (!reader.Take('=')) return "expected = after a label name";
  reader.SkipBlanks();
  if (reader.Peek() != '"') return "expected \" before a label value";
  std::string value;
  if (!reader.TakeQuoted(value)) return "expected \" after a label value";
  const bool known = std::any_of(out.labels.begin(), out.labels.end(),
                                 [&](const auto& label) { return label.first == name; });
  if (known || name == kMetricNameLabel) return "expected each label once";
  if (!IsUtf8(value)) return "expected label values in UTF-8";
  out.labels.emplace_back(std::move(name), std::move(value));
  return std::nullopt;
}

Problem ReadBraces(Reader& reader, SeriesText& out) {
  for (reader.SkipBlanks(); !reader.Take('}'); reader.SkipBlanks()) {
    if (const Problem problem = ReadEntry(reader, out)) return problem;
    reader.SkipBlanks();
    if (reader.Peek() != '}' && !reader.Take(',')) return "expected , or } after a label";
  }
  return std::nullopt;
}

std::optional<std::int64_t> ReadTime(std::string_view word, TimeUnit unit) {
  const std::optional<double> number = ParseNumber(word);
  const bool in_seconds = unit == TimeUnit::kSeconds || word.find('.') != std::string_view::npos;
  const double milliseconds = number.value_or(NAN) * (in_seconds ? 1000 : 1);
  if (!(std::abs(milliseconds) < kMostMillis)) return std::nullopt;
  return std::llround(milliseconds);
}

/// The help as it was meant: \\ and \n, and in OpenMetrics \", are escapes.
std::string UnescapedHelp(std::string_view text) {
  std::string help;
  help.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] != '\\' || (next != '\\' && next != 'n' && next != '"')) {
      help += text[i];
      continue;
    }
    help += next == 'n' ? '\n' : next;
    ++i;
  }
  return help;
}

}  // namespace

std::optional<std::string_view> ReadSeries(std::string_view line, SeriesText& out) {
  out = {};
  Reader reader(line);
  reader.SkipBlanks();
  out.name = reader.Word("{");
  if (!out.name.empty() && !IsMetricName(out.name)) return "expected a metric name";
  reader.SkipBlanks();
  if (reader.Take('{')) {
    if (const Problem problem = ReadBraces(reader, out)) return problem;
  }
  if (out.name.empty()) return "expected a metric name";
  reader.SkipBlanks();
  out.size = reader.at();
  return std::nullopt;
}

std::optional<SampleValue> ReadValue(std::string_view text, TimeUnit unit) {
  Reader reader(text);
  const std::optional<double> value = ParseNumber(reader.Word());
  if (!value) return std::nullopt;
  SampleValue sample{.value = *value};
  reader.SkipBlanks();
  if (!reader.AtEnd() && reader.Peek() != '#') {
    sample.timestamp_ms = ReadTime(reader.Word(), unit);
    if (!sample.timestamp_ms) return std::nullopt;
    reader.SkipBlanks();
  }
  if (!reader.AtEnd() && reader.Peek() != '#') return std::nullopt;
  return sample;
}

CommentLine ReadComment(std::string_view line) {
  Reader reader(line);
  reader.SkipBlanks();
  reader.Take('#');
  reader.SkipBlanks();
  const std::string_view keyword = reader.Word();
  CommentLine comment;
  if (keyword == "TYPE") comment.kind = CommentLine::Kind::kType;
  if (keyword == "HELP") comment.kind = CommentLine::Kind::kHelp;
  if (keyword == "EOF") comment.kind = CommentLine::Kind::kEnd;
  if (comment.kind == CommentLine::Kind::kOther || comment.kind == CommentLine::Kind::kEnd) {
    return comment;
  }
  reader.SkipBlanks();
  if (reader.Peek() == '"') {
    if (!reader.TakeQuoted(comment.name)) return {};
  } else {
    comment.name = reader.Word();
  }
  if (!IsUtf8Name(comment.name)) return {};
  reader.SkipBlanks();
  const std::string_view rest = reader.Rest();
  if (comment.kind == CommentLine::Kind::kHelp) {
    comment.text = UnescapedHelp(rest);
  } else {
    comment.text = rest.substr(0, rest.find_last_not_of(kBlanks) + 1);
  }
  return comment;
}

std::string_view TakeLine(std::string_view& text, bool& ended) {
  const std::size_t end = text.find('\n');
  ended = end != std::string_view::npos;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(ended ? end + 1 : text.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool IsClassicLabelName(std::string_view name) {
  return IsMetricName(name) && name.find(':') == std::string_view::npos;
}

bool IsBlankLine(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

TimeUnit TimeUnitOf(std::string_view page) {
  constexpr std::string_view kEnd = "# EOF";
  const std::size_t last = page.find_last_not_of("\r\n");
  if (last == std::string_view::npos) return TimeUnit::kMilliseconds;
  page = page.substr(0, last + 1);
  const bool ends = page == kEnd || page.ends_with("\n# EOF");
  return ends ? TimeUnit::kSeconds : TimeUnit::kMilliseconds;
}

}  // namespace tocsin::collectors
