#include "exporter/generate/promql_edit.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.h"
#include "rules/promql/analysis.h"
#include "rules/promql/ast.h"
#include "rules/promql/lexer.h"
#include "rules/promql/parser.h"

namespace tocsin::generate {
namespace {

using promql::Binary;
using promql::BinaryOp;
using promql::Expr;
using promql::Token;
using promql::TokenType;

Result<promql::Query> ParseExpr(std::string_view expr) {
  promql::ParseResult parsed = promql::Parse(expr, {.experimental = true});
  if (!parsed) return Error{ErrorCode::kInvalidInput, parsed.error.ToString(expr)};
  return std::move(*parsed.query);
}

std::string Joined(std::span<const Matcher> matchers) {
  std::vector<std::string> texts;
  texts.reserve(matchers.size());
  for (const Matcher& matcher : matchers) texts.push_back(matcher.ToString());
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// The tokens of `expr` from `begin` on: a name, a pair of braces with what is in it, or both. Says
/// where in it more matchers go.
Insertion InsertionAt(std::string_view expr, std::uint32_t begin, const std::string& matchers) {
  promql::Lexer lexer(expr);
  Token token = lexer.Next();
  while (token.begin < begin) token = lexer.Next();
  if (token.type != TokenType::kLeftBrace) {
    const std::uint32_t end = token.end;
    token = lexer.Next();
    if (token.type != TokenType::kLeftBrace) return {end, fmt::format("{{{}}}", matchers)};
  }
  bool needs_comma = false;
  for (token = lexer.Next(); token.type != TokenType::kRightBrace; token = lexer.Next()) {
    needs_comma = token.type != TokenType::kComma;
  }
  return {token.begin, (needs_comma ? ", " : "") + matchers};
}

/// The numbers that the value of `expr` is compared with.
void FindThresholds(const Expr& expr, std::vector<const Expr*>& found) {
  const auto* const binary = std::get_if<Binary>(&promql::StripParens(expr).node);
  if (binary == nullptr) return;
  if (binary->op == BinaryOp::kOr) {
    FindThresholds(*binary->lhs, found);
    FindThresholds(*binary->rhs, found);
  } else if (IsSet(binary->op)) {
    FindThresholds(*binary->lhs, found);
  } else if (IsComparison(binary->op) && !binary->return_bool) {
    FindThresholds(*binary->lhs, found);
    const Expr* number = &promql::StripParens(*binary->rhs);
    if (const auto* const sign = std::get_if<promql::Unary>(&number->node)) {
      number = &promql::StripParens(*sign->expr);
    }
    if (std::holds_alternative<promql::NumberLiteral>(number->node)) {
      found.push_back(&promql::StripParens(*binary->rhs));
    }
  }
}

}  // namespace

std::string WithInsertions(std::string_view text, const std::vector<Insertion>& insertions) {
  std::string out;
  std::size_t done = 0;
  for (const Insertion& insertion : insertions) {
    out.append(text.substr(done, insertion.position - done)).append(insertion.text);
    done = insertion.position;
  }
  return out.append(text.substr(done));
}

Result<std::vector<Insertion>> MatcherInsertions(std::string_view expr,
                                                 std::span<const Matcher> matchers) {
  const Result<promql::Query> query = ParseExpr(expr);
  if (!query) return query.error();
  const std::string text = Joined(matchers);
  std::vector<Insertion> insertions;
  promql::Walk(*query->root, [&](const Expr& part) {
    if (promql::SelectorOf(part) == nullptr) return;
    insertions.push_back(InsertionAt(expr, part.position.begin, text));
  });
  std::ranges::sort(insertions, {}, &Insertion::position);
  return insertions;
}

Result<std::string> WithThreshold(std::string_view expr, double threshold) {
  const Result<promql::Query> query = ParseExpr(expr);
  if (!query) return query.error();
  std::vector<const Expr*> found;
  FindThresholds(*query->root, found);
  if (found.empty()) {
    return Error{ErrorCode::kInvalidInput, "its value is not compared with a number"};
  }
  if (found.size() > 1) {
    std::vector<std::string_view> texts;
    texts.reserve(found.size());
    for (const Expr* const number : found) {
      texts.push_back(
          expr.substr(number->position.begin, number->position.end - number->position.begin));
    }
    return Error{
        ErrorCode::kInvalidInput,
        fmt::format("its value is compared with more than one number: {}", fmt::join(texts, ", "))};
  }
  const auto [begin, end] = found.front()->position;
  return fmt::format("{}{}{}", expr.substr(0, begin), FormatNumber(threshold), expr.substr(end));
}

}  // namespace tocsin::generate
