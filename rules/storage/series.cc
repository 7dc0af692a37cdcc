#include "rules/storage/series.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <thread>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kAllocation = 8;  // What malloc takes for itself, about.
constexpr std::uint8_t kFirstHead = 2;

/// Where in `t`, ascending, the first time after `limit` is.
std::size_t After(const Millis* t, std::size_t size, Millis limit) {
  return static_cast<std::size_t>(std::upper_bound(t, t + size, limit) - t);
}

/// Removes from `out`, of whose samples those from `begin` on are new, the new ones that are not in
/// (after, until].
void Trim(Samples& out, std::size_t begin, Millis after, Millis until) {
  const std::size_t size = out.size() - begin;
  if (size == 0 || (out.t[begin] > after && out.t.back() <= until)) return;
  const std::size_t from = begin + After(out.t.data() + begin, size, after);
  const std::size_t to = begin + After(out.t.data() + begin, size, until);
  const std::size_t kept = to > from ? to - from : 0;
  if (from != begin) {
    std::copy_n(out.t.begin() + static_cast<std::ptrdiff_t>(from), kept,
                out.t.begin() + static_cast<std::ptrdiff_t>(begin));
    std::copy_n(out.v.begin() + static_cast<std::ptrdiff_t>(from), kept,
                out.v.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  out.t.resize(begin + kept);
  out.v.resize(begin + kept);
}

void DropStale(Samples& out, std::size_t begin) {
  std::size_t kept = begin;
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (IsStaleNan(out.v[i])) continue;
    out.t[kept] = out.t[i];
    out.v[kept] = out.v[i];
    ++kept;
  }
  out.t.resize(kept);
  out.v.resize(kept);
}

/// Makes room for `count` more samples at the end of `out`; tells where they begin.
std::size_t Extend(Samples& out, std::size_t count) {
  const std::size_t begin = out.size();
  out.t.resize(begin + count);
  out.v.resize(begin + count);
  return begin;
}

}  // namespace

void SequenceLock::Wait() {
  constexpr int kSpins = 64;
  int spins = 0;
  std::uint32_t count = 0;
  do {
    // Whoever holds the lock may have lost its processor.
    if (++spins > kSpins) std::this_thread::yield();
    count = count_.load(std::memory_order_relaxed);
  } while (IsHeld(count) || !TryLock(count));
}

Usage& Usage::operator+=(const Usage& other) {
  bytes += other.bytes;
  samples += other.samples;
  chunks += other.chunks;
  return *this;
}

Usage& Usage::operator-=(const Usage& other) {
  bytes -= other.bytes;
  samples -= other.samples;
  chunks -= other.chunks;
  return *this;
}

class ChunkList final : public RefCounted<ChunkList> {
 public:
  explicit ChunkList(std::size_t capacity)
      : capacity_(capacity), chunks_(new RefPtr<const Chunk>[capacity]) {}
  static void Destroy(const ChunkList* list) { delete list; }

  bool full() const { return size_ == capacity_; }
  std::size_t size() const { return size_; }  ///< Under the lock of the series.
  void Add(RefPtr<const Chunk> chunk) { chunks_[size_++] = std::move(chunk); }
  std::span<const RefPtr<const Chunk>> first(std::size_t count) const {
    return {chunks_.get(), count};
  }
  std::span<const RefPtr<const Chunk>> all() const { return first(size_); }
  /// Without what the chunks take.
  std::size_t MemoryBytes() const {
    return sizeof(ChunkList) + capacity_ * sizeof(chunks_[0]) + 2 * kAllocation;
  }

 private:
  std::size_t size_ = 0;
  const std::size_t capacity_;
  const std::unique_ptr<RefPtr<const Chunk>[]> chunks_;
};

/// What a reader takes with it out of the lock.
struct Series::View {
  RefPtr<const ChunkList> sealed;
  std::size_t sealed_count = 0;
  bool has_open = false;
  bool open_has_stale = false;
  ChunkWriter::Copy open;
  std::size_t tail_size = 0;
  std::array<Sample, kMostHead + 1> tail;  ///< The head and the newest sample.
  Millis until = 0;

  // Not initialised: two arrays of which mostly little is used.
  View() {}  // NOLINT(modernize-use-equals-default,cppcoreguidelines-pro-type-member-init)

  /// The finished chunks that have samples in (after, until].
  std::span<const RefPtr<const Chunk>> Chunks(Millis after) const {
    if (sealed_count == 0) return {};
    const auto all = sealed->first(sealed_count);
    const auto from = std::partition_point(
        all.begin(), all.end(), [&](const auto& chunk) { return chunk->max_t() <= after; });
    const auto to = std::partition_point(
        from, all.end(), [&](const auto& chunk) { return chunk->min_t() <= until; });
    return {from, to};
  }

  /// Appends the samples of the open chunk that were copied.
  void DecodeOpen(Samples& out) const {
    std::size_t begin = Extend(out, open.count + (open.first ? 1 : 0));
    if (open.first) {
      out.t[begin] = open.state.t;
      out.v[begin++] = std::bit_cast<double>(open.state.v);
    }
    DecodeState state = open.state;
    DecodeSamples(reinterpret_cast<const std::uint8_t*>(open.words), state, open.count,
                  out.t.data() + begin, out.v.data() + begin);
  }
};

Series::Series(Labels labels, std::uint64_t id) : id_(id), labels_(std::move(labels)) {}

Series::~Series() {
  FreeHead();
}

void Series::MarkDropped() {
  const std::lock_guard lock(lock_);  // Beside it are bits that readers look at.
  dropped_ = true;
}

/// Small ones are soon replaced, or never looked at.
std::pmr::memory_resource& Series::HeadMemory(std::uint8_t capacity) {
  return capacity == kMostHead ? SeriesMemory() : *std::pmr::new_delete_resource();
}

void Series::FreeHead() {
  if (head_ == nullptr) return;
  HeadMemory(head_capacity_).deallocate(head_, head_capacity_ * sizeof(Sample), alignof(Sample));
}

void Series::MakeRoom(Usage& usage) {
  if (head_capacity_ == kMostHead) {
    Compress(usage);
    return;
  }
  GrowHead(static_cast<std::uint8_t>(std::max<int>(kFirstHead, head_capacity_ * 2)), usage);
}

bool Series::AppendRun(std::span<const Sample> run, std::uint64_t batch, Usage& usage) {
  if (run.empty()) return true;
  if (!empty_ && run.front().t <= newest_t()) return false;
  // The newest sample needs no place in the head.
  const std::size_t wanted =
      std::min<std::size_t>(kMostHead, head_size_ + run.size() - (empty_ ? 1 : 0));
  std::uint8_t capacity = std::max(kFirstHead, head_capacity_);
  while (capacity < wanted) capacity = static_cast<std::uint8_t>(capacity * 2);
  const std::lock_guard lock(lock_);
  if (capacity > head_capacity_ && wanted > 0) GrowHead(capacity, usage);
  Enter(batch);
  is_alone_ = is_alone_ && run.size() == 1;
  for (const Sample& sample : run) Put(sample, usage);
  return true;
}

void Series::GrowHead(std::uint8_t capacity, Usage& usage) {
  const std::size_t bytes = capacity * sizeof(Sample);
  auto* const head = static_cast<Sample*>(HeadMemory(capacity).allocate(bytes, alignof(Sample)));
  std::uninitialized_copy_n(head_, head_size_, head);
  FreeHead();
  head_ = head;
  usage.bytes += (capacity - head_capacity_) * sizeof(Sample);
  if (head_capacity_ == 0) usage.bytes += kAllocation;
  head_capacity_ = capacity;
}

/// Moves half the head to the open chunk. The other half stays, since what is read most often is
/// what is newest.
void Series::Compress(Usage& usage) {
  if (open_ == nullptr) {
    open_ = std::make_unique<ChunkWriter>();
    usage.bytes += sizeof(ChunkWriter) + kAllocation;
    ++usage.chunks;
  }
  const std::size_t before = open_->MemoryBytes();
  std::span<const Sample> moved(head_, kMostHead / 2);
  while (true) {
    moved = moved.subspan(open_->Append(moved));
    if (!open_->full()) break;
    Seal(usage);
  }
  usage.bytes += open_->MemoryBytes();
  usage.bytes -= before;
  head_size_ = kMostHead / 2;
  std::copy_n(head_ + kMostHead / 2, head_size_, head_);
}

void Series::Seal(Usage& usage) {
  if (!sealed_ || sealed_->full()) {
    const std::size_t size = sealed_ ? sealed_->size() : 0;
    auto list = RefPtr<ChunkList>::Adopt(new ChunkList(size == 0 ? 2 : size * 2));
    if (sealed_) {
      usage.bytes -= sealed_->MemoryBytes();
      for (const RefPtr<const Chunk>& chunk : sealed_->all()) list->Add(chunk);
    }
    usage.bytes += list->MemoryBytes();
    sealed_ = std::move(list);
  }
  RefPtr<const Chunk> chunk = open_->Finish();
  usage.bytes += chunk->MemoryBytes();
  ++usage.chunks;
  sealed_->Add(std::move(chunk));
}

void Series::DropBefore(Millis oldest, Usage& usage) {
  if (!sealed_) return;
  const auto all = sealed_->all();
  const auto kept = std::partition_point(
      all.begin(), all.end(), [&](const auto& chunk) { return chunk->max_t() < oldest; });
  if (kept == all.begin()) return;
  RefPtr<ChunkList> list;
  usage.bytes -= sealed_->MemoryBytes();
  for (auto chunk = all.begin(); chunk != kept; ++chunk) {
    usage -= {.bytes = (*chunk)->MemoryBytes(), .samples = (*chunk)->count(), .chunks = 1};
  }
  if (kept != all.end()) {
    list = RefPtr<ChunkList>::Adopt(new ChunkList(static_cast<std::size_t>(all.end() - kept)));
    for (auto chunk = kept; chunk != all.end(); ++chunk) list->Add(*chunk);
    usage.bytes += list->MemoryBytes();
  }
  {
    const std::lock_guard lock(lock_);
    dropped_until_ = kept[-1]->max_t();
    std::swap(sealed_, list);
  }
  // What was dropped is freed here, outside the lock, or with the last reader.
}

Millis Series::oldest_t() const {
  if (sealed_) return sealed_->all().front()->min_t();
  if (open_ != nullptr && !open_->empty()) return open_->min_t();
  return head_size_ != 0 ? head_[0].t : newest_t();
}

Usage Series::TotalUsage() const {
  Usage usage;
  usage.bytes = sizeof(Series) + kAllocation + labels_.MemoryBytes() + kAllocation;
  usage.samples = head_size_ + (empty_ ? 0U : 1U);
  if (head_capacity_ != 0) usage.bytes += head_capacity_ * sizeof(Sample) + kAllocation;
  if (open_ != nullptr) {
    usage.bytes += sizeof(ChunkWriter) + kAllocation + open_->MemoryBytes();
    usage.samples += open_->count();
    ++usage.chunks;
  }
  if (!sealed_) return usage;
  usage.bytes += sealed_->MemoryBytes();
  for (const RefPtr<const Chunk>& chunk : sealed_->all()) {
    usage += {.bytes = chunk->MemoryBytes(), .samples = chunk->count(), .chunks = 1};
  }
  return usage;
}

/// Copies, or takes a reference to, what may have samples in (after, until].
void Series::Capture(Millis after, Millis until, std::uint64_t as_of, View& view) const {
  const std::lock_guard lock(lock_);
  view.until = end().Visible(until, as_of);
  std::copy_n(head_, head_size_, view.tail.begin());
  view.tail_size = head_size_;
  if (!empty_) view.tail[view.tail_size++] = newest();
  // What is older is in memory that is rarely in the cache: it is touched only if it is needed.
  if (open_ == nullptr || head_[0].t <= after) return;
  if (!open_->empty()) {
    if (open_->max_t() > after && open_->min_t() <= view.until) {
      open_->CopyTo(after, view.open);
      view.has_open = true;
      view.open_has_stale = open_->has_stale();
    }
  }
  CaptureSealed(after, view);
}

void Series::CaptureSealed(Millis after, View& view) const {
  if (!sealed_ || (!open_->empty() && open_->min_t() <= after)) return;
  view.sealed = sealed_;
  view.sealed_count = sealed_->size();
}

/// Newest() where the newest sample is too new, or was just being written.
Sample Series::FindNewest(Millis after, Millis until, std::uint64_t as_of) const {
  {
    const std::lock_guard lock(lock_);
    if (empty_) return kNoSample;
    until = end().Visible(until, as_of);
    if (newest_t() <= until) return newest_t() > after ? newest() : kNoSample;
    const Sample* begin = head_;
    const Sample* end = begin + head_size_;
    while (end != begin && end[-1].t > until) --end;
    if (end != begin) return end[-1].t > after ? end[-1] : kNoSample;
  }
  return Find(after, until);
}

/// Newest() of what is compressed.
Sample Series::Find(Millis after, Millis until) const {
  View view;
  // What is not committed has been excluded by `until`.
  Capture(after, until, std::numeric_limits<std::uint64_t>::max(), view);
  Samples samples;
  if (view.has_open) {
    view.DecodeOpen(samples);
    Trim(samples, 0, after, until);
  }
  if (samples.size() == 0) {
    const auto chunks = view.Chunks(after);
    if (chunks.empty()) return kNoSample;
    const Chunk& chunk = *chunks.back();
    Extend(samples, chunk.count());
    chunk.Decode(samples.t.data(), samples.v.data());
    Trim(samples, 0, after, until);
  }
  if (samples.size() == 0) return kNoSample;
  return Sample{samples.t.back(), samples.v.back()};
}

void Series::Read(Millis after, Millis until, std::uint64_t as_of, Samples& out,
                  StaleMarkers markers) const {
  const bool skip = markers == StaleMarkers::kSkip;
  View view;
  Capture(after, until, as_of, view);
  until = view.until;
  for (const RefPtr<const Chunk>& chunk : view.Chunks(after)) {
    const std::size_t begin = Extend(out, chunk->count());
    chunk->Decode(out.t.data() + begin, out.v.data() + begin);
    Trim(out, begin, after, until);
    if (skip && chunk->has_stale()) DropStale(out, begin);
  }
  if (view.has_open) {
    const std::size_t begin = out.size();
    view.DecodeOpen(out);
    Trim(out, begin, after, until);
    if (skip && view.open_has_stale) DropStale(out, begin);
  }
  for (std::size_t i = 0; i < view.tail_size; ++i) {
    const Sample& sample = view.tail[i];
    if (sample.t <= after || sample.t > until || (skip && IsStaleNan(sample.v))) continue;
    out.t.push_back(sample.t);
    out.v.push_back(sample.v);
  }
}

bool Series::ReadOn(Millis after, Millis until, std::uint64_t as_of, Millis complete_after,
                    Samples& out) const {
  // What is asked for each series at each evaluation: is there one more?
  const std::uint32_t count = lock_.count();
  const End end = this->end();
  const Millis dropped_until = dropped_until_;
  const bool is_next = is_alone_ && end.before_batch <= after;
  if (lock_.IsUntouchedSince(count) && dropped_until <= complete_after) {
    if (end.newest.t <= after) return true;
    if (is_next) {
      if (end.newest.t > end.Visible(until, as_of)) return true;
      out.t.push_back(end.newest.t);
      out.v.push_back(end.newest.v);
      return true;
    }
  }
  return ReadSeveral(after, until, as_of, complete_after, out);
}

bool Series::ReadSeveral(Millis after, Millis until, std::uint64_t as_of, Millis complete_after,
                         Samples& out) const {
  std::array<Sample, kMostHead + 1> fresh;
  std::size_t count = 0;
  bool is_compressed = false;
  {
    const std::lock_guard lock(lock_);
    if (dropped_until_ > complete_after) return false;
    if (empty_ || newest_t() <= after) return true;
    const Millis visible = end().Visible(until, as_of);
    if (open_ != nullptr && head_[0].t > after) {
      is_compressed = true;
    } else {
      const Sample* begin = head_ + head_size_;
      while (begin != head_ && begin[-1].t > after) --begin;
      for (; begin != head_ + head_size_ && begin->t <= visible; ++begin) {
        fresh[count++] = *begin;
      }
      if (newest_t() <= visible) fresh[count++] = newest();
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    out.t.push_back(fresh[i].t);
    out.v.push_back(fresh[i].v);
  }
  if (!is_compressed) return true;
  const std::size_t before = out.size();
  Read(after, until, as_of, out, StaleMarkers::kKeep);
  // Asked after reading: what is dropped in between is missed, too.
  if (IsCompleteAfter(complete_after)) return true;
  out.t.resize(before);
  out.v.resize(before);
  return false;
}

bool Series::IsCompleteAfter(Millis t) const {
  const std::lock_guard lock(lock_);
  return dropped_until_ <= t;
}

std::size_t Series::CountAtMost(Millis after, Millis until) const {
  View view;
  view.until = until;
  std::size_t count = 0;
  {
    const std::lock_guard lock(lock_);
    const auto in_range = [&](const Sample& sample) {
      return sample.t > after && sample.t <= until;
    };
    count += static_cast<std::size_t>(std::count_if(head_, head_ + head_size_, in_range));
    if (!empty_ && in_range(newest())) ++count;
    if (open_ == nullptr || head_[0].t <= after) return count;
    const bool open_in_range = !open_->empty() && open_->max_t() > after && open_->min_t() <= until;
    if (open_in_range) count += open_->count();
    CaptureSealed(after, view);
  }
  for (const RefPtr<const Chunk>& chunk : view.Chunks(after)) count += chunk->count();
  return count;
}

}  // namespace tocsin
