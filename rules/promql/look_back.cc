#include "rules/promql/look_back.h"

#include <algorithm>
#include <variant>

#include "rules/promql/environment.h"
#include "rules/promql/plan.h"

namespace tocsin::promql {
namespace {

class Finder {
 public:
  Finder(Plan& plan, Millis lookback) : plan_(plan), lookback_(lookback) {}

  Millis Of(const Expr& expr) {
    return std::visit([&](const auto& node) { return OfNode(plan_[expr].durations, node); },
                      expr.node);
  }

 private:
  static Millis OfNode(const Durations&, const NumberLiteral&) { return 0; }
  static Millis OfNode(const Durations&, const StringLiteral&) { return 0; }
  Millis OfNode(const Durations& durations, const VectorSelector&) const {
    return lookback_ + std::max<Millis>(durations.offset, 0);
  }
  static Millis OfNode(const Durations& durations, const MatrixSelector&) {
    return durations.range + std::max<Millis>(durations.offset, 0);
  }
  Millis OfNode(const Durations& durations, const Subquery& subquery) {
    return durations.range + std::max<Millis>(durations.offset, 0) + Of(*subquery.expr);
  }
  Millis OfNode(const Durations&, const Call& call) {
    Millis longest = 0;
    for (const ExprPtr& arg : call.args) longest = std::max(longest, Of(*arg));
    return longest;
  }
  Millis OfNode(const Durations&, const Aggregate& aggregate) {
    const Millis parameter = aggregate.parameter ? Of(*aggregate.parameter) : 0;
    return std::max(parameter, Of(*aggregate.expr));
  }
  Millis OfNode(const Durations&, const Binary& binary) {
    return std::max(Of(*binary.lhs), Of(*binary.rhs));
  }
  Millis OfNode(const Durations&, const Unary& unary) { return Of(*unary.expr); }
  Millis OfNode(const Durations&, const Paren& paren) { return Of(*paren.expr); }

  Plan& plan_;
  const Millis lookback_;
};

}  // namespace

Millis LookBack(const Query& query, Millis lookback, Millis default_subquery_step) {
  Plan plan(query);
  // What is out of bounds is left at 0.
  static_cast<void>(plan.SetDurations(query, {}, default_subquery_step));
  return Finder(plan, lookback).Of(*query.root);
}

}  // namespace tocsin::promql
