// One series: its labels and its samples. What SampleStore and Selection are made of.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "base/labels.h"
#include "rules/storage/chunk.h"
#include "rules/storage/ref_counted.h"
#include "rules/storage/sample.h"
#include "rules/storage/sequence_lock.h"
#include "rules/storage/series_memory.h"

namespace tocsin {

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
/// what may change, and goes without it for the newest sample.
class alignas(kCacheLine) Series final : public RefCounted<Series> {
 public:
  Series(Labels labels, std::uint64_t id);
  static void Destroy(const Series* series) { delete series; }
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return SeriesMemory().allocate(size, static_cast<std::size_t>(alignment));
  }
  static void operator delete(void* memory, std::size_t size, std::align_val_t alignment) {
    SeriesMemory().deallocate(memory, size, static_cast<std::size_t>(alignment));
  }

  const Labels& labels() const { return labels_; }
  /// Unique in the life of a store, and ascending.
  std::uint64_t id() const { return id_; }

  // For the appending thread.

  /// Ask for the memory that the next Append() needs, one after the other: each is cheap once what
  /// the one before it has asked for is there.
  void PrefetchHead() const;
  void PrefetchOpen() const {
    if (head_is_full()) open_->PrefetchState();
  }
  void PrefetchWords() const {
    if (head_is_full()) open_->PrefetchEnd();
  }

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
  Millis newest_t() const { return newest_t_; }
  /// Of the oldest sample. Not if empty().
  Millis oldest_t() const;
  /// Set when the store has dropped the series: nothing may be appended.
  bool dropped() const { return dropped_; }
  void MarkDropped();
  /// All that it takes, with its labels but without their symbols.
  Usage TotalUsage() const;

  // For readers. Nothing later than batch `as_of` is seen.

  /// The newest sample in (after, until], stale markers included; kNoSample if there is none.
  Sample Newest(Millis after, Millis until, std::uint64_t as_of) const;

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
  /// The end of the series at one moment.
  struct End {
    Sample newest;
    std::uint64_t batch;
    Millis before_batch;

    /// `until`, or the end of what `as_of` may see.
    Millis Visible(Millis until, std::uint64_t as_of) const {
      return batch <= as_of || until <= before_batch ? until : before_batch;
    }
  };

  ~Series();
  friend class RefCounted<Series>;
  bool head_is_full() const { return head_size_ == kMostHead && open_ != nullptr; }
  void Put(Sample sample, Usage& usage);
  void Enter(std::uint64_t batch);
  void MakeRoom(Usage& usage);
  void GrowHead(std::uint8_t capacity, Usage& usage);
  static std::pmr::memory_resource& HeadMemory(std::uint8_t capacity);
  void FreeHead();
  void Compress(Usage& usage);
  void Seal(Usage& usage);
  void Capture(Millis after, Millis until, std::uint64_t as_of, View& view) const;
  void CaptureSealed(Millis after, View& view) const;
  Sample Find(Millis after, Millis until) const;
  /// Whether all samples after `t` that there ever were are still there.
  bool IsCompleteAfter(Millis t) const;
  Sample newest() const { return {newest_t_, newest_v_}; }
  End end() const { return {newest(), batch_, before_batch_}; }
  Sample FindNewest(Millis after, Millis until, std::uint64_t as_of) const;
  bool ReadSeveral(Millis after, Millis until, std::uint64_t as_of, Millis complete_after,
                   Samples& out) const;

  // One cache line: all that an append mostly touches, and a look at the newest sample.
  mutable SequenceLock lock_;  ///< For all down to sealed_; the appender reads without it.
  std::uint8_t head_size_ = 0;
  std::uint8_t head_capacity_ = 0;
  bool empty_ : 1 = true;
  bool dropped_ : 1 = false;  ///< Only the appender reads it.
  /// Whether the newest sample is the only one of its batch.
  SequencedValue<bool> is_alone_;
  /// Of an empty series a time that no (after, until] contains.
  SequencedValue<Millis> newest_t_{kNoSample.t};
  SequencedValue<double> newest_v_;
  SequencedValue<std::uint64_t> batch_;  ///< Of the newest sample.
  /// The time of the last sample before that batch: all that is seen until the batch is committed.
  /// The lowest of all times if there was none, which (after, until] never contains.
  SequencedValue<Millis> before_batch_{std::numeric_limits<Millis>::min()};
  Sample* head_ = nullptr;  ///< Of HeadMemory(), or null without capacity.
  /// The time of the last sample that DropBefore() has dropped.
  SequencedValue<Millis> dropped_until_{std::numeric_limits<Millis>::min()};
  const std::uint64_t id_;

  std::unique_ptr<ChunkWriter> open_;
  RefPtr<ChunkList> sealed_;
  const Labels labels_;
};

inline void Series::PrefetchHead() const {
  __builtin_prefetch(head_ + head_size_, 1);
  if (head_size_ != kMostHead) return;
  // All of it is moved, and what is behind the first cache line is needed, too.
  for (std::size_t at = 0; at < kMostHead; at += kCacheLine / sizeof(Sample)) {
    __builtin_prefetch(head_ + at, 1);
  }
  __builtin_prefetch(&open_);
}

inline Series::Outcome Series::Append(Sample sample, std::uint64_t batch, Usage& usage) {
  const Sample last = newest();
  if (sample.t <= last.t && !empty_) {
    if (sample.t < last.t) return Outcome::kOutOfOrder;
    const bool same =
        std::bit_cast<std::uint64_t>(sample.v) == std::bit_cast<std::uint64_t>(last.v);
    return same ? Outcome::kSame : Outcome::kDuplicate;
  }
  const std::lock_guard lock(lock_);
  Enter(batch);
  Put(sample, usage);
  return Outcome::kAppended;
}

/// Notes what readers may see until `batch` is committed. Under the lock.
inline void Series::Enter(std::uint64_t batch) {
  const bool is_first = batch_ != batch;
  is_alone_ = is_first;
  if (!is_first) return;
  batch_ = batch;
  if (!empty_) before_batch_ = newest_t();
}

/// Under the lock.
inline void Series::Put(Sample sample, Usage& usage) {
  if (!empty_) {
    if (head_size_ == head_capacity_) MakeRoom(usage);
    head_[head_size_++] = newest();
  }
  newest_t_ = sample.t;
  newest_v_ = sample.v;
  empty_ = false;
  ++usage.samples;
}

inline Sample Series::Newest(Millis after, Millis until, std::uint64_t as_of) const {
  const std::uint32_t count = lock_.count();
  const End end = this->end();
  const bool is_found = lock_.IsUntouchedSince(count) && end.newest.t <= end.Visible(until, as_of);
  if (!is_found) return FindNewest(after, until, as_of);
  return end.newest.t > after ? end.newest : kNoSample;
}

}  // namespace tocsin
