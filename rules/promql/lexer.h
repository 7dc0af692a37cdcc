// PromQL text -> tokens.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rules/promql/token.h"

namespace tocsin::promql {

/// Cuts a text into tokens, one at a time. What a character means depends on whether it stands in
/// braces, in brackets or outside of them. Spaces and comments are left out.
///
/// One thread at a time. The text must outlive it and have less than 4 GiB.
/// Source: Prometheus' documentation, "Querying basics", and promql/parser/lex.go of Prometheus 3,
/// whose errors are matched.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// The next token. After kEnd or kError that same token again.
  Token Next();

  /// Why the last token is kError.
  const std::string& error() const { return error_; }
  std::string_view text() const { return text_; }

 private:
  Token Lex();
  Token LexStatement();
  Token LexInBraces();
  Token LexDurationExpression();
  Token LexColon();
  Token LexWord();
  Token LexDurationWord(std::string_view otherwise);
  Token LexString();
  Token LexRawString();
  Token LexNumberOrDuration();
  Token LexNotEqual();
  Token LexEquals();
  Token LexEndOfText();
  Token LexParen(char c);
  Token LexBracket(char c);

  bool ScanEscape(char quote);
  bool ScanEscapedNumber(int digits, unsigned base, std::uint32_t most);
  bool ScanNumber();
  bool ScanDuration();
  void SkipBlanks(bool comments);

  bool AtEnd() const { return position_ >= text_.size(); }
  char Peek(std::size_t ahead = 0) const;
  bool Is(std::string_view set) const;
  bool Accept(std::string_view set);

  Token Make(TokenType type);
  Token Single(TokenType type);
  Token Refuse(std::string message);
  std::string QuotedCharacter(std::size_t at) const;
  std::string NamedCharacter(std::size_t at) const;

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  ///< Of the token being read.
  Token last_{};
  bool done_ = false;
  std::string error_;

  int parens_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool had_colon_ = false;         ///< Since the bracket was opened.
  bool had_duration_ = false;      ///< Since the bracket was opened.
  bool expects_duration_ = false;  ///< In brackets, before a number: operators come without spaces.
};

}  // namespace tocsin::promql
