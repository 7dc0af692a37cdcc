// Compressed samples of one series: a stretch of time in about two bytes per sample.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "rules/storage/ref_counted.h"
#include "rules/storage/sample.h"
#include "rules/storage/series_memory.h"

namespace tocsin {

// The encoding is Gorilla's idea (Pelkonen et al., VLDB 2015) with other codes. The first sample
// stands in the header. Each further one is, in bits:
//
//     0            the same step in time as before, the same value
//     10 X         the same step, another value
//     11 D 0       another step, the same value
//     11 D 1 X     both other
//
//     D: the change of the step in two's complement: 0 and 7 bits, 10 and 12 bits, 110 and 20 bits,
//        or 111 and 64 bits. All of it modulo 2^64, so that any two times have a step.
//     X: the exclusive-or with the value before: 0 and the bits of the window, or 1, then a new
//        window (5 bits: leading zeros, 6 bits: its length - 1), and the bits of the window.
//
// A constant series so costs one bit per sample, and a run of them is decoded at once.

/// Where a decoder stands: all it needs to know of what came before.
struct DecodeState {
  Millis t = 0;  ///< Of the last sample.
  std::uint64_t step = 0;
  std::uint64_t v = 0;       ///< The bits of the last value.
  std::uint32_t bit = 0;     ///< Position in the data.
  std::uint8_t count = 0;    ///< Samples up to here.
  std::uint8_t leading = 0;  ///< Of the window: zeros before it,
  std::uint8_t length = 0;   ///< and its bits; 0 before the first one.
};

/// What decoding may read beyond the data.
inline constexpr std::size_t kChunkPadding = 8;

/// Decodes the next `count` samples, which must be there, to `t` and `v`. `data` is followed by
/// kChunkPadding readable bytes.
void DecodeSamples(const std::uint8_t* data, DecodeState& state, std::size_t count, Millis* t,
                   double* v);

/// A finished chunk. Immutable, safe for concurrent use. Holds at least one sample.
class Chunk final : public RefCounted<Chunk> {
 public:
  /// A chunk is finished when it has so many samples or so many bytes, whatever comes first: what a
  /// reader must decode to get at any of it is bounded.
  static constexpr std::size_t kMostSamples = 240;
  static constexpr std::size_t kMostBytes = 1024;

  static void Destroy(const Chunk* chunk);

  Millis min_t() const { return first_t_; }
  Millis max_t() const { return last_t_; }
  std::size_t count() const { return count_; }
  bool has_stale() const { return has_stale_; }

  /// Decodes all count() samples.
  void Decode(Millis* t, double* v) const;

  /// With the allocator's own share.
  std::size_t MemoryBytes() const;

 private:
  friend class ChunkWriter;
  Chunk() = default;
  static Chunk* New(std::size_t size);
  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }

  std::uint16_t size_ = 0;
  std::uint8_t count_ = 0;
  bool has_stale_ = false;
  Millis first_t_ = 0;
  Millis last_t_ = 0;
  std::uint64_t first_v_ = 0;
};

/// A chunk that is being written. One thread at a time.
class ChunkWriter {
 public:
  ChunkWriter() = default;

  /// Ask for the memory that the next Append() needs: first that of the writer itself, then, when
  /// it is there, where it writes to.
  void PrefetchState() const {
    const char* const begin = reinterpret_cast<const char*>(this);
    for (std::size_t at = 0; at < sizeof(ChunkWriter); at += kCacheLine) {
      __builtin_prefetch(begin + at, 1);
    }
  }
  void PrefetchEnd() const { __builtin_prefetch(words_.get() + at_.bit / 64, 1); }

  bool empty() const { return at_.count == 0; }
  bool full() const;
  std::size_t count() const { return at_.count; }
  bool has_stale() const { return has_stale_; }
  Millis min_t() const { return first_t_; }
  Millis max_t() const { return at_.t; }

  /// Adds samples, which must be in the order of time and after max_t(), until it is full. Returns
  /// how many.
  std::size_t Append(std::span<const Sample> samples);

  /// What has been written, as a chunk of exactly its size. The writer starts anew.
  RefPtr<const Chunk> Finish();

  /// A copy to decode from while the writer goes on.
  struct Copy {
    static constexpr std::size_t kWords = Chunk::kMostBytes / 8 + 4;

    DecodeState state;
    std::size_t count = 0;  ///< Of samples to decode after those that `state` has behind it.
    bool first = false;  ///< Whether the sample that `state` stands on is one of those asked for.
    std::uint64_t words[kWords];  ///< Not initialised beyond what is used.
  };
  /// Copies what is needed for the samples after `after`: all of it, or the end from a checkpoint.
  void CopyTo(Millis after, Copy& copy) const;

  /// Without sizeof(ChunkWriter).
  std::size_t MemoryBytes() const;

 private:
  /// Places to start decoding from, so that the newest samples can be read without the rest.
  static constexpr std::size_t kCheckpoints = 3;
  static constexpr std::size_t kCheckpointEvery = 32;

  void Grow();

  DecodeState at_;
  std::array<DecodeState, kCheckpoints> checkpoints_;  ///< The oldest first; no count: none.
  std::unique_ptr<std::uint64_t[]> words_;  ///< Big-endian, so that bytes are in the order of bits.
  std::uint32_t capacity_ = 0;              ///< Of words_.
  bool has_stale_ = false;
  std::uint64_t pending_ = 0;  ///< The last, unfinished word; at_.bit % 64 bits from the top.
  Millis first_t_ = 0;
  std::uint64_t first_v_ = 0;
};

}  // namespace tocsin
