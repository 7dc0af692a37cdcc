// From what a collector found to samples in the store.

#pragma once

#include <memory>

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
  /// Ends every series it has appended to: the source has been silent for too long, or is gone.
  AppendCounts MarkStale(TimePoint at);

 private:
  class Family;
  SampleStore& store_;
  const ConstantLabels target_;
  std::vector<std::unique_ptr<Family>> families_;
};

}  // namespace tocsin
