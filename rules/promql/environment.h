// What all nodes of one evaluation share.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"
#include "rules/promql/shared_results.h"
#include "rules/storage/sample_store.h"

namespace tocsin::promql {

class WindowAllowance;

/// What the whole query is about, whatever subqueries make of it.
struct QueryTimes {
  Millis start = 0;
  Millis end = 0;   ///< As asked for: no step need lie on it.
  Millis step = 0;  ///< 0 for an instant query.
};

/// Of one evaluation of one query. One thread.
struct Environment {
  const SampleStore& store;
  ReadPoint read_point;          ///< All series are read as of one moment.
  std::uint64_t generation = 0;  ///< Of the store when the evaluation began.
  const Features& features;
  QueryTimes query;
  Millis lookback = 0;
  Annotations& annotations;
  Budget& budget;
  std::size_t samples_read = 0;
  std::size_t unchecked = 0;
  /// Of the first part of the expression that failed: no part of it did.
  std::optional<Position> failed_at = std::nullopt;
  Samples buffer;  ///< Of the series that is being read; kept to not allocate for each.
  /// Null if the windows of this evaluation are not worth keeping.
  std::shared_ptr<WindowAllowance> window_allowance = nullptr;

  /// Null if the query shares nothing; else what it asks for at each node.
  SharedResults* shared = nullptr;
  std::span<const SharedResults::Id> shared_ids = {};

  /// Counts samples that were read, and now and then looks whether there is time left.
  Status Count(std::size_t samples) {
    constexpr std::size_t kSamplesPerCheck = 4096;
    samples_read += samples;
    unchecked += samples + 1;
    if (unchecked < kSamplesPerCheck) return {};
    unchecked = 0;
    return budget.Check();
  }
};

}  // namespace tocsin::promql
