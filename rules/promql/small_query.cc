#include "rules/promql/small_query.h"

#include <variant>

namespace tocsin::promql {
namespace {

/// Looks at each node and counts the series that it would read.
class SmallnessCheck {
 public:
  SmallnessCheck(const Plan& plan, std::uint64_t generation)
      : plan_(plan), generation_(generation) {}

  bool Passes(const Expr& expr) {
    return std::visit([&](const auto& node) { return PassesNode(expr, node); }, expr.node);
  }

 private:
  bool PassesNode(const Expr&, const NumberLiteral&) { return true; }
  bool PassesNode(const Expr&, const StringLiteral&) { return true; }
  bool PassesNode(const Expr& expr, const VectorSelector& selector) {
    const SelectedSeries& series = plan_[expr].series;
    series_ += series.size();
    return selector.extension == Extension::kNone && series.IsKnownAt(generation_) &&
           series_ <= kMostSmallSeries;
  }
  bool PassesNode(const Expr&, const MatrixSelector&) { return false; }
  bool PassesNode(const Expr&, const Subquery&) { return false; }
  bool PassesNode(const Expr&, const Call&) { return false; }
  bool PassesNode(const Expr&, const Aggregate& aggregate) {
    return (!aggregate.parameter || Passes(*aggregate.parameter)) && Passes(*aggregate.expr);
  }
  bool PassesNode(const Expr&, const Binary& binary) {
    return Passes(*binary.lhs) && Passes(*binary.rhs);
  }
  bool PassesNode(const Expr&, const Unary& unary) { return Passes(*unary.expr); }
  bool PassesNode(const Expr&, const Paren& paren) { return Passes(*paren.expr); }

  const Plan& plan_;
  const std::uint64_t generation_;
  std::size_t series_ = 0;
};

}  // namespace

bool IsSmall(const Query& query, const Plan& plan, std::uint64_t generation) {
  return query.node_count <= kMostSmallNodes &&
         SmallnessCheck(plan, generation).Passes(*query.root);
}

}  // namespace tocsin::promql
