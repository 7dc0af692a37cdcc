#include "rules/promql/selector_parser.h"

#include <optional>
#include <utility>

#include "base/quote.h"
#include "rules/promql/literal.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kMatching = "label matching";
constexpr std::string_view kSet = "label set";
constexpr std::string_view kGrouping = "grouping opts";

std::optional<MatchType> MatchTypeOf(TokenType type) {
  if (type == TokenType::kAssign) return MatchType::kEqual;
  if (type == TokenType::kNotEqual) return MatchType::kNotEqual;
  if (type == TokenType::kMatches) return MatchType::kRegexp;
  if (type == TokenType::kNotMatches) return MatchType::kNotRegexp;
  return std::nullopt;
}

/// The name of a label, bare or in quotes.
std::string NameOf(const TokenStream& tokens, const Token& token) {
  const std::string_view text = tokens.text(token);
  return token.type == TokenType::kString ? Unquote(text) : std::string(text);
}

void AddMatcher(TokenStream& tokens, MatchType type, std::string_view name, std::string_view value,
                Position position, std::vector<Matcher>& matchers) {
  Result<Matcher> matcher = Matcher::Make(type, name, value);
  if (!matcher) return tokens.Fail(position, matcher.error().message);
  matchers.push_back(*std::move(matcher));
}

void ParseMatcher(TokenStream& tokens, std::vector<Matcher>& matchers) {
  if (!tokens.Is(TokenType::kIdentifier) && !tokens.Is(TokenType::kString)) {
    return tokens.Unexpected(kMatching, "identifier or \"}\"");
  }
  const Token name = tokens.Take();
  const std::optional<MatchType> type = MatchTypeOf(tokens.type());
  if (!type && name.type == TokenType::kString) {
    return AddMatcher(tokens, MatchType::kEqual, kMetricNameLabel, NameOf(tokens, name),
                      PositionOf(name), matchers);
  }
  if (!type) return tokens.Unexpected(kMatching, "label matching operator");
  tokens.Take();
  const Token value = tokens.next();
  if (!tokens.Expect(TokenType::kString, kMatching, "string")) return;
  AddMatcher(tokens, *type, NameOf(tokens, name), Unquote(tokens.text(value)),
             {name.begin, value.end}, matchers);
}

void ParseLabel(TokenStream& tokens, LabelsBuilder& labels) {
  if (!tokens.Is(TokenType::kIdentifier) && !tokens.Is(TokenType::kString)) {
    return tokens.Unexpected(kSet, "identifier or \"}\"");
  }
  const Token name = tokens.Take();
  if (!tokens.Is(TokenType::kAssign)) {
    if (name.type != TokenType::kString) return tokens.Unexpected(kSet, "\"=\"");
    labels.Set(kMetricNameLabel, NameOf(tokens, name));
    return;
  }
  tokens.Take();
  const Token value = tokens.next();
  if (!tokens.Expect(TokenType::kString, kSet, "string")) return;
  labels.Set(NameOf(tokens, name), Unquote(tokens.text(value)));
}

void ParseGroupingLabel(TokenStream& tokens, std::vector<std::string>& labels) {
  if (!CanBeGroupingLabel(tokens.type()) && !tokens.Is(TokenType::kString)) {
    return tokens.Unexpected(kGrouping, "label");
  }
  const Token token = tokens.Take();
  std::string label = NameOf(tokens, token);
  if (!IsUtf8Name(label)) {
    return tokens.Fail(PositionOf(token), "invalid label name for grouping: " + Quoted(label));
  }
  labels.push_back(std::move(label));
}

/// `item, item,` up to and including `close`.
template <class ParseItem>
void ParseList(TokenStream& tokens, TokenType close, std::string_view context,
               std::string_view separator_or_close, ParseItem parse_item) {
  while (!tokens.TakeIf(close)) {
    parse_item();
    if (tokens.failed()) return;
    if (tokens.Is(close)) continue;
    if (!tokens.Expect(TokenType::kComma, context, separator_or_close)) return;
  }
}

}  // namespace

std::vector<Matcher> ParseMatchers(TokenStream& tokens) {
  std::vector<Matcher> matchers;
  tokens.Take();
  ParseList(tokens, TokenType::kRightBrace, kMatching, "\",\" or \"}\"",
            [&] { ParseMatcher(tokens, matchers); });
  return matchers;
}

ParsedSelector ParseSelector(TokenStream& tokens) {
  ParsedSelector selector;
  const bool has_name = CanBeMetricName(tokens.type());
  if (has_name) selector.name = tokens.text(tokens.Take());
  if (tokens.Is(TokenType::kLeftBrace)) {
    selector.matchers = ParseMatchers(tokens);
  } else if (!has_name) {
    tokens.Unexpected("", "");
  }
  if (has_name) {
    AddMatcher(tokens, MatchType::kEqual, kMetricNameLabel, selector.name, {}, selector.matchers);
  }
  return selector;
}

std::vector<std::string> ParseGroupingLabels(TokenStream& tokens) {
  std::vector<std::string> labels;
  if (!tokens.Expect(TokenType::kLeftParen, kGrouping, "\"(\"")) return labels;
  ParseList(tokens, TokenType::kRightParen, kGrouping, "\",\" or \")\"",
            [&] { ParseGroupingLabel(tokens, labels); });
  return labels;
}

Labels ParseLabelSet(TokenStream& tokens) {
  LabelsBuilder labels;
  std::string name;
  if (CanBeMetricName(tokens.type())) name = tokens.text(tokens.Take());
  if (tokens.TakeIf(TokenType::kLeftBrace)) {
    ParseList(tokens, TokenType::kRightBrace, kSet, "\",\" or \"}\"",
              [&] { ParseLabel(tokens, labels); });
  }
  if (!name.empty()) labels.Set(kMetricNameLabel, name);
  return labels.Build();
}

}  // namespace tocsin::promql
