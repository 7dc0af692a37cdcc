// Tokens -> tree.

#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/token_stream.h"

namespace tocsin::promql {

/// Parses one expression, by precedence climbing. Types and ids are left to the type check.
///
/// One thread at a time. The tokens must outlive it.
/// Source: Prometheus' documentation, "Operators", "Binary operator precedence", and
/// promql/parser/generated_parser.y of Prometheus 3, whose errors are matched.
class ExpressionParser {
 public:
  ExpressionParser(TokenStream& tokens, bool experimental)
      : tokens_(tokens), experimental_(experimental) {}

  /// All of the tokens. Null if tokens.failed().
  ExprPtr Parse();

 private:
  /// An expression with the number of nodes on its longest path, itself included. Without an
  /// expression if parsing has failed.
  struct Tree {
    ExprPtr expr;
    int height = 1;
    explicit operator bool() const { return expr != nullptr; }
  };
  struct Arguments {
    std::vector<ExprPtr> exprs;
    int height = 0;  ///< Of the highest.
  };

  Tree ParseNested();
  Tree ParseBinary(int weakest);
  Tree ParseUnary();
  Tree ParsePrimary();
  Tree ParseNumber();
  Tree ParseString();
  Tree ParseParen();
  Tree ParseVectorSelector();
  Tree ParseWord();
  Tree ParseCall(const Token& name);
  Tree ParseAggregate(const Token& name);
  std::optional<Arguments> ParseArguments();
  bool ParseArgumentList(Arguments& arguments);

  Tree ParseModifiers(Tree tree);
  Tree ParseBrackets(Tree tree);

  bool ParseMatching(Binary& binary);
  bool ParseFill(VectorMatching& matching);
  bool ParseFillValue(std::optional<double>& value);
  bool ParseGrouping(Aggregate& aggregate);
  Tree FinishAggregate(Aggregate aggregate, std::string_view name, Arguments arguments,
                       Position position);

  Tree MakeTree(decltype(Expr::node) node, Position position, int height);
  bool Refuse(Position position, std::string message);
  bool Unexpected();

  TokenStream& tokens_;
  bool experimental_;
  /// What errors say they are in.
  std::string_view context_;
};

}  // namespace tocsin::promql
