// The text of a template -> tokens.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::text_template {

enum class TokenKind {
  kEnd,
  kError,  ///< The text is wrong here; the last token. Token::error says why.
  kText,   ///< Outside braces.
  kLeftBraces,
  kRightBraces,
  kSpace,
  kIdentifier,
  kField,     ///< `.name`
  kVariable,  ///< `$` or `$name`
  kBool,
  kNumber,
  kCharacter,  ///< 'a'
  kString,     ///< "a", with its quotes
  kRawString,  ///< `a`, with its quotes
  kPipe,
  kDeclare,  ///< :=
  kAssign,   ///< =
  kLeftParenthesis,
  kRightParenthesis,
  kOther,  ///< Any other ASCII character, such as a comma.
  // Words of the language, from here on.
  kDot,
  kNil,
  kBlock,
  kBreak,
  kContinue,
  kDefine,
  kElse,
  kEndWord,
  kIf,
  kRange,
  kTemplate,
  kWith,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t position = 0;  ///< Byte offset of its beginning.
  std::size_t line = 1;      ///< Of its beginning.
  std::string_view text = {};
  std::string error = {};
};

/// The tokens of `text`, up to kEnd or kError, which is always the last and occurs only there.
/// Comments are left out, and the space that trim markers trim. The tokens refer to `text`.
/// Source: the documentation of Go's text/template, and its lexer for the words of errors.
std::vector<Token> Tokenize(std::string_view text);

}  // namespace tocsin::text_template
