#include "tests/promqltest/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/duration.h"
#include "base/number.h"
#include "base/text.h"

namespace tocsin::promql {

TextPattern TextPattern::Exactly(std::string_view text) {
  TextPattern pattern;
  pattern.exact_ = text;
  pattern.description_ = "msg: " + std::string(text);
  return pattern;
}

Result<TextPattern> TextPattern::Containing(std::string_view regexp) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const auto compiled =
      std::make_shared<re2::RE2>(re2::StringPiece(regexp.data(), regexp.size()), options);
  if (!compiled->ok()) {
    return Error{ErrorCode::kInvalidInput, "not a regular expression: " + compiled->error()};
  }
  TextPattern pattern;
  pattern.regexp_ = compiled;
  pattern.description_ = "regex: " + std::string(regexp);
  return pattern;
}

bool TextPattern::Matches(std::string_view text) const {
  if (exact_) return *exact_ == text;
  if (!regexp_) return true;
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regexp_);
}

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Takes the first word and the blanks after it off `text`.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_of(kBlanks), text.size());
  const std::string_view word = text.substr(0, length);
  text = Trim(text.substr(length));
  return word;
}

/// The lines, trimmed; those that hold only a comment are empty.
std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    lines.push_back(line.starts_with('#') ? std::string_view() : line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// A moment, as the time since the epoch: `5m`, `-1h`, or a number of seconds.
Result<Millis> ParseMoment(std::string_view text) {
  if (const auto seconds = ParseNumber(text)) {
    const double millis = std::round(*seconds * 1000);
    if (!(std::abs(millis) < 9e15)) return Invalid("'" + std::string(text) + "' is no time");
    return static_cast<Millis>(millis);
  }
  const bool negative = text.starts_with('-');
  const auto duration = ParseDuration(text.substr(negative ? 1 : 0));
  if (!duration) return duration.error();
  return negative ? -duration->count() : duration->count();
}

/// A length of time that is not zero.
Result<Millis> ParseStep(std::string_view text) {
  auto step = ParseMoment(text);
  if (step && *step <= 0) return Invalid("a step must be positive: '" + std::string(text) + "'");
  return step;
}

struct WrittenSteps {
  Steps steps;
  Millis end = 0;
};

/// Takes `from A to B step C` off `text`.
Result<WrittenSteps> TakeSteps(std::string_view& text) {
  std::array<std::string_view, 3> parts;
  constexpr std::array<std::string_view, 3> kWords = {"from", "to", "step"};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (TakeWord(text) != kWords[i]) return Invalid("expected 'from A to B step C'");
    parts[i] = TakeWord(text);
  }
  const auto from = ParseMoment(parts[0]);
  const auto to = ParseMoment(parts[1]);
  const auto step = ParseStep(parts[2]);
  if (!from) return from.error();
  if (!to) return to.error();
  if (!step) return step.error();
  if (*to < *from) return Invalid("the range ends before it begins");
  return WrittenSteps{{*from, *step, static_cast<std::size_t>((*to - *from) / *step) + 1}, *to};
}

/// `"..."` with escapes, or `...` in backquotes.
Result<std::string> ParseQuoted(std::string_view text) {
  const Error bad = Invalid("expected a quoted string, got '" + std::string(text) + "'");
  if (text.size() < 2 || text.front() != text.back()) return bad;
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (text.front() == '`') return std::string(inner);
  if (text.front() != '"') return bad;
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  std::string unquoted;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '"') return bad;
    if (inner[i] != '\\') {
      unquoted += inner[i];
      continue;
    }
    const std::size_t letter = ++i < inner.size() ? kLetters.find(inner[i]) : std::string::npos;
    if (letter == std::string::npos) return bad;
    unquoted += kMeanings[letter];
  }
  return unquoted;
}

/// The number that is all of a line: what a query for a scalar is expected to give.
std::optional<double> ParseScalar(std::string_view line) {
  if (const auto number = ParseNumber(line)) return number;
  const bool negative = line.starts_with('-');
  std::string_view digits = line.substr(negative ? 1 : 0);
  if (!digits.starts_with("0x") && !digits.starts_with("0X")) return std::nullopt;
  digits.remove_prefix(2);
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, value, 16);
  if (digits.empty() || after != end || problem != std::errc{}) return std::nullopt;
  return static_cast<double>(negative ? -value : value);
}

Result<TextPattern> ParsePattern(std::string_view text) {
  if (text.empty()) return TextPattern();
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (colon != std::string_view::npos && Trim(text.substr(colon + 1)).size() > 0) {
    const std::string_view pattern = Trim(text.substr(colon + 1));
    if (kind == "msg") return TextPattern::Exactly(pattern);
    if (kind == "regex") return TextPattern::Containing(pattern);
  }
  return Invalid("expected 'msg: TEXT' or 'regex: PATTERN', got '" + std::string(text) + "'");
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) : lines_(SplitLines(text)) {}

  std::vector<Command> Parse() {
    std::vector<Command> commands;
    for (; at_ < lines_.size(); ++at_) {
      if (lines_[at_].empty()) continue;
      auto command = ParseCommand();
      if (command) {
        commands.push_back(std::move(*command));
      } else {
        commands.emplace_back(BadCommand{at_ + 1, command.error().message});
        while (NextInBlock()) continue;
      }
    }
    return commands;
  }

 private:
  Result<Command> ParseCommand() {
    std::string_view rest = lines_[at_];
    const std::string word = LowerCase(TakeWord(rest));
    if (word == "clear" && rest.empty()) return Command(ClearCommand{});
    if (word == "load" || word == "load_with_nhcb") return ParseLoad(word != "load", rest);
    constexpr std::string_view kEval = "eval";
    if (word == kEval || word.starts_with("eval_")) {
      return ParseEval(std::string_view(word).substr(kEval.size()), rest);
    }
    return Invalid("unknown command '" + std::string(lines_[at_]) + "'");
  }

  /// Goes to the next line of the block; false at its end, which is an empty line.
  bool NextInBlock() {
    if (at_ + 1 == lines_.size() || lines_[at_ + 1].empty()) return false;
    ++at_;
    return true;
  }

  // --- load

  Result<Command> ParseLoad(bool with_histograms, std::string_view gap) {
    LoadCommand load;
    load.line = at_ + 1;
    load.with_histograms = with_histograms;
    const auto parsed = ParseStep(gap);
    if (!parsed) return parsed.error();
    load.gap = Duration{*parsed};
    std::map<Labels, std::size_t> places;
    bool start_timestamps_for_all = false;
    bool start_timestamps = false;
    while (NextInBlock()) {
      const std::string_view line = lines_[at_];
      const std::string_view after_name = line.substr(SeriesNameLength(line));
      if (after_name.starts_with("@st")) {
        start_timestamps = true;
        start_timestamps_for_all |= line.starts_with("@st");
        continue;
      }
      auto series = ParseSeriesLine(line);
      if (!series) return series.error();
      const auto [place, is_new] = places.emplace(series->labels, load.series.size());
      if (is_new) load.series.emplace_back();
      load.series[place->second] = {std::move(*series), start_timestamps};
      start_timestamps = start_timestamps_for_all;
    }
    return Command(std::move(load));
  }

  // --- eval

  Result<Command> ParseEval(std::string_view suffix, std::string_view rest) {
    EvalCommand eval;
    eval.line = at_ + 1;
    eval.written.emplace_back(lines_[at_]);
    const Status known = ParseSuffix(suffix, eval);
    if (!known) return known.error();
    const Status query = ParseQuery(rest, eval);
    if (!query) return query.error();
    while (NextInBlock()) {
      eval.written.emplace_back(lines_[at_]);
      const auto last = ParseExpectation(lines_[at_], eval);
      if (!last) return last.error();
      const Status consistent = Check(eval);
      if (!consistent) return consistent.error();
      if (*last) break;
    }
    return Command(std::move(eval));
  }

  /// The old way to expect a failure, a warning ...: `eval_fail`.
  static Status ParseSuffix(std::string_view suffix, EvalCommand& eval) {
    if (suffix.empty()) return {};
    if (suffix == "_fail") {
      eval.fail.emplace();
    } else if (suffix == "_warn") {
      eval.warnings.some = true;
    } else if (suffix == "_info") {
      eval.infos.some = true;
    } else if (suffix == "_ordered") {
      eval.ordered = true;
    } else {
      return Invalid("unknown command 'eval" + std::string(suffix) + "'");
    }
    return {};
  }

  static Status ParseQuery(std::string_view rest, EvalCommand& eval) {
    const std::string_view kind = TakeWord(rest);
    if (kind == "range") {
      const auto steps = TakeSteps(rest);
      if (!steps) return steps.error();
      eval.steps = steps->steps;
      eval.end = steps->end;
      eval.range = true;
    } else if (kind == "instant" && TakeWord(rest) == "at") {
      const auto at = ParseMoment(TakeWord(rest));
      if (!at) return at.error();
      eval.steps.start = *at;
    } else {
      return Invalid("expected 'instant at T' or 'range from A to B step C'");
    }
    if (rest.empty()) return Invalid("expected an expression");
    eval.expr = rest;
    return {};
  }

  /// True if nothing may follow in the block.
  static Result<bool> ParseExpectation(std::string_view line, EvalCommand& eval) {
    std::string_view rest = line;
    const std::string_view word = TakeWord(rest);
    if (word == "expect") return ParseExpect(rest, eval);
    if (word == "expected_fail_message" || word == "expected_fail_regexp") {
      return ParseExpectedFail(word == "expected_fail_message", rest, eval);
    }
    if (const auto scalar = ParseScalar(line)) {
      eval.scalar = *scalar;
      return true;
    }
    auto series = ParseSeriesLine(line);
    if (!series) return series.error();
    if (series->values.empty()) return Invalid("expected a value");
    const auto same = std::find_if(eval.series.begin(), eval.series.end(), [&](const auto& other) {
      return other.labels == series->labels;
    });
    if (same != eval.series.end()) eval.series.erase(same);
    eval.series.push_back({std::move(series->labels), std::move(series->values)});
    return false;
  }

  static Result<bool> ParseExpectedFail(bool exactly, std::string_view text, EvalCommand& eval) {
    if (!eval.fail) return Invalid("only eval_fail may expect an error");
    auto pattern = exactly ? TextPattern::Exactly(text) : TextPattern::Containing(text);
    if (!pattern) return pattern.error();
    eval.fail = std::move(*pattern);
    return true;
  }

  static Result<bool> ParseExpect(std::string_view rest, EvalCommand& eval) {
    const std::string_view kind = TakeWord(rest);
    if (kind == "string") {
      auto text = ParseQuoted(rest);
      if (!text) return text.error();
      eval.string = std::move(*text);
      return false;
    }
    if (kind == "range") {
      if (TakeWord(rest) != "vector") return Invalid("expected 'expect range vector from ...'");
      const auto steps = TakeSteps(rest);
      if (!steps) return steps.error();
      eval.range_vector = steps->steps;
      eval.steps.start = steps->end;
      return false;
    }
    auto pattern = ParsePattern(rest);
    if (!pattern) return pattern.error();
    const Status added = AddExpectation(kind, std::move(*pattern), eval);
    if (!added) return added.error();
    return false;
  }

  static Status AddExpectation(std::string_view kind, TextPattern pattern, EvalCommand& eval) {
    if (kind == "ordered") {
      eval.ordered = true;
    } else if (kind == "warn") {
      eval.warnings.patterns.push_back(std::move(pattern));
    } else if (kind == "no_warn") {
      eval.warnings.none = true;
    } else if (kind == "info") {
      eval.infos.patterns.push_back(std::move(pattern));
    } else if (kind == "no_info") {
      eval.infos.none = true;
    } else if (kind != "fail") {
      return Invalid("'expect " + std::string(kind) + "' is unknown");
    } else if (eval.fail) {
      return Invalid("a query can fail only once");
    } else {
      eval.fail = std::move(pattern);
    }
    return {};
  }

  static Status Check(const EvalCommand& eval) {
    if (eval.warnings.none && !eval.warnings.patterns.empty()) {
      return Invalid("both warn and no_warn are expected");
    }
    if (eval.infos.none && !eval.infos.patterns.empty()) {
      return Invalid("both info and no_info are expected");
    }
    if (eval.range && (eval.ordered || eval.range_vector || eval.string)) {
      return Invalid("a range query has neither an order, nor a range vector or a string");
    }
    const Steps& steps = eval.range_vector.value_or(eval.steps);
    for (const ExpectedSeries& series : eval.series) {
      if (series.values.size() > steps.count) {
        return Invalid("expected " + std::to_string(series.values.size()) + " values of " +
                       series.labels.ToString() + ", but there can be only " +
                       std::to_string(steps.count));
      }
    }
    return {};
  }

  const std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Command> ParseScript(std::string_view text) {
  return ScriptParser(text).Parse();
}

}  // namespace tocsin::promql
