// What evaluating one query needs beside its operands.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "rules/promql/annotations.h"
#include "rules/promql/block.h"

namespace tocsin::promql {

/// What a query may use up. Checked often and cheaply.
class Budget {
 public:
  Budget(std::size_t max_samples, SteadyPoint deadline, const Clock& clock, std::stop_token stop)
      : clock_(clock),
        stop_(std::move(stop)),
        deadline_(deadline),
        most_(max_samples),
        left_(max_samples),
        least_left_(max_samples) {}

  /// Takes `samples` from what may be held in memory at once; fails with kTooLarge.
  Status Take(std::size_t samples);
  void GiveBack(std::size_t samples) { left_ += samples; }
  /// The most that was taken at once.
  std::size_t peak() const { return most_ - least_left_; }
  /// Fails with kTimeout after the deadline, with kUnavailable once stopped. To be called every few
  /// thousand samples: it looks at the clock only now and then.
  Status Check();
  /// The same, and looks at the clock: for who has used much time since the last call.
  Status CheckNow();

 private:
  Status CheckStop() const;

  const Clock& clock_;
  std::stop_token stop_;
  SteadyPoint deadline_;
  std::size_t most_;
  std::size_t left_;
  std::size_t least_left_;
  unsigned calls_ = 0;
};

struct Features {
  /// Keep metric names until the end of the query, or until an aggregation or a match needs them
  /// gone. Source: Prometheus' feature flag promql-delayed-name-removal.
  bool delayed_name_removal = false;
  /// Treat __type__ and __unit__ like the metric name. Source: type-and-unit-labels.
  bool type_and_unit_labels = false;

  friend bool operator==(const Features&, const Features&) = default;
};

/// Of one evaluation of one node.
struct Context {
  Steps steps;
  const Features& features;
  Annotations& annotations;
  Budget& budget;
};

/// `block` after its metric names have gone: `Prometheus drops the name` of what a function or an
/// operator has made. Series that are now the same and never have a value at the same step are
/// merged; fails if they do ("vector cannot contain metrics with the same labelset"). With
/// delayed_name_removal only the flags are set.
Result<Block> DropNames(Block block, Memo& memo, const Context& context);

}  // namespace tocsin::promql
