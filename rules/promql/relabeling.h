// Series under new labels: some of them the same, which makes them one series.

#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// Where the series of one shape go in another. Depends on labels alone, so it is worth keeping in
/// a Memo.
struct Relabeling {
  ShapePtr shape;
  /// The new place of each series; empty if every series stays where it is.
  std::vector<std::uint32_t> target;
  bool merges = false;  ///< Several series have the same target.
};

enum class SeriesOrder { kAsTheyCome, kByLabels };

/// Brings series that are to be called `labels` under one name each, keeping the first place of
/// each name or sorting by labels.
Relabeling MakeRelabeling(std::vector<Labels> labels, SeriesOrder order);

/// `labels` without the metric name; without __type__ and __unit__ too if the features say so.
Labels WithoutMetadata(const Labels& labels, const Features& features);

/// The labels that count of all series of `shape`: the dropped names are gone.
std::vector<Labels> VisibleLabels(const Shape& shape, const Features& features);

/// Moves the series of `block`. Fails with kInvalidInput if two that merge have a value at the same
/// step. Source: Prometheus' promql/engine.go, mergeSeriesWithSameLabelset.
Result<Block> Apply(const Relabeling& relabeling, Block block);

}  // namespace tocsin::promql
