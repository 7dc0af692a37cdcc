// Range vectors: the samples around each step, read once per series for all steps.

#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/environment.h"
#include "rules/promql/functions.h"
#include "rules/promql/kept_windows.h"
#include "rules/promql/selector.h"

namespace tocsin::promql {

/// A range vector that is looked at one series after another and, within each, one step after
/// another. It is never in memory whole.
///
///     for (std::size_t s = 0; s < ranges.size(); ++s) {
///       if (const Status begun = ranges.Begin(s); !begun) return begun.error();
///       for (std::size_t i = 0; i < steps.count; ++i) {
///         if (const Status moved = ranges.MoveTo(i); !moved) return moved.error();
///         Use(ranges.window());
///       }
///     }
///
/// One thread at a time.
class RangeVector {
 public:
  /// The ranges of a selector: (moment - range, moment] for each moment. `series` and `environment`
  /// must outlive this.
  RangeVector(const SelectedSeries& series, const Moments& moments, Millis range,
              Extension extension, Environment& environment);
  /// Those of a subquery, whose points at `inner` are in `points`.
  RangeVector(Block points, const Steps& inner, const Moments& moments, Millis range,
              Environment& environment);

  /// The same samples, of which `windows` knows most already. For one moment, without extension.
  void ReadFrom(KeptWindows& windows);

  const ShapePtr& shape() const { return shape_; }
  std::size_t size() const { return shape_->size(); }
  /// What of the budget it holds.
  std::size_t held() const { return points_.values.size(); }

  /// Goes to a series and reads its samples. Fails if they are too many to hold, or if the query
  /// is out of time.
  Status Begin(std::size_t series);
  /// Goes to a step; steps come in ascending order. Fails as Begin() does.
  Status MoveTo(std::size_t step);
  /// The samples there; they may be none. Without `args`, and valid until the next move.
  RangeWindow& window() { return window_; }

 private:
  Status ReadKept();
  /// Fills the buffer with the samples that windows over (start, end] may need.
  Status Read(Millis start, Millis end);
  void CollectPoints();
  void ShowBuffer() { samples_ = {environment_.buffer.t, environment_.buffer.v}; }
  void Slide(Millis start, Millis end);

  ShapePtr shape_;
  std::shared_ptr<const Selection> selection_;  ///< Null for a subquery.
  Block points_;
  Steps inner_;
  Moments moments_;
  Millis range_;
  Extension extension_ = Extension::kNone;
  Environment& environment_;
  KeptWindows* kept_ = nullptr;
  bool sparse_ = false;  ///< Each window is read by itself: steps are far apart.

  std::size_t series_ = 0;
  SampleView samples_;  ///< Of the series, as far as they are read.
  /// Of the newest window, in samples_: the first sample after its start, and after its end.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  RangeWindow window_;
};

}  // namespace tocsin::promql
