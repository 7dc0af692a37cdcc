#include "rules/promql/parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rules/promql/expression_parser.h"
#include "rules/promql/selector_parser.h"
#include "rules/promql/token_stream.h"
#include "rules/promql/type_check.h"

namespace tocsin::promql {
namespace {

/// Where the line that holds the byte at `offset` begins.
std::size_t LineStart(std::string_view text, std::size_t offset) {
  const std::size_t line_break = offset == 0 ? text.npos : text.rfind('\n', offset - 1);
  return line_break == text.npos ? 0 : line_break + 1;
}

ParseResult Failed(ParseError error) {
  return {std::nullopt, std::move(error)};
}

/// A whole text that is not an expression, read by `parse`.
template <class T>
Result<T> ParseWhole(std::string_view text, T (*parse)(TokenStream&)) {
  if (text.size() > kMostTextBytes) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("selector is longer than {} bytes", kMostTextBytes)};
  }
  TokenStream tokens(text);
  T value = parse(tokens);
  if (!tokens.failed() && !tokens.Is(TokenType::kEnd)) tokens.Unexpected("", "");
  if (!tokens.failed()) return value;
  return Error{ErrorCode::kInvalidInput, tokens.error().ToString(text)};
}

}  // namespace

Place PlaceOf(std::string_view text, std::uint32_t offset) {
  const std::size_t end = std::min<std::size_t>(offset, text.size());
  const auto breaks = static_cast<std::size_t>(std::ranges::count(text.substr(0, end), '\n'));
  return {breaks + 1, end - LineStart(text, end) + 1};
}

std::string LineAndColumn(std::string_view text, std::uint32_t offset) {
  const Place place = PlaceOf(text, offset);
  return fmt::format("{}:{}", place.line, place.column);
}

std::string ParseError::ToString(std::string_view text) const {
  const std::string place = text.empty() ? "unknown position" : LineAndColumn(text, position.begin);
  return place + ": parse error: " + message;
}

std::string ParseError::WithCaret(std::string_view text) const {
  const std::size_t place = std::min<std::size_t>(position.begin, text.size());
  const std::size_t start = LineStart(text, place);
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  std::string shown = ToString(text) + "\n" + std::string(line) + "\n";
  for (const char c : line.substr(0, place - start)) {
    // A tab keeps its width, and a character of several bytes takes one column.
    const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
    if (!continues) shown += c == '\t' ? '\t' : ' ';
  }
  return shown + "^";
}

ParseResult Parse(std::string_view text, const ParseOptions& options) {
  if (text.size() > kMostTextBytes) {
    return Failed({fmt::format("expression is longer than {} bytes", kMostTextBytes), {}});
  }
  TokenStream tokens(text);
  ExprPtr root = ExpressionParser(tokens, options.experimental).Parse();
  if (!root) return Failed(tokens.error());
  Query query;
  if (auto mistake = CheckTypes(*root, text, query.node_count)) {
    return Failed(*std::move(mistake));
  }
  query.text = text;
  query.root = std::move(root);
  return {std::move(query), {}};
}

Result<Labels> ParseSeriesName(std::string_view text) {
  return ParseWhole(text, ParseLabelSet);
}

Result<std::vector<Matcher>> ParseMetricSelector(std::string_view text) {
  return ParseWhole<std::vector<Matcher>>(
      text, [](TokenStream& tokens) { return ParseSelector(tokens).matchers; });
}

}  // namespace tocsin::promql
