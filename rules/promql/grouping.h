// Which series an aggregation puts together.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"
#include "rules/promql/label_subset.h"

namespace tocsin::promql {

/// The labels that `by` keeps or `without` leaves.
LabelSubset GroupingLabels(const Aggregate& aggregate, const Features& features);

/// The groups of one Shape, numbered in order of first appearance. Immutable; made once per Shape
/// and kept in a Memo.
///
/// Series are grouped by the labels they hold: with delayed name removal a name that is to go
/// still tells series apart, as in Prometheus.
struct Grouping {
  Buckets members;
  ShapePtr shape;  ///< One series per group.
  /// Some groups keep the name of series of which only some are to lose it: see NameFlags().
  bool name_flags_vary = false;
};
Grouping MakeGrouping(const Shape& input, const LabelSubset& labels, const Features& features);

/// `shape` of the groups when name_flags_vary: a group loses its name if any of the series that
/// have a value in `input` does.
ShapePtr NameFlags(const Grouping& grouping, const Block& input);

}  // namespace tocsin::promql
