// PromQL expressions as trees. See parser.h for how they are made, printer.h for how they are
// shown.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/storage/matcher.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

struct Function;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ValueType { kNone, kScalar, kVector, kMatrix, kString };
/// "none", "scalar", "instant vector", "range vector", "string": as errors say it.
std::string_view Describe(ValueType type);

/// Bytes [begin, end) of the text that was parsed.
struct Position {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class BinaryOp {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterOrEqual,
  kLessOrEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,  ///< `</`: of native histograms.
  kTrimLower,  ///< `>/`
};
std::string_view Name(BinaryOp op);
constexpr bool IsComparison(BinaryOp op) {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kLessOrEqual;
}
constexpr bool IsSet(BinaryOp op) {
  return op >= BinaryOp::kAnd && op <= BinaryOp::kUnless;
}

/// Those from kTopk on take a parameter.
enum class AggregateOp {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,
};
std::string_view Name(AggregateOp op);
bool TakesParameter(AggregateOp op);

/// A duration in an expression: after `offset`, in `[...]`. Most are constant; since Prometheus 3
/// they may be computed, also from the query's own step and range.
struct DurationExpr;
using DurationExprPtr = std::unique_ptr<DurationExpr>;
struct DurationExpr {
  enum class Kind {
    kConstant,
    kStep,
    kRange,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kPower,
    kMin,
    kMax,
    kParen
  };
  Kind kind = Kind::kConstant;
  double seconds = 0;      ///< kConstant.
  bool as_number = false;  ///< kConstant: was written `300`, not `5m`.
  DurationExprPtr lhs;     ///< The only operand of kNegate and kParen.
  DurationExprPtr rhs;
  Position position;
};

/// `@`: when to evaluate, instead of at each step.
struct AtModifier {
  enum class Kind { kNone, kTime, kStart, kEnd };
  Kind kind = Kind::kNone;
  Millis time = 0;  ///< kTime.
};

/// What may follow a selector or a subquery. Null `offset`: none.
struct TimeModifiers {
  DurationExprPtr offset;
  AtModifier at;
};

/// How samples at the borders of a range, or around a moment, are taken. Experimental.
enum class Extension { kNone, kAnchored, kSmoothed };

struct NumberLiteral {
  double value = 0;
  bool as_duration = false;  ///< Was written `5m`.
};
struct StringLiteral {
  std::string value;
};
struct VectorSelector {
  std::string name;               ///< The metric name before the braces; may be empty.
  std::vector<Matcher> matchers;  ///< All of them, that for the name too.
  TimeModifiers time;
  Extension extension = Extension::kNone;
};
/// `selector[range]`; modifiers and extension are those of the selector.
struct MatrixSelector {
  VectorSelector selector;
  DurationExprPtr range;
};
struct Subquery {
  ExprPtr expr;
  DurationExprPtr range;
  DurationExprPtr step;  ///< Null: the engine's default.
  TimeModifiers time;
};
struct Call {
  const Function* function = nullptr;
  std::vector<ExprPtr> args;
};
struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr parameter;  ///< Null unless TakesParameter(op).
  bool without = false;
  bool has_grouping = false;  ///< Whether `by` or `without` was written, for printing.
  std::vector<std::string> grouping;
};
enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;  ///< kManyToOne is group_left.
  bool on = false;                                   ///< `on(labels)`, else `ignoring(labels)`.
  std::vector<std::string> labels;
  std::vector<std::string> include;  ///< Of group_left() and group_right().
  std::optional<double> fill_left;   ///< Stands in for a partner missing on the left.
  std::optional<double> fill_right;
};
struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  bool return_bool = false;
  VectorMatching matching;  ///< Used if both sides are vectors.
};
struct Unary {
  bool minus = false;
  ExprPtr expr;
};
struct Paren {
  ExprPtr expr;
};

struct Expr {
  std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Call,
               Aggregate, Binary, Unary, Paren>
      node;
  Position position;
  ValueType type = ValueType::kNone;  ///< Set by the type check.
  std::uint32_t id = 0;               ///< 0, 1, 2 ... over the tree, in order of evaluation.
};

/// A parsed and checked expression. Immutable.
struct Query {
  std::string text;
  ExprPtr root;
  std::uint32_t node_count = 0;  ///< Ids are below this.
};

/// `expr` without the parentheses around it.
const Expr& StripParens(const Expr& expr);

}  // namespace tocsin::promql
