// Series for an expression that somebody else has written.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/labels.h"
#include "rules/promql/ast.h"

namespace tocsin::bench {

/// Series that every selector of an expression selects some of: a thousand for each metric name,
/// with the labels that its matchers name, and those that the aggregations and joins around it do.
/// All have the labels `asset`, which no two series of a selector share, `instance` and `job`, too.
///
/// The same expression always gets the same series and the same values.
class RulefileSeries {
 public:
  /// How many values a label has that the expression groups or joins by. Where one side of a join
  /// must be unique, only kUnique gives an answer.
  enum class Spread { kGroups, kUnique };

  RulefileSeries(const promql::Query& query, Spread spread);

  const std::vector<Labels>& labels() const { return labels_; }
  /// Of all of them, one scrape after another: counters where the expression takes them for that or
  /// their name says so, else gauges, of which half never changes, a quarter each minute, and a
  /// quarter always.
  void Values(std::size_t step, std::span<double> values) const;

 private:
  enum class Kind { kGauge, kCounter, kBucket };

  std::vector<Labels> labels_;
  std::vector<Kind> kinds_;
  friend class RulefileSeriesMaker;
};

}  // namespace tocsin::bench
