// The tokens of one text, while it is parsed.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/promql/lexer.h"
#include "rules/promql/parser.h"

namespace tocsin::promql {

/// Looks two tokens ahead, and keeps the first error. After an error everything that is read is
/// worthless; parsers return as soon as they see failed().
///
/// One thread at a time. The text must outlive it.
class TokenStream {
 public:
  explicit TokenStream(std::string_view text)
      : lexer_(text), next_(lexer_.Next()), following_(lexer_.Next()) {}

  /// The next token, which is not taken yet.
  const Token& next() const { return next_; }
  /// The one after that.
  const Token& following() const { return following_; }
  TokenType type() const { return next_.type; }
  bool Is(TokenType type) const { return next_.type == type; }
  std::string_view text(const Token& token) const {
    return lexer_.text().substr(token.begin, token.end - token.begin);
  }

  Token Take();
  bool TakeIf(TokenType type);
  /// Takes a token of this type, or fails as Unexpected() does.
  bool Expect(TokenType type, std::string_view context, std::string_view expected);
  /// Takes a number, or a duration in seconds, which the next token must be. Nothing if it is not
  /// well-formed.
  std::optional<double> TakeNumber();
  /// The end of the last token taken.
  std::uint32_t end() const { return end_; }

  /// Unless there is an error already.
  void Fail(Position position, std::string message);
  /// Complains about the next token: `unexpected ")" in <context>, expected <expected>`; empty
  /// parts are left out. If that token is an error, about that.
  void Unexpected(std::string_view context, std::string_view expected);
  bool failed() const { return failed_; }
  const ParseError& error() const { return error_; }

  /// Counts a level of nesting for as long as it exists; at too many, fails.
  class Level {
   public:
    explicit Level(TokenStream& tokens);
    ~Level() { --tokens_.levels_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenStream& tokens_;
  };

 private:
  Lexer lexer_;
  Token next_;
  Token following_;
  std::uint32_t end_ = 0;
  int levels_ = 0;
  bool failed_ = false;
  ParseError error_;
};

constexpr Position PositionOf(const Token& token) {
  return {token.begin, token.end};
}

}  // namespace tocsin::promql
