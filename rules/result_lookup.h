// The result of an expression, asked by labels.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/labels.h"
#include "base/result.h"
#include "rules/promql/block.h"
#include "rules/rule_query.h"

namespace tocsin {

/// Metric names do not count: neither those of the result nor those that are asked for.
///
/// Where the labels of a row are is guessed first, from the row they had in a similar result; an
/// index is made only for a result in which a guess has failed, once for each shape. One thread.
class ResultLookup {
 public:
  static constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

  ResultLookup(const RuleEnvironment& environment, std::string_view expression)
      : query_(environment, expression) {}

  /// Evaluates the expression; what is asked below is about this result.
  Status Run(Millis at);

  /// The value of the series with these labels.
  std::optional<double> Find(const Labels& labels, std::uint32_t guess = kNoRow);
  /// Whether the expression holds for a series: has a value for these labels, or for some of them
  /// only, as an aggregation does. A number holds for all if it is not 0.
  bool HoldsFor(const Labels& labels, std::uint32_t guess = kNoRow);

 private:
  std::uint32_t RowOf(const Labels& labels, std::uint32_t guess);
  void IndexRows();

  RuleQuery query_;
  promql::Block block_;
  promql::ShapePtr indexed_;
  std::unordered_map<Labels, std::uint32_t> rows_;
  std::size_t fewest_labels_ = 0;  ///< Of the rows of `indexed_`.
};

}  // namespace tocsin
