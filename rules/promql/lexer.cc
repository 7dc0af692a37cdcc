#include "rules/promql/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/text.h"
#include "base/utf8.h"

namespace tocsin::promql {
namespace {

using enum TokenType;

constexpr std::string_view kDigits = "0123456789";

struct Word {
  std::string_view text;
  TokenType type;
};

// Sorted.
constexpr std::array kWords = {
    Word{"anchored", kAnchored},
    Word{"and", kAnd},
    Word{"atan2", kAtan2},
    Word{"avg", kAvg},
    Word{"bool", kBool},
    Word{"bottomk", kBottomk},
    Word{"by", kBy},
    Word{"count", kCount},
    Word{"count_values", kCountValues},
    Word{"end", kEndWord},
    Word{"fill", kFill},
    Word{"fill_left", kFillLeft},
    Word{"fill_right", kFillRight},
    Word{"group", kGroup},
    Word{"group_left", kGroupLeft},
    Word{"group_right", kGroupRight},
    Word{"ignoring", kIgnoring},
    Word{"inf", kNumber},
    Word{"limit_ratio", kLimitRatio},
    Word{"limitk", kLimitk},
    Word{"max", kMax},
    Word{"max_of", kMaxOfWord},
    Word{"min", kMin},
    Word{"min_of", kMinOfWord},
    Word{"nan", kNumber},
    Word{"offset", kOffset},
    Word{"on", kOn},
    Word{"or", kOr},
    Word{"quantile", kQuantile},
    Word{"range", kRangeWord},
    Word{"smoothed", kSmoothed},
    Word{"start", kStartWord},
    Word{"stddev", kStddev},
    Word{"stdvar", kStdvar},
    Word{"step", kStepWord},
    Word{"sum", kSum},
    Word{"topk", kTopk},
    Word{"unless", kUnless},
    Word{"without", kWithout},
};
constexpr std::size_t kLongestWord = 12;

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool IsAlpha(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool IsAlphaNumeric(char c) {
  return IsAlpha(c) || IsDigit(c);
}
constexpr bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::optional<TokenType> FindWord(std::string_view text) {
  if (text.size() > kLongestWord) return std::nullopt;
  const std::string word = LowerCase(text);
  const auto* const found = std::ranges::lower_bound(kWords, word, {}, &Word::text);
  if (found == kWords.end() || found->text != word) return std::nullopt;
  return found->type;
}

/// Those of arithmetic, which mean the same everywhere.
std::optional<TokenType> FindOperator(char c) {
  switch (c) {
    case '+': return kAdd;
    case '-': return kSubtract;
    case '*': return kMultiply;
    case '/': return kDivide;
    case '%': return kModulo;
    case '^': return kPower;
    case ',': return kComma;
    default: return std::nullopt;
  }
}

/// What begins with `<` or `>`.
TokenType ComparisonOf(char c, char next) {
  if (next == '=') return c == '<' ? kLessOrEqual : kGreaterOrEqual;
  if (next == '/') return c == '<' ? kTrimUpper : kTrimLower;
  return c == '<' ? kLess : kGreater;
}

/// The length of the character at the front of `text`; 0 if it is not well-formed UTF-8, or stands
/// for such a thing (U+FFFD).
std::size_t CharacterLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const std::string_view character = text.substr(0, length);
  if (character.size() < length || !IsUtf8(character)) return 0;
  return character == "\xef\xbf\xbd" ? 0 : length;
}

unsigned DigitValue(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  const char lower = LowerCase(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a') + 10;
  return 16;
}

}  // namespace

Token Lexer::Next() {
  if (!done_) last_ = Lex();
  return last_;
}

Token Lexer::Lex() {
  SkipBlanks(/*comments=*/!expects_duration_);
  start_ = position_;
  if (in_braces_) return LexInBraces();
  if (expects_duration_) return LexDurationExpression();
  return LexStatement();
}

Token Lexer::LexStatement() {
  if (AtEnd()) return LexEndOfText();
  const char c = Peek();
  if (const auto type = FindOperator(c)) return Single(*type);
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return LexNumberOrDuration();
  if (in_brackets_ && (IsAlpha(c) || c == ':')) return LexColon();
  if (IsAlpha(c) || c == ':') return LexWord();
  switch (c) {
    case '=': return LexEquals();
    case '!': return LexNotEqual();
    case '<':
    case '>': {
      const TokenType type = ComparisonOf(c, Peek(1));
      if (type != kLess && type != kGreater) ++position_;
      return Single(type);
    }
    case '"':
    case '\'': return LexString();
    case '`': return LexRawString();
    case '(':
    case ')': return LexParen(c);
    case '[':
    case ']': return LexBracket(c);
    case '{': in_braces_ = true; return Single(kLeftBrace);
    case '@': return Single(kAt);
    default: return Refuse("unexpected character: " + QuotedCharacter(position_));
  }
}

Token Lexer::LexEndOfText() {
  if (parens_ != 0) return Refuse("unclosed left parenthesis");
  if (in_brackets_) return Refuse("unclosed left bracket");
  return Make(kEnd);
}

Token Lexer::LexEquals() {
  if (Peek(1) == '~') return Refuse("unexpected character after '=': '~'");
  if (Peek(1) != '=') return Single(kAssign);
  ++position_;
  return Single(kEqual);
}

Token Lexer::LexNotEqual() {
  ++position_;
  if (Peek() == '=') return Single(kNotEqual);
  if (in_braces_ && Peek() == '~') return Single(kNotMatches);
  return Refuse(fmt::format("unexpected character after '!'{}: {}",
                            in_braces_ ? " inside braces" : "", QuotedCharacter(position_)));
}

Token Lexer::LexParen(char c) {
  if (c == '(') {
    ++parens_;
    return Single(kLeftParen);
  }
  if (--parens_ >= 0) return Single(kRightParen);
  start_ = ++position_;
  return Refuse("unexpected right parenthesis ')'");
}

Token Lexer::LexBracket(char c) {
  if (c == '[') {
    if (in_brackets_) return Refuse("unexpected left bracket '['");
    in_brackets_ = true;
    had_colon_ = false;
    had_duration_ = false;
    expects_duration_ = true;
    return Single(kLeftBracket);
  }
  if (!in_brackets_) return Refuse("unexpected right bracket ']'");
  in_brackets_ = false;
  expects_duration_ = false;
  return Single(kRightBracket);
}

Token Lexer::LexDurationExpression() {
  if (AtEnd()) return Refuse("unexpected end of input in duration expression");
  const char c = Peek();
  if (c == ']') return LexBracket(c);
  if (c == ':') {
    start_ = ++position_;
    if (!had_duration_) return Refuse("unexpected colon before duration in duration expression");
    if (had_colon_) return Refuse("unexpected repeated colon in duration expression");
    start_ = position_ - 1;
    had_colon_ = true;
    return Make(kColon);
  }
  had_duration_ = true;
  if (c == '(' || c == ')') return LexParen(c);
  if (const auto type = FindOperator(c)) return Single(*type);
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    expects_duration_ = false;
    return LexNumberOrDuration();
  }
  return LexDurationWord("unexpected character in duration expression: " + QuotedCharacter(start_));
}

// In brackets, after a number.
Token Lexer::LexColon() {
  if (Peek() != ':') {
    return LexDurationWord(
        fmt::format("unexpected character: {}, expected ':'", QuotedCharacter(start_)));
  }
  if (had_colon_) return Refuse("unexpected colon ':'");
  had_colon_ = true;
  return Single(kColon);
}

Token Lexer::LexDurationWord(std::string_view otherwise) {
  while (IsAlpha(Peek())) ++position_;
  const auto word = FindWord(text_.substr(start_, position_ - start_));
  if (word == kStepWord || word == kRangeWord || word == kMinOfWord || word == kMaxOfWord) {
    return Make(*word);
  }
  return Refuse(std::string(otherwise));
}

Token Lexer::LexWord() {
  bool has_colon = false;
  while (IsAlphaNumeric(Peek()) || Peek() == ':') has_colon |= text_[position_++] == ':';
  if (has_colon) return Make(kMetricIdentifier);
  const auto word = FindWord(text_.substr(start_, position_ - start_));
  if (!word) return Make(kIdentifier);
  if (*word == kFill || *word == kFillLeft || *word == kFillRight) {
    // Came late, when metrics might already have had these names.
    std::size_t next = position_;
    while (next < text_.size() && IsBlank(text_[next])) ++next;
    if (next == text_.size() || text_[next] != '(') return Make(kIdentifier);
  }
  return Make(*word);
}

Token Lexer::LexInBraces() {
  if (AtEnd()) return Refuse("unexpected end of input inside braces");
  const char c = Peek();
  if (IsAlpha(c)) {
    while (IsAlphaNumeric(Peek())) ++position_;
    return Make(kIdentifier);
  }
  switch (c) {
    case ',': return Single(kComma);
    case '"':
    case '\'': return LexString();
    case '`': return LexRawString();
    case '=':
      if (Peek(1) != '~') return Single(kAssign);
      ++position_;
      return Single(kMatches);
    case '!': return LexNotEqual();
    case '{': return Refuse("unexpected left brace '{'");
    case '}': in_braces_ = false; return Single(kRightBrace);
    default: return Refuse("unexpected character inside braces: " + QuotedCharacter(position_));
  }
}

Token Lexer::LexString() {
  const char quote = text_[position_++];
  while (true) {
    if (AtEnd() || Peek() == '\n') return Refuse("unterminated quoted string");
    const char c = Peek();
    if (c == '\\') {
      ++position_;
      if (!ScanEscape(quote)) return Make(kError);
      continue;
    }
    const std::size_t length = CharacterLength(text_.substr(position_));
    if (length == 0) return Refuse("invalid UTF-8 rune");
    position_ += length;
    if (c == quote) return Make(kString);
  }
}

Token Lexer::LexRawString() {
  ++position_;
  while (!AtEnd()) {
    const bool is_quote = Peek() == '`';
    const std::size_t length = CharacterLength(text_.substr(position_));
    if (length == 0) return Refuse("invalid UTF-8 rune");
    position_ += length;
    if (is_quote) return Make(kString);
  }
  return Refuse("unterminated raw string");
}

/// What follows a backslash. On failure error() is set.
bool Lexer::ScanEscape(char quote) {
  constexpr std::uint32_t kLastCharacter = 0x10ffff;
  if (AtEnd()) {
    Refuse("escape sequence not terminated");
    return false;
  }
  const char c = Peek();
  if (c == quote || std::string_view("abfnrtv\\").find(c) != std::string_view::npos) {
    ++position_;
    return true;
  }
  if (c >= '0' && c <= '7') return ScanEscapedNumber(3, 8, 255);
  if (c != 'x' && c != 'u' && c != 'U') {
    Refuse("unknown escape sequence " + NamedCharacter(position_));
    return false;
  }
  ++position_;
  if (c == 'x') return ScanEscapedNumber(2, 16, 255);
  return ScanEscapedNumber(c == 'u' ? 4 : 8, 16, kLastCharacter);
}

bool Lexer::ScanEscapedNumber(int digits, unsigned base, std::uint32_t most) {
  std::uint64_t value = 0;
  for (int i = 0; i < digits; ++i, ++position_) {
    if (AtEnd()) {
      Refuse("escape sequence not terminated");
      return false;
    }
    const unsigned digit = DigitValue(Peek());
    if (digit >= base) {
      Refuse(fmt::format("illegal character {} in escape sequence", NamedCharacter(position_)));
      return false;
    }
    value = value * base + digit;
  }
  const bool is_surrogate = value >= 0xd800 && value < 0xe000;
  if (value <= most && !is_surrogate) return true;
  Refuse("escape sequence is an invalid Unicode code point");
  return false;
}

Token Lexer::LexNumberOrDuration() {
  if (ScanNumber()) return Make(kNumber);
  if (ScanDuration()) return Make(kDuration);
  return Refuse("bad number or duration syntax: " +
                Quoted(text_.substr(start_, position_ - start_)));
}

/// Takes what looks like a number; whether it is one is for ParseNumberLiteral() to say. If it is
/// not, the position is where that was seen.
bool Lexer::ScanNumber() {
  std::string_view digits = kDigits;
  if (Accept("0") && Accept("xX")) {
    Accept("_");
    digits = "0123456789abcdefABCDEF";
  }
  const bool is_hex = digits.size() > kDigits.size();
  bool has_dot = Accept(".");
  bool has_exponent = false;
  while (!AtEnd()) {
    if (Is(".")) {
      ++position_;
      if (has_dot || is_hex || Accept("_.")) return false;
      has_dot = true;
    } else if (Is("eE") && !is_hex) {
      ++position_;
      if (has_exponent) return false;
      has_exponent = true;
      Accept("+-");
      if (AtEnd() || Accept("._eE")) return false;
    } else if (Accept("_")) {
      if (AtEnd() || Accept("._eE")) return false;
    } else if (!Accept(digits)) {
      break;
    }
  }
  return position_ > start_ && !IsAlphaNumeric(Peek());
}

/// Goes on where ScanNumber() saw no number, after its digits: takes a unit, and further digits
/// with units. Which units in which order is for ParseDurationLiteral() to say.
bool Lexer::ScanDuration() {
  if (!Accept("smhdwy")) return false;
  Accept("s");
  while (Accept(kDigits)) {
    while (Accept(kDigits)) {
    }
    if (!Accept("smhdw")) return false;
    Accept("s");
  }
  if (!IsAlphaNumeric(Peek())) return true;
  ++position_;
  return false;
}

void Lexer::SkipBlanks(bool comments) {
  while (!AtEnd()) {
    if (IsBlank(Peek())) {
      ++position_;
    } else if (comments && Peek() == '#') {
      while (!AtEnd() && Peek() != '\n' && Peek() != '\r') ++position_;
    } else {
      return;
    }
  }
}

char Lexer::Peek(std::size_t ahead) const {
  return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
}

bool Lexer::Is(std::string_view set) const {
  return !AtEnd() && set.find(Peek()) != std::string_view::npos;
}

bool Lexer::Accept(std::string_view set) {
  if (!Is(set)) return false;
  ++position_;
  return true;
}

Token Lexer::Make(TokenType type) {
  done_ = type == kEnd || type == kError;
  return {type, static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(position_)};
}

Token Lexer::Single(TokenType type) {
  ++position_;
  return Make(type);
}

/// The position of such an error is the rest of the text.
Token Lexer::Refuse(std::string message) {
  error_ = std::move(message);
  position_ = text_.size();
  return Make(kError);
}

/// 'x', as Go's %q.
std::string Lexer::QuotedCharacter(std::size_t at) const {
  if (at >= text_.size()) return "'\xef\xbf\xbd'";
  const std::string_view rest = text_.substr(at);
  if (rest.front() == '\'') return "'\\''";
  if (rest.front() == '"') return "'\"'";
  const std::size_t length = CharacterLength(rest);
  std::string quoted = length == 0 ? "\"\xef\xbf\xbd\"" : Quoted(rest.substr(0, length));
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

/// U+0078 'x', as Go's %#U.
std::string Lexer::NamedCharacter(std::size_t at) const {
  const std::string_view rest = text_.substr(at);
  const std::size_t length = CharacterLength(rest);
  if (length == 0) return "U+FFFD '\xef\xbf\xbd'";
  const std::string_view character = rest.substr(0, length);
  auto value =
      static_cast<unsigned char>(character.front()) & (length == 1 ? 0x7fU : 0x7fU >> length);
  for (const char next : character.substr(1)) {
    value = value << 6U | (static_cast<unsigned char>(next) & 0x3fU);
  }
  const bool is_shown = Quoted(character).size() <= length + 2 || value == '"' || value == '\\';
  return fmt::format("U+{:04X}{}", value, is_shown ? fmt::format(" '{}'", character) : "");
}

}  // namespace tocsin::promql
