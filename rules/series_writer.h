// The series that a rule writes, evaluation after evaluation.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/mutex.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Holds a set of series, each with its newest value, and appends them to the store at once. What
/// has left the set since the last time gets a stale marker in the same batch. Where nothing comes
/// or goes, labels are not looked at.
///
/// Written() may be called by any thread; everything else by one at a time.
class SeriesWriter {
 public:
  using Handle = std::uint32_t;
  static constexpr Handle kNone = std::numeric_limits<Handle>::max();

  /// Adds a series, or one more use of it if it is in the set already.
  Handle Add(const Labels& labels, double value);
  /// Finds room for so many more at once. Not for a few: what comes little by little finds room as
  /// it always does.
  void Reserve(std::size_t more);
  /// Takes back one use; the series leaves with the last one.
  void Release(Handle handle);
  void ReleaseAll();
  void Set(Handle handle, double value);
  /// The same for many: values[i] is that of handles[i], unless that is kNone.
  void Set(std::span<const Handle> handles, std::span<const double> values);

  /// Appends all series at `t`.
  struct Outcome {
    std::size_t series = 0;  ///< Without those that have left.
    AppendCounts counts;
  };
  Outcome Write(SampleStore& store, Millis t);
  /// Nothing is written this time; the set stays.
  void Skip();

  /// What was last written with its values; nothing after Skip().
  std::vector<std::pair<Labels, double>> Written() const;

  /// Takes the series of `old`, which has none afterwards. Its handles are valid here. Only before
  /// anything is added.
  void TakeOver(SeriesWriter& old);

 private:
  struct Contents {
    // Column by column, as the store wants them.
    std::vector<Labels> labels;
    std::vector<SeriesRef> refs;
    std::vector<double> values;
    std::vector<std::uint32_t> uses;
    std::vector<Handle> handles;  ///< Of each column.

    std::vector<std::uint32_t> columns;  ///< Of each handle.
    std::vector<Handle> free_handles;
    std::vector<Handle> leaving;  ///< May have been added again.
    std::unordered_map<Labels, Handle> by_labels;
    bool is_written = false;
  };

  void RemoveColumn(std::uint32_t column) TOCSIN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Contents contents_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin
