#include "exporter/generate/template_edit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/lexer.h"
#include "base/template/literal.h"
#include "exporter/generate/promql_edit.h"

namespace tocsin::generate {
namespace {

using text_template::Token;
using text_template::TokenKind;

/// A constant expression in a template.
struct QueryText {
  const Token* token = nullptr;
  bool is_format = false;  ///< printf's: a percent sign is written twice.
};

bool IsString(const Token& token) {
  return token.kind == TokenKind::kString || token.kind == TokenKind::kRawString;
}

bool IsWord(const Token& token, std::string_view word) {
  return token.kind == TokenKind::kIdentifier && token.text == word;
}

/// The constant that stands alone at `at`, or behind `printf`.
std::optional<QueryText> ConstantAt(const std::vector<Token>& tokens, std::size_t at) {
  if (IsString(tokens[at])) return QueryText{&tokens[at], false};
  if (!IsWord(tokens[at], "printf") || !IsString(tokens[at + 1])) return std::nullopt;
  return QueryText{&tokens[at + 1], true};
}

/// Whether a command begins behind the token.
bool EndsBefore(const Token& token) {
  using enum TokenKind;
  constexpr std::array kBoundaries = {kPipe, kLeftBraces, kIf,      kElse,
                                      kWith, kRange,      kDeclare, kAssign};
  return std::ranges::find(kBoundaries, token.kind) != kBoundaries.end();
}

/// What the function at `at`, which is `query`, is given. `tokens` are without spaces, and end with
/// kEnd or kError.
std::optional<QueryText> ArgumentOf(const std::vector<Token>& tokens, std::size_t at) {
  std::size_t begin = at + 1;
  while (tokens[begin].kind == TokenKind::kLeftParenthesis) ++begin;
  if (std::optional<QueryText> constant = ConstantAt(tokens, begin)) return constant;
  if (at == 0 || tokens[at - 1].kind != TokenKind::kPipe) return std::nullopt;
  const std::size_t end = at - 1;  // What is piped in stands before it.
  begin = end;
  while (begin > 0 && !EndsBefore(tokens[begin - 1])) --begin;
  const bool is_alone = begin + 1 == end;
  while (tokens[begin].kind == TokenKind::kLeftParenthesis) ++begin;
  const std::optional<QueryText> constant = ConstantAt(tokens, begin);
  return constant && (constant->is_format || is_alone) ? constant : std::nullopt;
}

std::string WithDoubledPercents(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += '%';
    out += c;
  }
  return out;
}

/// The constant with the matchers in it, in quotes again.
Result<std::string> Rewritten(const QueryText& query, std::span<const Matcher> matchers) {
  const Result<std::string> expr = text_template::Unquote(query.token->text);
  if (!expr) return expr.error();
  Result<std::vector<Insertion>> insertions = MatcherInsertions(*expr, matchers);
  if (!insertions) {
    return insertions.error().Within(fmt::format("the query {}", query.token->text));
  }
  for (Insertion& insertion : *insertions) {
    if (query.is_format) insertion.text = WithDoubledPercents(insertion.text);
  }
  return Quoted(WithInsertions(*expr, *insertions));
}

}  // namespace

Result<std::string> WithMatchersInQueries(std::string_view text,
                                          std::span<const Matcher> matchers) {
  std::vector<Token> tokens = text_template::Tokenize(text);
  std::erase_if(tokens, [](const Token& token) { return token.kind == TokenKind::kSpace; });
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!IsWord(tokens[i], "query")) continue;
    const std::optional<QueryText> query = ArgumentOf(tokens, i);
    // A constant that several queries get is rewritten once.
    if (!query || query->token->position < done) continue;
    const Result<std::string> constant = Rewritten(*query, matchers);
    if (!constant) return constant.error();
    out.append(text.substr(done, query->token->position - done)).append(*constant);
    done = query->token->position + query->token->text.size();
  }
  return out.append(text.substr(done));
}

}  // namespace tocsin::generate
