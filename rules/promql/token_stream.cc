#include "rules/promql/token_stream.h"

#include <utility>

#include <fmt/format.h>

#include "rules/promql/literal.h"

namespace tocsin::promql {

Token TokenStream::Take() {
  const Token taken = next_;
  end_ = taken.end;
  next_ = std::exchange(following_, lexer_.Next());
  return taken;
}

bool TokenStream::TakeIf(TokenType type) {
  if (!Is(type)) return false;
  Take();
  return true;
}

bool TokenStream::Expect(TokenType type, std::string_view context, std::string_view expected) {
  if (TakeIf(type)) return true;
  Unexpected(context, expected);
  return false;
}

std::optional<double> TokenStream::TakeNumber() {
  const Token token = Take();
  const Result<double> value = token.type == TokenType::kNumber ? ParseNumberLiteral(text(token))
                                                                : ParseDurationLiteral(text(token));
  if (value) return *value;
  Fail(PositionOf(token), value.error().message);
  return std::nullopt;
}

void TokenStream::Fail(Position position, std::string message) {
  if (failed_) return;
  failed_ = true;
  error_ = {std::move(message), position};
}

void TokenStream::Unexpected(std::string_view context, std::string_view expected) {
  if (Is(TokenType::kError)) return Fail(PositionOf(next_), lexer_.error());
  std::string message = "unexpected " + Describe(next_.type, text(next_));
  if (!context.empty()) message += fmt::format(" in {}", context);
  if (!expected.empty()) message += fmt::format(", expected {}", expected);
  Fail(PositionOf(next_), std::move(message));
}

TokenStream::Level::Level(TokenStream& tokens) : tokens_(tokens) {
  if (++tokens.levels_ <= kMostNesting) return;
  tokens.Fail(PositionOf(tokens.next_),
              fmt::format("expression is nested too deeply: more than {} levels", kMostNesting));
}

}  // namespace tocsin::promql
