#include "rules/promql/token.h"

#include "base/quote.h"

namespace tocsin::promql {
namespace {

constexpr std::size_t kLongestShown = 10;

/// `text` in quotes; of a long one only the beginning.
std::string Shown(std::string_view text) {
  if (text.size() <= kLongestShown) return Quoted(text);
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size() && characters < kLongestShown; ++characters) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) ++end;
  }
  return Quoted(text.substr(0, end)) + (end < text.size() ? "..." : "");
}

}  // namespace

bool CanBeMetricName(TokenType type) {
  using enum TokenType;
  if (IsAggregation(type) || IsFunctionWord(type)) return true;
  return type == kIdentifier || type == kMetricIdentifier || type == kAnd || type == kOr ||
         type == kUnless || type == kBy || type == kWithout || type == kOffset ||
         type == kAnchored || type == kSmoothed;
}

bool CanBeGroupingLabel(TokenType type) {
  using enum TokenType;
  if (IsAggregation(type) || IsFunctionWord(type)) return true;
  if (IsKeyword(type)) return type != kWithout;
  return type == kIdentifier || type == kMetricIdentifier || type == kAnd || type == kOr ||
         type == kUnless || type == kAtan2;
}

std::string Describe(TokenType type, std::string_view text) {
  using enum TokenType;
  if (IsKeyword(type)) return "<" + std::string(text) + ">";
  if (IsOperator(type)) return "<op:" + std::string(text) + ">";
  if (IsAggregation(type)) return "<aggr:" + std::string(text) + ">";
  if (type == kEnd) return "end of input";
  if (type == kIdentifier) return "identifier " + Quoted(text);
  if (type == kMetricIdentifier) return "metric identifier " + Quoted(text);
  if (type == kNumber) return "number " + Shown(text);
  if (type == kDuration) return "duration " + Shown(text);
  if (type == kString) return "string " + Shown(text);
  return Shown(text);
}

}  // namespace tocsin::promql
