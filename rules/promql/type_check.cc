#include "rules/promql/type_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "rules/promql/functions.h"

namespace tocsin::promql {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool IsOperand(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kVector;
}

/// As Prometheus' API names types.
std::string_view ShortName(ValueType type) {
  if (type == ValueType::kVector) return "vector";
  if (type == ValueType::kMatrix) return "matrix";
  return Describe(type);
}

std::string WrongType(ValueType expected, std::string_view where, ValueType got) {
  return fmt::format("expected type {} in {}, got {}", Describe(expected), where, Describe(got));
}

bool HasFill(const VectorMatching& matching) {
  return matching.fill_left || matching.fill_right;
}

/// Whether every series matches.
bool SelectsAll(const VectorSelector& selector) {
  return std::ranges::all_of(selector.matchers,
                             [](const Matcher& matcher) { return matcher.MatchesEmpty(); });
}

class TypeChecker {
 public:
  explicit TypeChecker(std::string_view text) : text_(text) {}

  /// Sets the type and the id of `expr` and of all below. False at the first mistake.
  bool Check(Expr& expr);

  ParseError TakeError() { return std::move(error_); }
  std::uint32_t node_count() const { return next_id_; }

 private:
  // The type, or kNone after a mistake.
  static ValueType CheckNode(Expr&, const NumberLiteral&) { return ValueType::kScalar; }
  static ValueType CheckNode(Expr&, const StringLiteral&) { return ValueType::kString; }
  ValueType CheckNode(Expr& expr, const VectorSelector& selector);
  ValueType CheckNode(Expr& expr, const MatrixSelector& matrix);
  ValueType CheckNode(Expr& expr, const Subquery& subquery);
  ValueType CheckNode(Expr& expr, const Call& call);
  ValueType CheckNode(Expr& expr, const Aggregate& aggregate);
  ValueType CheckNode(Expr& expr, Binary& binary);
  ValueType CheckNode(Expr& expr, const Unary& unary);
  ValueType CheckNode(Expr& expr, const Paren& paren);

  bool CheckSelector(const VectorSelector& selector, Position position);
  bool CheckArgumentCount(const Expr& expr, const Call& call);
  bool CheckInfo(const Expr& expr, const Call& call);
  bool CheckOperator(Position position, const Binary& binary);
  bool CheckMatching(const Expr& expr, Binary& binary);
  bool Expect(Expr& expr, ValueType type, std::string_view where);
  Position OperatorPosition(const Binary& binary) const;

  ValueType Fail(Position position, std::string message) {
    error_ = {std::move(message), position};
    return ValueType::kNone;
  }

  std::string_view text_;
  std::uint32_t next_id_ = 0;
  /// The labels of info(): the one selector that may select everything.
  const Expr* may_select_all_ = nullptr;
  ParseError error_;
};

bool TypeChecker::Check(Expr& expr) {
  expr.type = std::visit([&](auto& node) { return CheckNode(expr, node); }, expr.node);
  expr.id = next_id_++;
  return expr.type != ValueType::kNone;
}

bool TypeChecker::Expect(Expr& expr, ValueType type, std::string_view where) {
  if (!Check(expr)) return false;
  if (expr.type == type) return true;
  Fail(expr.position, WrongType(type, where, expr.type));
  return false;
}

bool TypeChecker::CheckSelector(const VectorSelector& selector, Position position) {
  if (!selector.name.empty()) {
    // The last one is made from the name itself.
    for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      const Matcher& matcher = selector.matchers[i];
      if (matcher.name().text() != kMetricNameLabel) continue;
      Fail(position, fmt::format("metric name must not be set twice: {} or {}",
                                 Quoted(selector.name), Quoted(matcher.value())));
      return false;
    }
    return true;
  }
  if (!SelectsAll(selector)) return true;
  Fail(position, "vector selector must contain at least one non-empty matcher");
  return false;
}

ValueType TypeChecker::CheckNode(Expr& expr, const VectorSelector& selector) {
  const bool is_good = &expr == may_select_all_ || CheckSelector(selector, expr.position);
  return is_good ? ValueType::kVector : ValueType::kNone;
}

ValueType TypeChecker::CheckNode(Expr& expr, const MatrixSelector& matrix) {
  return CheckSelector(matrix.selector, expr.position) ? ValueType::kMatrix : ValueType::kNone;
}

ValueType TypeChecker::CheckNode(Expr& expr, const Subquery& subquery) {
  if (!Check(*subquery.expr)) return ValueType::kNone;
  if (subquery.expr->type == ValueType::kVector) return ValueType::kMatrix;
  return Fail(expr.position,
              fmt::format("subquery is only allowed on instant vector, got {} instead",
                          ShortName(subquery.expr->type)));
}

bool TypeChecker::CheckArgumentCount(const Expr& expr, const Call& call) {
  const Function& function = *call.function;
  const std::size_t given = call.args.size();
  const std::size_t types = function.args.size();
  const auto complain = [&](std::string_view how_many, std::size_t expected) {
    Fail(expr.position, fmt::format("expected {}{} argument(s) in call to {}, got {}", how_many,
                                    expected, Quoted(function.name), given));
    return false;
  };
  if (function.optional_args == 0) return given == types || complain("", types);
  const bool is_open = function.optional_args < 0;
  const std::size_t least =
      types - (is_open ? 1 : static_cast<std::size_t>(function.optional_args));
  if (given < least) return complain("at least ", least);
  return is_open || given <= types || complain("at most ", types);
}

/// The second argument of info() only looks like a selector: it says which labels to add.
bool TypeChecker::CheckInfo(const Expr& expr, const Call& call) {
  Expr& labels = *call.args[1];
  const auto* const selector = std::get_if<VectorSelector>(&labels.node);
  if (selector != nullptr && selector->name.empty()) {
    may_select_all_ = &labels;
    return true;
  }
  if (selector != nullptr) {
    Fail(labels.position, "expected label selectors only, got vector selector instead");
    return false;
  }
  if (!Check(labels)) return false;
  if (labels.type == ValueType::kVector) {
    Fail(labels.position, "expected label selectors only");
  } else {
    Fail(expr.position, WrongType(ValueType::kVector, "call to function \"info\"", labels.type));
  }
  return false;
}

ValueType TypeChecker::CheckNode(Expr& expr, const Call& call) {
  const Function& function = *call.function;
  if (!CheckArgumentCount(expr, call)) return ValueType::kNone;
  if (function.name == "info" && call.args.size() > 1 && !CheckInfo(expr, call)) {
    return ValueType::kNone;
  }
  const std::string where = "call to function " + Quoted(function.name);
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const ValueType expected = function.args[std::min(i, function.args.size() - 1)];
    if (!Expect(*call.args[i], expected, where)) return ValueType::kNone;
  }
  return function.returns;
}

ValueType TypeChecker::CheckNode(Expr&, const Aggregate& aggregate) {
  if (!Expect(*aggregate.expr, ValueType::kVector, "aggregation expression")) {
    return ValueType::kNone;
  }
  if (aggregate.parameter == nullptr) return ValueType::kVector;
  const ValueType expected =
      aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
  return Expect(*aggregate.parameter, expected, "aggregation parameter") ? ValueType::kVector
                                                                         : ValueType::kNone;
}

ValueType TypeChecker::CheckNode(Expr& expr, const Unary& unary) {
  if (!Check(*unary.expr)) return ValueType::kNone;
  if (IsOperand(unary.expr->type)) return unary.expr->type;
  return Fail(expr.position,
              fmt::format("unary expression only allowed on expressions of type scalar or instant "
                          "vector, got {}",
                          Quoted(Describe(unary.expr->type))));
}

ValueType TypeChecker::CheckNode(Expr&, const Paren& paren) {
  return Check(*paren.expr) ? paren.expr->type : ValueType::kNone;
}

ValueType TypeChecker::CheckNode(Expr& expr, Binary& binary) {
  if (!Check(*binary.lhs) || !Check(*binary.rhs)) return ValueType::kNone;
  if (!CheckOperator(OperatorPosition(binary), binary)) return ValueType::kNone;
  for (const Expr* side : {binary.lhs.get(), binary.rhs.get()}) {
    if (IsOperand(side->type)) continue;
    return Fail(side->position,
                "binary expression must contain only scalar and instant vector types");
  }
  if (!CheckMatching(expr, binary)) return ValueType::kNone;
  const bool is_scalar =
      binary.lhs->type == ValueType::kScalar && binary.rhs->type == ValueType::kScalar;
  return is_scalar ? ValueType::kScalar : ValueType::kVector;
}

/// What is said at the operator rather than at the whole expression.
bool TypeChecker::CheckOperator(Position position, const Binary& binary) {
  if (binary.return_bool && !IsComparison(binary.op)) {
    Fail(position, "bool modifier can only be used on comparison operators");
    return false;
  }
  const bool is_scalar =
      binary.lhs->type == ValueType::kScalar && binary.rhs->type == ValueType::kScalar;
  if (IsComparison(binary.op) && !binary.return_bool && is_scalar) {
    Fail(position, "comparisons between scalars must use BOOL modifier");
    return false;
  }
  if (!binary.matching.on) return true;
  for (const std::string& label : binary.matching.labels) {
    const std::vector<std::string>& include = binary.matching.include;
    if (std::ranges::find(include, label) == include.end()) continue;
    Fail(position,
         fmt::format("label {} must not occur in ON and GROUP clause at once", Quoted(label)));
    return false;
  }
  return true;
}

bool TypeChecker::CheckMatching(const Expr& expr, Binary& binary) {
  VectorMatching& matching = binary.matching;
  const bool are_vectors =
      binary.lhs->type == ValueType::kVector && binary.rhs->type == ValueType::kVector;
  std::string mistake;
  if (!are_vectors && !matching.labels.empty()) {
    mistake = "vector matching only allowed between instant vectors";
  } else if (!are_vectors && HasFill(matching)) {
    mistake = "filling in missing series only allowed between instant vectors";
  } else if (!are_vectors && IsSet(binary.op)) {
    mistake = fmt::format("set operator {} not allowed in binary scalar expression",
                          Quoted(Name(binary.op)));
  } else if (!are_vectors) {
    matching = {};
  } else if (IsSet(binary.op) && matching.cardinality != Cardinality::kOneToOne) {
    mistake = fmt::format("no grouping allowed for {} operation", Quoted(Name(binary.op)));
  } else if (IsSet(binary.op) && HasFill(matching)) {
    mistake = "filling in missing series not allowed for set operators";
  } else if (IsSet(binary.op)) {
    matching.cardinality = Cardinality::kManyToMany;
  }
  if (mistake.empty()) return true;
  Fail(expr.position, std::move(mistake));
  return false;
}

/// Of the operator with its modifiers: what lies between the operands, without blanks.
Position TypeChecker::OperatorPosition(const Binary& binary) const {
  Position between{binary.lhs->position.end, binary.rhs->position.begin};
  while (between.begin < between.end && IsBlank(text_[between.begin])) ++between.begin;
  while (between.end > between.begin && IsBlank(text_[between.end - 1])) --between.end;
  return between;
}

}  // namespace

std::optional<ParseError> CheckTypes(Expr& root, std::string_view text, std::uint32_t& node_count) {
  TypeChecker checker(text);
  if (!checker.Check(root)) return checker.TakeError();
  node_count = checker.node_count();
  return std::nullopt;
}

}  // namespace tocsin::promql
