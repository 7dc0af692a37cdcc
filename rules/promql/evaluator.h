// Walks an expression and computes its value at every step.

#pragma once

#include <cstddef>
#include <variant>

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/environment.h"
#include "rules/promql/functions.h"
#include "rules/promql/plan.h"
#include "rules/promql/range_vector.h"

namespace tocsin::promql {

/// How much of the budget a value holds: its samples, absent ones included.
std::size_t SizeOf(const Operand& value);

/// One evaluation of a query. What a part of the expression gives is counted against the budget for
/// as long as it is in memory.
///
/// One thread. The expression, the environment and the plan must outlive it.
class Evaluator {
 public:
  Evaluator(Environment& environment, Plan& plan) : environment_(environment), plan_(plan) {}

  /// The value of `expr` at `steps`, at least one; of a range vector only at one. What does not
  /// depend on time is computed once and repeated.
  Result<Operand> Evaluate(const Expr& expr, const Steps& steps);

  /// The range vector that a range function has as its argument: a selector or a subquery, in
  /// parentheses or not.
  /// `keeps_samples`: so that the next evaluation need not read them again, if the query is one
  /// that keeps anything.
  Result<RangeVector> OpenRange(const Expr& expr, const Steps& steps, bool keeps_samples = true);
  /// How much the series of that range vector, which has been opened, grow. Null if that is not
  /// kept.
  KeptGrowth* OpenGrowth(const Expr& expr, const Steps& steps);

  /// Gives back the budget of operands and takes that of what was made of them.
  Result<Operand> Settle(std::size_t operands, Result<Operand> result);

  Context ContextAt(const Steps& steps) const {
    return {steps, environment_.features, environment_.annotations, environment_.budget};
  }
  Environment& environment() { return environment_; }
  PlannedNode& planned(const Expr& expr) { return plan_[expr]; }

 private:
  Result<Operand> EvaluateNode(const Expr& expr, const Steps& steps);
  /// What the node is called in environment_.shared, if it is at the query's own moment.
  SharedResults::Id SharedId(const Expr& expr, const Steps& steps) const;
  Result<Operand> EvaluateShared(const Expr& expr, SharedResults::Id id, const Steps& steps);
  Result<Operand> Dispatch(const Expr& expr, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const NumberLiteral& literal, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const StringLiteral& literal, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const VectorSelector& selector, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const MatrixSelector& selector, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Subquery& subquery, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Call& call, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Aggregate& aggregate, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Binary& binary, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Unary& unary, const Steps& steps);
  Result<Operand> Value(const Expr& expr, const Paren& paren, const Steps& steps);

  Result<Operand> Constant(double value, const Steps& steps);
  Result<Operand> Repeat(Operand once, std::size_t count);
  /// A range vector as the result of the query.
  Result<Operand> WholeRange(const Expr& expr, const Steps& steps);
  Result<RangeVector> OpenSelector(const Expr& expr, const MatrixSelector& matrix,
                                   const Steps& steps, bool keeps_samples);
  bool KeepsWindows(const MatrixSelector& matrix, const Steps& steps) const {
    return environment_.window_allowance != nullptr && steps.count == 1 &&
           matrix.selector.extension == Extension::kNone;
  }
  Result<RangeVector> OpenSubquery(const Expr& expr, const Subquery& subquery, const Steps& steps);
  Result<Operand> CallPlain(const Expr& expr, const Call& call, const Steps& steps);
  Result<Operand> CallSpecial(const Expr& expr, const Call& call, SpecialFunction::Kind kind,
                              const Steps& steps);
  /// timestamp().
  Result<Operand> Timestamps(const Expr& expr, const Call& call, const Steps& steps);

  Environment& environment_;
  Plan& plan_;
};

}  // namespace tocsin::promql
