#include "rules/promql/plan.h"

#include <cstdint>
#include <utility>
#include <variant>

#include "rules/promql/duration_expr.h"
#include "rules/promql/functions.h"

namespace tocsin::promql {
namespace {

bool IsPinned(const TimeModifiers& time) {
  return time.at.kind != AtModifier::Kind::kNone;
}

/// Whether a call gives something else at each step although its arguments do not.
bool UsesTime(const Call& call) {
  if (call.args.empty()) return true;  // time(), hour() ...
  if (const auto* special = std::get_if<SpecialFunction>(&call.function->how)) {
    return special->kind == SpecialFunction::Kind::kTimestamp;
  }
  const auto* range = std::get_if<RangeFunction>(&call.function->how);
  return range != nullptr && range->uses_now;
}

/// How many arguments of a call are evaluated: the second one of info() is only a list of matchers.
std::size_t EvaluatedArguments(const Call& call) {
  const auto* special = std::get_if<SpecialFunction>(&call.function->how);
  const bool is_info = special != nullptr && special->kind == SpecialFunction::Kind::kInfo;
  return is_info ? 1 : call.args.size();
}

/// Finds, from the leaves up, what has the same value at every step.
class InvarianceFinder {
 public:
  explicit InvarianceFinder(std::vector<PlannedNode>& nodes) : nodes_(nodes) {}

  bool Find(const Expr& expr) {
    const bool invariant =
        std::visit([&](const auto& node) { return IsInvariant(node); }, expr.node);
    nodes_[expr.id].step_invariant = invariant;
    return invariant;
  }

 private:
  bool IsInvariant(const NumberLiteral&) { return true; }
  bool IsInvariant(const StringLiteral&) { return true; }
  bool IsInvariant(const VectorSelector& selector) { return IsPinned(selector.time); }
  bool IsInvariant(const MatrixSelector& matrix) { return IsPinned(matrix.selector.time); }
  bool IsInvariant(const Subquery& subquery) {
    Find(*subquery.expr);
    return IsPinned(subquery.time);
  }
  bool IsInvariant(const Call& call) {
    bool all = true;
    for (std::size_t i = 0; i < EvaluatedArguments(call); ++i) all &= Find(*call.args[i]);
    return all && !UsesTime(call);
  }
  bool IsInvariant(const Aggregate& aggregate) {
    const bool parameter = !aggregate.parameter || Find(*aggregate.parameter);
    return Find(*aggregate.expr) && parameter;
  }
  bool IsInvariant(const Binary& binary) {
    const bool lhs = Find(*binary.lhs);
    return Find(*binary.rhs) && lhs;
  }
  bool IsInvariant(const Unary& unary) { return Find(*unary.expr); }
  bool IsInvariant(const Paren& paren) { return Find(*paren.expr); }

  std::vector<PlannedNode>& nodes_;
};

/// Works out the durations of all nodes below one.
class DurationSetter {
 public:
  DurationSetter(Plan& plan, const QueryTimes& times, Millis default_step)
      : plan_(plan),
        step_(times.step),
        range_(times.end - times.start),
        default_step_(default_step) {}

  Status Set(const Expr& expr) {
    return std::visit([&](const auto& node) { return SetNode(expr, node); }, expr.node);
  }

 private:
  Status SetNode(const Expr&, const NumberLiteral&) { return {}; }
  Status SetNode(const Expr&, const StringLiteral&) { return {}; }
  Status SetNode(const Expr& expr, const VectorSelector& selector) {
    return Offset(selector.time, plan_[expr].durations.offset);
  }
  Status SetNode(const Expr& expr, const MatrixSelector& matrix) {
    Durations& durations = plan_[expr].durations;
    if (Status set = Length(matrix.range, durations.range); !set) return set;
    return Offset(matrix.selector.time, durations.offset);
  }
  Status SetNode(const Expr& expr, const Subquery& subquery) {
    Durations& durations = plan_[expr].durations;
    if (Status set = Length(subquery.range, durations.range); !set) return set;
    durations.step = default_step_;
    if (subquery.step) {
      if (Status set = Length(subquery.step, durations.step); !set) return set;
    }
    if (Status set = Offset(subquery.time, durations.offset); !set) return set;
    return Set(*subquery.expr);
  }
  Status SetNode(const Expr&, const Call& call) {
    for (const ExprPtr& arg : call.args) {
      if (Status set = Set(*arg); !set) return set;
    }
    return {};
  }
  Status SetNode(const Expr&, const Aggregate& aggregate) {
    if (aggregate.parameter) {
      if (Status set = Set(*aggregate.parameter); !set) return set;
    }
    return Set(*aggregate.expr);
  }
  Status SetNode(const Expr&, const Binary& binary) {
    if (Status set = Set(*binary.lhs); !set) return set;
    return Set(*binary.rhs);
  }
  Status SetNode(const Expr&, const Unary& unary) { return Set(*unary.expr); }
  Status SetNode(const Expr&, const Paren& paren) { return Set(*paren.expr); }

  Status Offset(const TimeModifiers& time, Millis& to) const {
    if (!time.offset) return {};
    const Result<Millis> offset = Evaluate(*time.offset, step_, range_);
    if (!offset) return offset.error();
    to = *offset;
    return {};
  }
  Status Length(const DurationExprPtr& expr, Millis& to) const {
    const Result<Millis> length = EvaluatePositive(*expr, step_, range_);
    if (!length) return length.error();
    // Less than a millisecond is rounded to none.
    if (*length <= 0) return Error{ErrorCode::kInvalidInput, "duration must be greater than 0"};
    to = *length;
    return {};
  }

  Plan& plan_;
  Millis step_;
  Millis range_;
  Millis default_step_;
};

}  // namespace

Plan::Plan(const Query& query) : nodes_(query.node_count) {
  InvarianceFinder(nodes_).Find(*query.root);
}

std::size_t Plan::KeptSeries() const {
  std::size_t kept = 0;
  for (const PlannedNode& node : nodes_) kept += node.series.size();
  return kept;
}

Status Plan::SetDurations(const Query& query, const QueryTimes& times,
                          Millis default_subquery_step) {
  return DurationSetter(*this, times, default_subquery_step).Set(*query.root);
}

}  // namespace tocsin::promql
