#include "rules/promql/series_notation.h"

#include <charconv>
#include <optional>
#include <string>

#include "base/number.h"
#include "base/text.h"
#include "rules/promql/parser.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kBlanks = " \t";

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads a sequence from left to right.
class SequenceParser {
 public:
  explicit SequenceParser(std::string_view text) : rest_(text) {}

  Result<std::vector<SequenceValue>> Parse() {
    for (SkipBlanks(); !rest_.empty(); SkipBlanks()) {
      const std::string_view before = rest_;
      const Status parsed = ParseItem();
      if (!parsed) {
        return parsed.error().Within("'" + std::string(FirstWord(before)) + "'");
      }
    }
    return std::move(values_);
  }

 private:
  static std::string_view FirstWord(std::string_view text) {
    return text.substr(0, text.find_first_of(kBlanks));
  }

  void SkipBlanks() {
    const std::size_t blanks = rest_.find_first_not_of(kBlanks);
    rest_.remove_prefix(blanks == std::string_view::npos ? rest_.size() : blanks);
  }

  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  Status ParseItem() {
    if (Take("_")) return ParseGap();
    if (rest_.starts_with("{{")) return ParseHistogram();
    if (Take("stale")) {
      Status added = Add({SequenceValue::Kind::kSample, kStaleNan}, 0, 1);
      return added ? ExpectEnd() : added;
    }
    return ParseNumbers();
  }

  Status ParseGap() {
    std::size_t count = 1;
    if (Take("x")) {
      const auto times = TakeCount();
      if (!times) return NotACount();
      count = *times;
    }
    Status added = Add({SequenceValue::Kind::kNone, 0}, 0, count);
    return added ? ExpectEnd() : added;
  }

  Status ParseHistogram() {
    if (!TakeHistogram()) return Unclosed();
    if ((Take("+") || Take("-")) && !(rest_.starts_with("{{") && TakeHistogram())) {
      return Unclosed();
    }
    return AddRepeated({SequenceValue::Kind::kHistogram, 0}, 0);
  }

  Status ParseNumbers() {
    const auto first = TakeSignedNumber();
    if (!first) return NotAValue();
    double increment = 0;
    if (rest_.starts_with('+') || rest_.starts_with('-')) {
      const auto difference = TakeSignedNumber();
      if (!difference || !rest_.starts_with('x')) return NotAValue();
      increment = *difference;
    }
    return AddRepeated({SequenceValue::Kind::kSample, *first}, increment);
  }

  /// `xN`, or nothing, and then the end of the item.
  Status AddRepeated(SequenceValue value, double increment) {
    std::size_t count = 1;
    if (Take("x")) {
      const auto times = TakeCount();
      if (!times) return NotACount();
      count += *times;
    }
    Status added = Add(value, increment, count);
    return added ? ExpectEnd() : added;
  }

  Status Add(SequenceValue value, double increment, std::size_t count) {
    if (count > kMostSequenceValues - values_.size()) {
      return Error{ErrorCode::kTooLarge,
                   "more than " + std::to_string(kMostSequenceValues) + " values"};
    }
    for (std::size_t i = 0; i < count; ++i) {
      values_.push_back(value);
      // Adding anything, even zero, would make an ordinary NaN of a stale marker.
      if (increment != 0) value.value += increment;
    }
    return {};
  }

  Status ExpectEnd() const {
    if (rest_.empty() || kBlanks.find(rest_.front()) != std::string_view::npos) return {};
    return Error{ErrorCode::kInvalidInput,
                 "unexpected '" + std::string(FirstWord(rest_)) + "' after a value"};
  }

  bool TakeHistogram() {
    const std::size_t end = rest_.find("}}");
    if (end == std::string_view::npos) return false;
    rest_.remove_prefix(end + 2);
    return true;
  }

  std::optional<std::size_t> TakeCount() {
    std::size_t count = 0;
    const char* const end = rest_.data() + rest_.size();
    const auto [after, problem] = std::from_chars(rest_.data(), end, count);
    if (problem == std::errc::result_out_of_range) count = kMostSequenceValues;
    if (after == rest_.data()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(after - rest_.data()));
    return count;
  }

  std::optional<double> TakeSignedNumber() {
    const std::size_t sign = rest_.starts_with('+') || rest_.starts_with('-') ? 1 : 0;
    const std::size_t length = sign + UnsignedNumberLength(rest_.substr(sign));
    const auto number = ParseNumber(rest_.substr(0, length));
    if (number) rest_.remove_prefix(length);
    return number;
  }

  /// As far as a number may reach: a repetition (`1x3`) and an increment (`1+2x3`) follow at once.
  static std::size_t UnsignedNumberLength(std::string_view text) {
    const std::string_view word = text.substr(0, 3);
    if (EqualsIgnoringCase(word, "inf") || EqualsIgnoringCase(word, "nan")) return 3;
    std::size_t length = 0;
    while (length < text.size() && (IsDigit(text[length]) || text[length] == '.')) ++length;
    if (length == text.size() || LowerCase(text[length]) != 'e') return length;
    std::size_t exponent = length + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent == text.size() || !IsDigit(text[exponent])) return length;
    while (exponent < text.size() && IsDigit(text[exponent])) ++exponent;
    return exponent;
  }

  static Error NotAValue() { return {ErrorCode::kInvalidInput, "expected a value"}; }
  static Error NotACount() {
    return {ErrorCode::kInvalidInput, "expected a whole number after 'x'"};
  }
  static Error Unclosed() { return {ErrorCode::kInvalidInput, "expected '{{' ... '}}'"}; }

  std::string_view rest_;
  std::vector<SequenceValue> values_;
};

/// How long the quoted text at the front is, quotes included; all of it if it does not end.
std::size_t QuotedLength(std::string_view text) {
  const char quote = text.front();
  std::size_t at = 1;
  while (at < text.size() && text[at] != quote) {
    at += quote != '`' && text[at] == '\\' ? 2U : 1U;
  }
  return at < text.size() ? at + 1 : text.size();
}

}  // namespace

std::size_t SeriesNameLength(std::string_view text) {
  std::size_t at = text.find_first_of("{@ \t");
  if (at == std::string_view::npos) return text.size();
  if (text[at] != '{') return at;
  while (at < text.size() && text[at] != '}') {
    const bool quoted = text[at] == '"' || text[at] == '\'' || text[at] == '`';
    at += quoted ? QuotedLength(text.substr(at)) : 1;
  }
  return at < text.size() ? at + 1 : text.size();
}

Result<std::vector<SequenceValue>> ParseSequence(std::string_view text) {
  return SequenceParser(text).Parse();
}

Result<SeriesLine> ParseSeriesLine(std::string_view text) {
  const std::size_t length = SeriesNameLength(text);
  auto labels = ParseSeriesName(text.substr(0, length));
  if (!labels) return labels.error();
  const std::string_view rest = text.substr(length);
  if (!rest.empty() && kBlanks.find(rest.front()) == std::string_view::npos) {
    return Error{ErrorCode::kInvalidInput, "expected a blank after the series"};
  }
  auto values = ParseSequence(rest);
  if (!values) return values.error();
  return SeriesLine{std::move(*labels), std::move(*values)};
}

}  // namespace tocsin::promql
