// What the engine knows of an expression beside its tree: facts about each node, and what each
// remembers from one evaluation to the next.

#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/environment.h"
#include "rules/promql/kept_growth.h"
#include "rules/promql/kept_windows.h"
#include "rules/promql/selector.h"

namespace tocsin::promql {

/// The durations of a selector or a subquery.
struct Durations {
  Millis offset = 0;
  Millis range = 0;  ///< Of [range] and [range:step].
  Millis step = 0;   ///< Of [range:step].
};

/// One node's part of a plan.
struct PlannedNode {
  /// Has the same value at every step, so that one evaluation is enough for all.
  bool step_invariant = false;
  Durations durations;
  SelectedSeries series;  ///< Of selectors.
  /// Of range selectors; null until it is needed. One of the two, depending on who reads them.
  std::unique_ptr<KeptGrowth> growth;
  std::unique_ptr<KeptWindows> windows;
  Memo memo;
  Memo counters;  ///< Of range functions: which series are not named as counters are.
};

/// By Expr::id. One thread at a time.
class Plan {
 public:
  explicit Plan(const Query& query);

  PlannedNode& operator[](const Expr& expr) { return nodes_[expr.id]; }
  const PlannedNode& operator[](const Expr& expr) const { return nodes_[expr.id]; }

  /// How many series the selectors hold on to.
  std::size_t KeptSeries() const;

  /// Works out the durations, which may depend on the query's own step and range. Fails with
  /// kInvalidInput if one is out of bounds.
  Status SetDurations(const Query& query, const QueryTimes& times, Millis default_subquery_step);

 private:
  std::vector<PlannedNode> nodes_;
};

}  // namespace tocsin::promql
