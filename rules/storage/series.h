// One series: its labels and its samples. What SampleStore and Selection are made of.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/labels.h"
#include "rules/storage/chunk.h"
#include "rules/storage/ref_counted.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// A lock of one byte, for sections of at most a few hundred instructions that never wait.
class SpinLock {
 public:
  void lock() {
    if (taken_.exchange(true, std::memory_order_acquire)) Wait();
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  void Wait();
  std::atomic<bool> taken_ = false;
};

/// What the samples and series of a store take.
struct Usage {
  std::size_t bytes = 0;
  std::size_t samples = 0;
  std::size_t chunks = 0;

  Usage& operator+=(const Usage& other);
  Usage& operator-=(const Usage& other);
};

/// Finished chunks in the order of time. Only grows at its end, so that who has counted its chunks
/// under the series' lock may read as many of them without it.
class ChunkList;

/// The samples of one label set: finished chunks, one that is being written, a few samples that are
/// not compressed yet, and the newest one, which stands in the series itself.
///
/// One thread at a time appends; any number read meanwhile. A reader holds the lock only to copy
/// what may change.
class Series final : public RefCounted<Series> {
 public:
  Series(Labels labels, std::uint64_t id);
  static void Destroy(const Series* series) { delete series; }

  const Labels& labels() const { return labels_; }
  /// Unique in the life of a store, and ascending.
  std::uint64_t id() const { return id_; }

  // For the appending thread.

  /// Asks for the memory that the next Append() writes to. Cheap once the series itself is there.
  void PrefetchHead() const { __builtin_prefetch(head_.get() + head_size_, 1); }

  enum class Outcome { kAppended, kSame, kOutOfOrder, kDuplicate };
  /// Appends a sample as part of a batch; the number of a batch is higher than those before. Adds
  /// to `usage` what it took.
  Outcome Append(Sample sample, std::uint64_t batch, Usage& usage);
  /// The same for several samples, in the order of time, if all of them can be appended; tells
  /// whether they were.
  bool AppendRun(std::span<const Sample> run, std::uint64_t batch, Usage& usage);
  /// Drops what is wholly older than `oldest`: chunks, not single samples. Subtracts it from
  /// `usage`.
  void DropBefore(Millis oldest, Usage& usage);

  bool empty() const { return empty_; }
  Millis newest_t() const { return newest_.t; }
  /// Of the oldest sample. Not if empty().
  Millis oldest_t() const;
  /// Set when the store has dropped the series: nothing may be appended.
  bool dropped() const { return dropped_; }
  void MarkDropped() { dropped_ = true; }
  /// All that it takes, with its labels but without their symbols.
  Usage TotalUsage() const;

  // For readers. Nothing later than batch `as_of` is seen.

  /// The newest sample in (after, until], stale markers included.
  std::optional<Sample> Newest(Millis after, Millis until, std::uint64_t as_of) const;

  /// Appends the samples in (after, until] to `out`.
  void Read(Millis after, Millis until, std::uint64_t as_of, Samples& out,
            StaleMarkers markers = StaleMarkers::kSkip) const;
  /// The same, stale markers included. False, with nothing read, if of the samples after
  /// `complete_after` some have been dropped. Cheap if what is to be read is new.
  bool ReadOn(Millis after, Millis until, std::uint64_t as_of, Millis complete_after,
              Samples& out) const;
  /// How many these are at most.
  std::size_t CountAtMost(Millis after, Millis until) const;

 private:
  /// Uncompressed samples beside the newest.
  static constexpr std::uint8_t kMostHead = 16;
  struct View;

  ~Series();
  friend class RefCounted<Series>;
  void Put(Sample sample, Usage& usage);
  void Enter(std::uint64_t batch);
  void MakeRoom(Usage& usage);
  void GrowHead(std::uint8_t capacity, Usage& usage);
  void Compress(Usage& usage);
  void Seal(Usage& usage);
  void Capture(Millis after, Millis until, std::uint64_t as_of, View& view) const;
  void CaptureSealed(Millis after, View& view) const;
  std::optional<Sample> Find(Millis after, Millis until) const;
  /// Whether all samples after `t` that there ever were are still there.
  bool IsCompleteAfter(Millis t) const;
  /// `until`, or the end of what `as_of` may see. Under the lock.
  Millis Visible(Millis until, std::uint64_t as_of) const {
    return batch_ <= as_of || until <= before_batch_ ? until : before_batch_;
  }

  // What an append or a look at the newest sample touches comes first, in one cache line.
  mutable SpinLock
      lock_;  ///< For what follows, down to dropped_until_; the appender reads without it.
  std::uint8_t head_size_ = 0;
  std::uint8_t head_capacity_ = 0;
  bool empty_ = true;
  bool dropped_ = false;  ///< Of the appending thread.
  Sample newest_;
  std::uint64_t batch_ = 0;  ///< Of the newest sample.
  /// The time of the last sample before that batch: all that is seen until the batch is committed.
  /// The lowest of all times if there was none, which (after, until] never contains.
  Millis before_batch_ = std::numeric_limits<Millis>::min();
  std::unique_ptr<Sample[]> head_;
  std::unique_ptr<ChunkWriter> open_;
  RefPtr<ChunkList> sealed_;
  /// The time of the last sample that DropBefore() has dropped.
  Millis dropped_until_ = std::numeric_limits<Millis>::min();
  const Labels labels_;
  const std::uint64_t id_;
};

inline Series::Outcome Series::Append(Sample sample, std::uint64_t batch, Usage& usage) {
  if (sample.t <= newest_.t && !empty_) {
    if (sample.t < newest_.t) return Outcome::kOutOfOrder;
    const bool same =
        std::bit_cast<std::uint64_t>(sample.v) == std::bit_cast<std::uint64_t>(newest_.v);
    return same ? Outcome::kSame : Outcome::kDuplicate;
  }
  const std::lock_guard lock(lock_);
  Enter(batch);
  Put(sample, usage);
  return Outcome::kAppended;
}

/// Notes what readers may see until `batch` is committed. Under the lock.
inline void Series::Enter(std::uint64_t batch) {
  if (batch_ == batch) return;
  batch_ = batch;
  if (!empty_) before_batch_ = newest_.t;
}

/// Under the lock.
inline void Series::Put(Sample sample, Usage& usage) {
  if (!empty_) {
    if (head_size_ == head_capacity_) MakeRoom(usage);
    head_[head_size_++] = newest_;
  }
  newest_ = sample;
  empty_ = false;
  ++usage.samples;
}

}  // namespace tocsin
