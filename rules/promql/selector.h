// Reading series from the store: which ones, and their newest values at each step.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "rules/promql/block.h"
#include "rules/promql/environment.h"
#include "rules/storage/sample_store.h"

namespace tocsin::promql {

/// The series that a selector matches, kept for as long as the store has the same ones.
///
/// One thread at a time.
class SelectedSeries {
 public:
  /// Looks again if the store's series have changed since, that is, if the last look was not at
  /// environment.generation and, should the matchers name a metric, its own series have changed,
  /// too. Afterwards the two below are not null.
  void Refresh(const Environment& environment, std::span<const Matcher> matchers);
  /// Whether Refresh() need not look at `generation` of the store.
  bool IsKnownAt(std::uint64_t generation) const {
    return selection_ != nullptr && generation_ == generation;
  }

  const Selection& selection() const { return *selection_; }
  const std::shared_ptr<const Selection>& shared_selection() const { return selection_; }
  const ShapePtr& shape() const { return shape_; }
  /// How many there are; 0 before the first Refresh().
  std::size_t size() const { return selection_ == nullptr ? 0 : selection_->size(); }

 private:
  std::shared_ptr<const Selection> selection_;
  ShapePtr shape_;
  std::uint64_t generation_ = 0;
  std::uint64_t name_generation_ = 0;  ///< Of the metric that the matchers name.
};

/// What `offset` and `@` make of the steps: the moment that is looked at instead of each.
struct Moments {
  Steps steps;
  Millis offset = 0;
  std::optional<Millis> pin;

  Millis at(std::size_t i) const { return (pin ? *pin : steps.at(i)) - offset; }
  Millis first() const { return at(0); }
  Millis last() const { return at(steps.count - 1); }
};

/// The moments of a selector or a subquery with `offset`, which has been worked out already.
Moments MakeMoments(const AtModifier& at, Millis offset, const Steps& steps,
                    const Environment& environment);

enum class Reading {
  kValue,
  kTime,  ///< When the value is from, in seconds: for timestamp().
};

/// The newest value of each series in (moment - lookback, moment], if it is not a stale marker.
/// Takes its size from the budget.
Result<Block> ReadNewest(const SelectedSeries& series, const Moments& moments, Reading reading,
                         Environment& environment);

/// The values at each moment that lie on the line between the samples before and after it, both
/// within the lookback; without a sample after it, the newest value.
/// Source: Prometheus' feature flag promql-extended-range-selectors, `smoothed`.
Result<Block> ReadSmoothed(const SelectedSeries& series, const Moments& moments,
                           Environment& environment);

}  // namespace tocsin::promql
