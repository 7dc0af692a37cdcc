#include "rules/promql/expression_parser.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "rules/promql/duration_parser.h"
#include "rules/promql/functions.h"
#include "rules/promql/literal.h"
#include "rules/promql/modifier_parser.h"
#include "rules/promql/selector_parser.h"

namespace tocsin::promql {
namespace {

enum Precedence { kAlternatives = 1, kConjunctions, kComparisons, kSums, kProducts, kPowers };

struct Operator {
  TokenType type;
  BinaryOp op;
  Precedence precedence;
};

constexpr std::array kOperators = {
    Operator{TokenType::kOr, BinaryOp::kOr, kAlternatives},
    Operator{TokenType::kAnd, BinaryOp::kAnd, kConjunctions},
    Operator{TokenType::kUnless, BinaryOp::kUnless, kConjunctions},
    Operator{TokenType::kEqual, BinaryOp::kEqual, kComparisons},
    Operator{TokenType::kNotEqual, BinaryOp::kNotEqual, kComparisons},
    Operator{TokenType::kLess, BinaryOp::kLess, kComparisons},
    Operator{TokenType::kLessOrEqual, BinaryOp::kLessOrEqual, kComparisons},
    Operator{TokenType::kGreater, BinaryOp::kGreater, kComparisons},
    Operator{TokenType::kGreaterOrEqual, BinaryOp::kGreaterOrEqual, kComparisons},
    Operator{TokenType::kTrimUpper, BinaryOp::kTrimUpper, kComparisons},
    Operator{TokenType::kTrimLower, BinaryOp::kTrimLower, kComparisons},
    Operator{TokenType::kAdd, BinaryOp::kAdd, kSums},
    Operator{TokenType::kSubtract, BinaryOp::kSubtract, kSums},
    Operator{TokenType::kMultiply, BinaryOp::kMultiply, kProducts},
    Operator{TokenType::kDivide, BinaryOp::kDivide, kProducts},
    Operator{TokenType::kModulo, BinaryOp::kModulo, kProducts},
    Operator{TokenType::kAtan2, BinaryOp::kAtan2, kProducts},
    Operator{TokenType::kPower, BinaryOp::kPower, kPowers},
};

const Operator* FindOperator(TokenType type) {
  const auto* const found = std::ranges::find(kOperators, type, &Operator::type);
  return found == kOperators.end() ? nullptr : found;
}

AggregateOp AggregateOf(TokenType type) {
  // Both list them in one order.
  static_assert(static_cast<int>(TokenType::kLimitRatio) - static_cast<int>(TokenType::kSum) ==
                static_cast<int>(AggregateOp::kLimitRatio));
  return static_cast<AggregateOp>(static_cast<int>(type) - static_cast<int>(TokenType::kSum));
}

bool IsExperimental(AggregateOp op) {
  return op == AggregateOp::kLimitk || op == AggregateOp::kLimitRatio;
}

/// Whether an expression may begin with it.
bool CanBegin(TokenType type) {
  using enum TokenType;
  return CanBeMetricName(type) || type == kNumber || type == kDuration || type == kString ||
         type == kLeftParen || type == kLeftBrace || type == kAdd || type == kSubtract ||
         type == kError;
}

}  // namespace

ExprPtr ExpressionParser::Parse() {
  if (tokens_.Is(TokenType::kEnd)) {
    tokens_.Fail({}, "no expression found in input");
    return nullptr;
  }
  Tree tree = ParseBinary(kAlternatives);
  if (tree && !tokens_.Is(TokenType::kEnd)) Unexpected();
  return tokens_.failed() ? nullptr : std::move(tree.expr);
}

ExpressionParser::Tree ExpressionParser::ParseNested() {
  const TokenStream::Level level(tokens_);
  return tokens_.failed() ? Tree{} : ParseBinary(kAlternatives);
}

ExpressionParser::Tree ExpressionParser::ParseBinary(int weakest) {
  Tree lhs = ParseUnary();
  while (lhs) {
    const Operator* const op = FindOperator(tokens_.type());
    if (op == nullptr || op->precedence < weakest) break;
    tokens_.Take();
    Binary binary;
    binary.op = op->op;
    if (!ParseMatching(binary)) return {};
    Tree rhs;
    if (op->precedence == kPowers) {
      const TokenStream::Level level(tokens_);
      if (!tokens_.failed()) rhs = ParseBinary(kPowers);
    } else {
      rhs = ParseBinary(op->precedence + 1);
    }
    if (!rhs) return {};
    const Position position{lhs.expr->position.begin, rhs.expr->position.end};
    const bool fills = binary.matching.fill_left || binary.matching.fill_right;
    if (fills && !experimental_) {
      Refuse(position, "binop fill modifiers are experimental and not enabled");
      return {};
    }
    binary.lhs = std::move(lhs.expr);
    binary.rhs = std::move(rhs.expr);
    lhs = MakeTree(std::move(binary), position, std::max(lhs.height, rhs.height) + 1);
  }
  return lhs;
}

/// `bool`, `on (...)`, `group_left (...)`, `fill (...)`
bool ExpressionParser::ParseMatching(Binary& binary) {
  binary.return_bool = tokens_.TakeIf(TokenType::kBool);
  VectorMatching& matching = binary.matching;
  if (tokens_.Is(TokenType::kOn) || tokens_.Is(TokenType::kIgnoring)) {
    matching.on = tokens_.Take().type == TokenType::kOn;
    matching.labels = ParseGroupingLabels(tokens_);
    if (tokens_.Is(TokenType::kGroupLeft) || tokens_.Is(TokenType::kGroupRight)) {
      matching.cardinality = tokens_.Take().type == TokenType::kGroupLeft ? Cardinality::kManyToOne
                                                                          : Cardinality::kOneToMany;
      if (tokens_.Is(TokenType::kLeftParen)) matching.include = ParseGroupingLabels(tokens_);
    }
  }
  return !tokens_.failed() && ParseFill(matching);
}

bool ExpressionParser::ParseFill(VectorMatching& matching) {
  if (tokens_.TakeIf(TokenType::kFill)) {
    if (!ParseFillValue(matching.fill_left)) return false;
    matching.fill_right = matching.fill_left;
  }
  // Each at most once, in any order.
  while (true) {
    const bool is_left = tokens_.Is(TokenType::kFillLeft);
    if (!is_left && !tokens_.Is(TokenType::kFillRight)) return true;
    std::optional<double>& value = is_left ? matching.fill_left : matching.fill_right;
    if (value) return true;
    tokens_.Take();
    if (!ParseFillValue(value)) return false;
  }
}

bool ExpressionParser::ParseFillValue(std::optional<double>& value) {
  if (!tokens_.TakeIf(TokenType::kLeftParen)) return Unexpected();
  const bool is_negative = tokens_.Is(TokenType::kSubtract);
  if (is_negative || tokens_.Is(TokenType::kAdd)) tokens_.Take();
  if (!tokens_.Is(TokenType::kNumber) && !tokens_.Is(TokenType::kDuration)) return Unexpected();
  value = tokens_.TakeNumber();
  if (!value) return false;
  if (is_negative) value = -*value;
  return tokens_.TakeIf(TokenType::kRightParen) || Unexpected();
}

ExpressionParser::Tree ExpressionParser::ParseUnary() {
  if (!tokens_.Is(TokenType::kAdd) && !tokens_.Is(TokenType::kSubtract)) {
    return ParseModifiers(ParsePrimary());
  }
  const TokenStream::Level level(tokens_);
  if (tokens_.failed()) return {};
  const Token sign = tokens_.Take();
  const bool is_minus = sign.type == TokenType::kSubtract;
  // -2 ^ 2 is -(2 ^ 2), while -2 * 2 is (-2) * 2.
  Tree operand = ParseBinary(kPowers);
  if (!operand) return operand;
  const Position position{sign.begin, operand.expr->position.end};
  if (auto* number = std::get_if<NumberLiteral>(&operand.expr->node)) {
    if (is_minus) number->value = -number->value;
    operand.expr->position = position;
    return operand;
  }
  return MakeTree(Unary{is_minus, std::move(operand.expr)}, position, operand.height + 1);
}

ExpressionParser::Tree ExpressionParser::ParsePrimary() {
  const TokenType type = tokens_.type();
  if (type == TokenType::kNumber || type == TokenType::kDuration) return ParseNumber();
  if (type == TokenType::kString) return ParseString();
  if (type == TokenType::kLeftParen) return ParseParen();
  if (type == TokenType::kLeftBrace) return ParseVectorSelector();
  if (CanBeMetricName(type)) return ParseWord();
  Unexpected();
  return {};
}

ExpressionParser::Tree ExpressionParser::ParseNumber() {
  const Token token = tokens_.next();
  const std::optional<double> value = tokens_.TakeNumber();
  if (!value) return {};
  return MakeTree(NumberLiteral{*value, token.type == TokenType::kDuration}, PositionOf(token), 1);
}

ExpressionParser::Tree ExpressionParser::ParseString() {
  const Token token = tokens_.Take();
  return MakeTree(StringLiteral{Unquote(tokens_.text(token))}, PositionOf(token), 1);
}

ExpressionParser::Tree ExpressionParser::ParseParen() {
  const std::uint32_t begin = tokens_.Take().begin;
  Tree inner = ParseNested();
  if (!inner) return {};
  if (!tokens_.TakeIf(TokenType::kRightParen)) {
    Unexpected();
    return {};
  }
  return MakeTree(Paren{std::move(inner.expr)}, {begin, tokens_.end()}, inner.height + 1);
}

ExpressionParser::Tree ExpressionParser::ParseVectorSelector() {
  const std::uint32_t begin = tokens_.next().begin;
  ParsedSelector parsed = ParseSelector(tokens_);
  if (tokens_.failed()) return {};
  VectorSelector selector;
  selector.name = std::move(parsed.name);
  selector.matchers = std::move(parsed.matchers);
  return MakeTree(std::move(selector), {begin, tokens_.end()}, 1);
}

/// A word is an aggregation, a function or a metric, by what follows it.
ExpressionParser::Tree ExpressionParser::ParseWord() {
  const Token word = tokens_.next();
  const TokenType type = word.type;
  const TokenType follower = tokens_.following().type;
  if (IsAggregation(type) && (follower == TokenType::kLeftParen || follower == TokenType::kBy ||
                              follower == TokenType::kWithout)) {
    return ParseAggregate(tokens_.Take());
  }
  const bool is_call =
      follower == TokenType::kLeftParen && (type == TokenType::kIdentifier || IsFunctionWord(type));
  return is_call ? ParseCall(tokens_.Take()) : ParseVectorSelector();
}

ExpressionParser::Tree ExpressionParser::ParseCall(const Token& name) {
  std::optional<Arguments> arguments = ParseArguments();
  if (!arguments) return {};
  const std::string_view text = tokens_.text(name);
  const Function* const function = FindFunction(text);
  if (function == nullptr) {
    Refuse(PositionOf(name), "unknown function with name " + Quoted(text));
    return {};
  }
  if (function->experimental && !experimental_) {
    Refuse(PositionOf(name), "function " + Quoted(text) + " is not enabled");
    return {};
  }
  return MakeTree(Call{function, std::move(arguments->exprs)}, {name.begin, tokens_.end()},
                  arguments->height + 1);
}

/// `(a, b)`; the next token is the parenthesis.
std::optional<ExpressionParser::Arguments> ExpressionParser::ParseArguments() {
  tokens_.Take();
  Arguments arguments;
  if (!tokens_.TakeIf(TokenType::kRightParen) && !ParseArgumentList(arguments)) {
    return std::nullopt;
  }
  return arguments;
}

bool ExpressionParser::ParseArgumentList(Arguments& arguments) {
  while (true) {
    Tree argument = ParseNested();
    if (!argument) return false;
    arguments.exprs.push_back(std::move(argument.expr));
    arguments.height = std::max(arguments.height, argument.height);
    if (tokens_.TakeIf(TokenType::kRightParen)) return true;
    const Token comma = tokens_.next();
    if (!tokens_.TakeIf(TokenType::kComma)) return Unexpected();
    if (!CanBegin(tokens_.type())) {
      return Refuse(PositionOf(comma), "trailing commas not allowed in function call args");
    }
  }
}

ExpressionParser::Tree ExpressionParser::ParseAggregate(const Token& name) {
  Aggregate aggregate;
  aggregate.op = AggregateOf(name.type);
  const std::string_view outer = std::exchange(context_, "aggregation");
  std::optional<Arguments> arguments;
  if (ParseGrouping(aggregate)) {
    if (tokens_.Is(TokenType::kLeftParen)) {
      arguments = ParseArguments();
    } else {
      Unexpected();
    }
  }
  context_ = outer;
  if (!arguments || (!aggregate.has_grouping && !ParseGrouping(aggregate))) return {};
  return FinishAggregate(std::move(aggregate), tokens_.text(name), *std::move(arguments),
                         {name.begin, tokens_.end()});
}

/// `by (...)` or `without (...)`, if it is there.
bool ExpressionParser::ParseGrouping(Aggregate& aggregate) {
  if (!tokens_.Is(TokenType::kBy) && !tokens_.Is(TokenType::kWithout)) return true;
  aggregate.has_grouping = true;
  aggregate.without = tokens_.Take().type == TokenType::kWithout;
  aggregate.grouping = ParseGroupingLabels(tokens_);
  return !tokens_.failed();
}

ExpressionParser::Tree ExpressionParser::FinishAggregate(Aggregate aggregate, std::string_view name,
                                                         Arguments arguments, Position position) {
  if (arguments.exprs.empty()) {
    Refuse(position, "no arguments for aggregate expression provided");
    return {};
  }
  if (IsExperimental(aggregate.op) && !experimental_) {
    Refuse(position,
           fmt::format("{}() is experimental and must be enabled with promql.experimental", name));
    return {};
  }
  const std::size_t expected = TakesParameter(aggregate.op) ? 2 : 1;
  if (arguments.exprs.size() != expected) {
    Refuse(position, fmt::format("wrong number of arguments for aggregate expression provided, "
                                 "expected {}, got {}",
                                 expected, arguments.exprs.size()));
    return {};
  }
  aggregate.expr = std::move(arguments.exprs.back());
  if (expected == 2) aggregate.parameter = std::move(arguments.exprs.front());
  return MakeTree(std::move(aggregate), position, arguments.height + 1);
}

/// What may follow anything: `[...]`, `offset`, `@`, `anchored`, `smoothed`.
ExpressionParser::Tree ExpressionParser::ParseModifiers(Tree tree) {
  while (tree) {
    bool good = true;
    if (tokens_.Is(TokenType::kLeftBracket)) {
      tree = ParseBrackets(std::move(tree));
    } else if (tokens_.Is(TokenType::kOffset)) {
      good = ParseOffset(tokens_, *tree.expr);
    } else if (tokens_.Is(TokenType::kAt)) {
      good = ParseAt(tokens_, *tree.expr);
    } else if (tokens_.Is(TokenType::kAnchored) || tokens_.Is(TokenType::kSmoothed)) {
      good = ParseExtension(tokens_, *tree.expr, experimental_);
    } else {
      break;
    }
    if (!good) return {};
  }
  return tree;
}

/// `[range]` or `[range:step]`
ExpressionParser::Tree ExpressionParser::ParseBrackets(Tree tree) {
  const std::uint32_t bracket = tokens_.Take().begin;
  const std::uint32_t begin = tree.expr->position.begin;
  DurationExprPtr range = ParseRangeDuration(tokens_);
  if (!range) return {};
  if (tokens_.TakeIf(TokenType::kColon)) {
    DurationExprPtr step;
    if (!tokens_.Is(TokenType::kRightBracket)) step = ParseRangeDuration(tokens_);
    if (tokens_.failed() ||
        !tokens_.Expect(TokenType::kRightBracket, "subquery selector", "\"]\"")) {
      return {};
    }
    Subquery subquery{std::move(tree.expr), std::move(range), std::move(step), {}};
    return MakeTree(std::move(subquery), {begin, tokens_.end()}, tree.height + 1);
  }
  if (!tokens_.Expect(TokenType::kRightBracket, "subquery or range", "\":\" or \"]\"")) return {};
  const Position brackets{bracket, tokens_.end()};
  auto* const selector = std::get_if<VectorSelector>(&tree.expr->node);
  if (selector == nullptr) {
    Refuse(brackets, "ranges only allowed for vector selectors");
  } else if (selector->time.offset != nullptr) {
    Refuse(brackets, "no offset modifiers allowed before range");
  } else if (selector->time.at.kind != AtModifier::Kind::kNone) {
    Refuse(brackets, "no @ modifiers allowed before range");
  } else {
    return MakeTree(MatrixSelector{std::move(*selector), std::move(range)}, {begin, tokens_.end()},
                    1);
  }
  return {};
}

ExpressionParser::Tree ExpressionParser::MakeTree(decltype(Expr::node) node, Position position,
                                                  int height) {
  if (height > kMostDepth) {
    Refuse(position, fmt::format("expression is more than {} levels deep", kMostDepth));
    return {};
  }
  auto expr = std::make_unique<Expr>();
  expr->node = std::move(node);
  expr->position = position;
  return {std::move(expr), height};
}

bool ExpressionParser::Refuse(Position position, std::string message) {
  tokens_.Fail(position, std::move(message));
  return false;
}

bool ExpressionParser::Unexpected() {
  tokens_.Unexpected(context_, "");
  return false;
}

}  // namespace tocsin::promql
