// The series that some matchers found, for reading.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/labels.h"
#include "rules/storage/ref_counted.h"
#include "rules/storage/sample.h"

namespace tocsin {

class Series;

/// How much a reader sees: the batches up to one. By default all that are complete when a series is
/// read. A query that reads several series takes one ReadPoint from the store when it begins, and
/// then sees of every batch all or nothing, whatever is appended while it runs.
///
/// Each series remembers where its newest batch begins, and no earlier one: of a series that got
/// two batches since the ReadPoint was taken, the first of these is seen. So a query that runs for
/// longer than a series' interval may see that series up to that much newer.
struct ReadPoint {
  static constexpr std::uint64_t kWhateverIsComplete = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t batch = kWhateverIsComplete;
};

/// How far a reader of one series has come, for Selection::ReadOn(). A new one belongs to whatever
/// series it is used for first, and is at the beginning, or where its `t` is set to.
struct ReadPosition {
  static constexpr std::uint64_t kNoSeries = 0;
  std::uint64_t series_id = kNoSeries;
  /// Of the last sample that was read; all samples after it are still to be read.
  Millis t = std::numeric_limits<Millis>::min();
  /// For who keeps samples that it has read: its place is lost, too, if one that is newer than this
  /// has been dropped.
  Millis held_after = std::numeric_limits<Millis>::max();
};

/// The number of the last complete batch of a store. Outlives it in the Selections that use it.
using CompleteBatch = std::shared_ptr<const std::atomic<std::uint64_t>>;

/// The series that some matchers found, ordered by labels. Immutable; keeps its series readable
/// also after the store has dropped them. Its address is its identity: SampleStore::Select() gives
/// the same object again for as long as the answer is the same, so whatever is derived from labels
/// alone (groups, join partners, output labels) can be kept beside it.
///
/// Safe for concurrent use.
class Selection {
 public:
  /// `series` is ordered by labels.
  Selection(std::vector<RefPtr<const Series>> series, CompleteBatch complete);
  ~Selection();
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;

  std::size_t size() const { return series_.size(); }
  const Labels& labels(std::size_t i) const;

  /// The newest sample of series `i` in (after, until], stale markers included; nothing if there is
  /// none. O(1) if `until` is not before the series' newest sample.
  std::optional<Sample> Newest(std::size_t i, Millis after, Millis until, ReadPoint at = {}) const;
  /// The same of as many series as `out` has places, from `begin` on; kNoSample for nothing.
  /// Cheaper than one by one.
  void Newest(std::size_t begin, Millis after, Millis until, std::span<Sample> out,
              ReadPoint at = {}) const;
  /// Appends the samples of series `i` in (after, until] to `out`.
  void Read(std::size_t i, Millis after, Millis until, Samples& out, ReadPoint at = {},
            StaleMarkers markers = StaleMarkers::kSkip) const;
  /// Appends the samples of series `i` from `position` up to `until` to `out`, stale markers
  /// included, and moves `position` behind them. So that a reader who keeps sums sees each sample
  /// once and in order, also one that is appended with a time before an `until` of the past.
  ///
  /// False, with nothing read and a new `position`, if the reader has lost its place: samples after
  /// it, or after `held_after`, have been dropped, or series `i` is another one than before. It
  /// then starts anew. To look at a series that has nothing new costs as much as Newest().
  bool ReadOn(std::size_t i, Millis until, ReadPosition& position, Samples& out,
              ReadPoint at = {}) const;
  /// How many samples Read() would append, at most: from the chunks' headers, without decoding.
  std::size_t CountAtMost(std::size_t i, Millis after, Millis until) const;

  std::span<const RefPtr<const Series>> series() const { return series_; }

 private:
  void Prefetch(std::size_t i) const;
  std::uint64_t AsOf(ReadPoint at) const {
    return at.batch == ReadPoint::kWhateverIsComplete ? complete_->load(std::memory_order_acquire)
                                                      : at.batch;
  }

  std::vector<RefPtr<const Series>> series_;
  CompleteBatch complete_;
};

}  // namespace tocsin
