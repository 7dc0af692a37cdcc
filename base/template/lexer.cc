#include "base/template/lexer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/unicode.h"

namespace tocsin::text_template {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kCommentBegin = "/*";
constexpr std::string_view kCommentEnd = "*/";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::size_t kMarkerSize = 2;  // A minus and a space.

constexpr std::pair<std::string_view, TokenKind> kWords[] = {
    {"block", TokenKind::kBlock},       {"break", TokenKind::kBreak},
    {"continue", TokenKind::kContinue}, {"define", TokenKind::kDefine},
    {"else", TokenKind::kElse},         {"end", TokenKind::kEndWord},
    {"false", TokenKind::kBool},        {"if", TokenKind::kIf},
    {"nil", TokenKind::kNil},           {"range", TokenKind::kRange},
    {"template", TokenKind::kTemplate}, {"true", TokenKind::kBool},
    {"with", TokenKind::kWith},
};

bool IsSpaceByte(char c) {
  return kSpaces.find(c) != std::string_view::npos;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsWordCharacter(char32_t code) {
  return code == '_' || IsLetterOrDigit(code);
}

TokenKind WordKind(std::string_view word) {
  for (const auto& [text, kind] : kWords) {
    if (text == word) return kind;
  }
  return TokenKind::kIdentifier;
}

/// A character as Go's %#U prints it: U+0023 '#'.
std::string CodePoint(std::string_view rest) {
  if (rest.empty()) return "U+FFFFFFFFFFFFFFFF";
  const Character character = FirstCharacter(rest);
  return fmt::format("U+{:04X} '{}'", static_cast<unsigned>(character.code),
                     rest.substr(0, character.size));
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (tokens_.empty() || !IsLast(tokens_.back())) {
      start_ = position_;
      is_inside_ ? LexAction() : LexText();
    }
    return std::move(tokens_);
  }

 private:
  static bool IsLast(const Token& token) {
    return token.kind == TokenKind::kEnd || token.kind == TokenKind::kError;
  }

  std::string_view rest() const { return text_.substr(position_); }

  /// Lines are counted as positions go up.
  std::size_t LineAt(std::size_t position) {
    line_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
    counted_ = position;
    return line_;
  }

  void Emit(TokenKind kind) { EmitUpTo(kind, position_); }
  void EmitUpTo(TokenKind kind, std::size_t end) {
    tokens_.push_back({kind, start_, LineAt(start_), text_.substr(start_, end - start_), {}});
    start_ = position_;
  }
  void Fail(std::string error) {
    tokens_.push_back({TokenKind::kError, start_, LineAt(start_), {}, std::move(error)});
  }

  void LexText() {
    const std::size_t braces = text_.find(kLeft, position_);
    if (braces == std::string_view::npos) {
      position_ = text_.size();
      if (position_ > start_) Emit(TokenKind::kText);
      Emit(TokenKind::kEnd);
      return;
    }
    const std::string_view after = text_.substr(braces + kLeft.size());
    const bool is_trimmed = after.size() >= kMarkerSize && after[0] == '-' && IsSpaceByte(after[1]);
    std::size_t end = braces;
    while (is_trimmed && end > start_ && IsSpaceByte(text_[end - 1])) --end;
    position_ = braces;
    if (end > start_) EmitUpTo(TokenKind::kText, end);
    start_ = braces;
    position_ = braces + kLeft.size();
    const std::size_t marker = is_trimmed ? kMarkerSize : 0;
    if (after.substr(marker).starts_with(kCommentBegin)) {
      position_ += marker;
      SkipComment();
      return;
    }
    Emit(TokenKind::kLeftBraces);
    position_ += marker;
    is_inside_ = true;
    parentheses_ = 0;
  }

  void SkipComment() {
    const std::size_t end = text_.find(kCommentEnd, position_ + kCommentBegin.size());
    if (end == std::string_view::npos) return Fail("unclosed comment");
    position_ = end + kCommentEnd.size();
    if (!IsAtRightBraces()) return Fail("comment ends before closing delimiter");
    SkipRightBraces();
  }

  bool HasRightMarker() const {
    const std::string_view next = rest();
    return next.size() >= kMarkerSize && IsSpaceByte(next[0]) && next[1] == '-' &&
           next.substr(kMarkerSize).starts_with(kRight);
  }

  bool IsAtRightBraces() const { return rest().starts_with(kRight) || HasRightMarker(); }

  /// Goes behind the braces, and behind the space that a marker trims there.
  void SkipRightBraces() {
    const bool is_trimmed = HasRightMarker();
    position_ += (is_trimmed ? kMarkerSize : 0) + kRight.size();
    if (is_trimmed) position_ = std::min(text_.find_first_not_of(kSpaces, position_), text_.size());
  }

  void LexAction() {
    if (IsAtRightBraces()) {
      if (parentheses_ > 0) return Fail("unclosed left paren");
      if (HasRightMarker()) start_ += kMarkerSize;
      const std::size_t end = start_ + kRight.size();
      SkipRightBraces();
      is_inside_ = false;
      return EmitUpTo(TokenKind::kRightBraces, end);
    }
    if (rest().empty()) return Fail("unclosed action");
    const char c = rest()[0];
    if (IsSpaceByte(c)) return LexSpace();
    if (IsDigit(c) || c == '+' || c == '-') return LexNumber();
    if (c == '.' && rest().size() > 1 && IsDigit(rest()[1])) return LexNumber();
    if (c == '.' || c == '$') return LexName(c == '.' ? TokenKind::kField : TokenKind::kVariable);
    if (c == '"') return LexQuoted(TokenKind::kString, "unterminated quoted string");
    if (c == '\'') return LexQuoted(TokenKind::kCharacter, "unterminated character constant");
    if (c == '`') return LexRaw();
    if (IsWordCharacter(FirstCharacter(rest()).code)) return LexWord();
    LexSign(c);
  }

  /// A right trim marker needs the space before it, so that stays for the braces.
  void LexSpace() {
    while (!rest().empty() && IsSpaceByte(rest()[0]) && !HasRightMarker()) ++position_;
    Emit(TokenKind::kSpace);
  }

  void LexSign(char c) {
    ++position_;
    switch (c) {
      case '=': return Emit(TokenKind::kAssign);
      case ':':
        if (!rest().starts_with('=')) return Fail("expected :=");
        ++position_;
        return Emit(TokenKind::kDeclare);
      case '|': return Emit(TokenKind::kPipe);
      case '(': ++parentheses_; return Emit(TokenKind::kLeftParenthesis);
      case ')':
        if (--parentheses_ < 0) return Fail("unexpected right paren");
        return Emit(TokenKind::kRightParenthesis);
      default: break;
    }
    if (c > ' ' && c < '\x7f') return Emit(TokenKind::kOther);
    --position_;
    Fail("unrecognized character in action: " + CodePoint(rest()));
  }

  void SkipWordCharacters() {
    while (!rest().empty()) {
      const Character next = FirstCharacter(rest());
      if (!IsWordCharacter(next.code)) return;
      position_ += next.size;
    }
  }

  /// Whether a name may end here.
  bool IsAtTerminator() const {
    constexpr std::string_view kTerminators = " \t\r\n.,|:()";
    return rest().empty() || kTerminators.find(rest()[0]) != std::string_view::npos ||
           rest().starts_with(kRight);
  }

  void LexName(TokenKind kind) {
    ++position_;
    if (IsAtTerminator()) return Emit(kind == TokenKind::kField ? TokenKind::kDot : kind);
    SkipWordCharacters();
    if (!IsAtTerminator()) return Fail("bad character " + CodePoint(rest()));
    Emit(kind);
  }

  void LexWord() {
    SkipWordCharacters();
    if (!IsAtTerminator()) return Fail("bad character " + CodePoint(rest()));
    Emit(WordKind(text_.substr(start_, position_ - start_)));
  }

  bool Accept(std::string_view characters) {
    if (rest().empty() || characters.find(rest()[0]) == std::string_view::npos) return false;
    ++position_;
    return true;
  }

  void LexNumber() {
    constexpr std::string_view kDecimal = "0123456789_";
    constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF_";
    Accept("+-");
    std::string_view digits = kDecimal;
    if (Accept("0")) {
      if (Accept("xX")) digits = kHexadecimal;
      if (digits == kDecimal && Accept("oO")) digits = "01234567_";
      if (digits == kDecimal && Accept("bB")) digits = "01_";
    }
    const auto accept_digits = [&](std::string_view of) {
      while (Accept(of)) {
      }
    };
    accept_digits(digits);
    if (Accept(".")) accept_digits(digits);
    const bool has_exponent =
        (digits == kDecimal && Accept("eE")) || (digits == kHexadecimal && Accept("pP"));
    if (has_exponent) {
      Accept("+-");
      accept_digits(kDecimal);
    }
    if (!rest().empty() && IsWordCharacter(FirstCharacter(rest()).code)) {
      position_ += FirstCharacter(rest()).size;
      return Fail("bad number syntax: " + Quoted(text_.substr(start_, position_ - start_)));
    }
    Emit(TokenKind::kNumber);
  }

  void LexQuoted(TokenKind kind, std::string_view problem) {
    const char quote = rest()[0];
    ++position_;
    while (!rest().empty() && rest()[0] != quote && rest()[0] != '\n') {
      const bool is_escape = rest()[0] == '\\' && rest().size() > 1 && rest()[1] != '\n';
      position_ += is_escape ? 2 : 1;
    }
    if (rest().empty() || rest()[0] == '\n') return Fail(std::string(problem));
    ++position_;
    Emit(kind);
  }

  void LexRaw() {
    const std::size_t end = text_.find('`', position_ + 1);
    if (end == std::string_view::npos) return Fail("unterminated raw quoted string");
    position_ = end + 1;
    Emit(TokenKind::kRawString);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t start_ = 0;  ///< Of the token being read.
  std::size_t position_ = 0;
  std::size_t counted_ = 0;  ///< Up to where `line_` has counted.
  std::size_t line_ = 1;
  bool is_inside_ = false;
  int parentheses_ = 0;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view text) {
  return Lexer(text).Run();
}

}  // namespace tocsin::text_template
