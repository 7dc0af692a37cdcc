// From what a collector found to samples in the store.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/snapshot.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Appends the snapshots of one collector instance, one after another, and marks with a stale
/// marker each series that a snapshot no longer has. A family whose shape is the one of the
/// snapshot before costs no look-up of labels.
///
/// The samples get the labels that Prometheus would give them after scraping tocsin: those of the
/// family, `le` in canonical form for buckets, and the target's (`job`, `instance`). As with
/// honor_labels false, a family's own label of such a name is renamed to `exported_<name>`.
/// Families of other targets (TargetLabels::kIncluded) have theirs.
///
/// Samples are of the time of the collection. Those of a family that has times of its own are of
/// these, and as in Prometheus such series get no stale markers: they come when their source likes.
///
/// One thread at a time. The store must outlive it.
class SnapshotAppender {
 public:
  /// `target`: `job` and `instance`.
  SnapshotAppender(SampleStore& store, ConstantLabels target);
  ~SnapshotAppender();
  SnapshotAppender(const SnapshotAppender&) = delete;
  SnapshotAppender& operator=(const SnapshotAppender&) = delete;

  /// Appends all of `snapshot` at the time of its collection.
  AppendCounts Append(const Snapshot& snapshot);
  /// Ends every series it has appended to: the source has been silent for too long, or is gone. To
  /// do so again before the next snapshot does nothing.
  AppendCounts MarkStale(TimePoint at);

 private:
  /// Where the series of a family stand in a plan.
  struct Part {
    std::shared_ptr<const FamilyShape> shape;
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  /// What is appended for snapshots of certain shapes.
  struct Plan {
    std::vector<Part> parts;
    std::vector<Labels> labels;
    std::vector<SeriesRef> refs;
  };
  /// The series of a family with times of its own.
  struct TimedPart {
    std::shared_ptr<const FamilyShape> shape;
    std::vector<Labels> labels;
  };
  class Planner;

  bool Fits(const Snapshot& snapshot) const;
  void FillValues(const Snapshot& snapshot);
  AppendCounts AppendTimed(const Snapshot& snapshot);

  SampleStore& store_;
  const ConstantLabels target_;
  Plan plan_;
  std::vector<TimedPart> timed_;
  std::vector<double> values_;
  bool ended_ = false;  ///< The series of the plan have their stale markers.
};

}  // namespace tocsin
