#include "rules/storage/chunk.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>

namespace tocsin {
namespace {

// What malloc takes for itself, about.
constexpr std::size_t kAllocation = 8;

/// How the change of a step is written: by the first of these that holds it.
struct StepCode {
  unsigned prefix;  ///< With the leading 11 of "another step".
  unsigned prefix_width;
  unsigned width;
};
constexpr StepCode kStepCodes[] = {{0b110, 3, 7}, {0b1110, 4, 12}, {0b11110, 5, 20}};
constexpr unsigned kWideStepPrefix = 0b11111;
constexpr unsigned kWideStepPrefixWidth = 5;

constexpr unsigned kMostLeading = 31;
constexpr unsigned kNewWindowWidth = 12;  ///< 1, leading zeros, length.

/// Peek() gives at least so many bits.
constexpr unsigned kPeeked = 57;

inline std::uint64_t Peek(const std::uint8_t* data, std::uint64_t bit) {
  std::uint64_t word;  // NOLINT(cppcoreguidelines-init-variables): the next line fills it.
  std::memcpy(&word, data + (bit >> 3), sizeof word);
  return __builtin_bswap64(word) << (bit & 7);
}

/// `width` bits, 1 to 64 of them, as a number.
inline std::uint64_t Read(const std::uint8_t* data, std::uint64_t bit, unsigned width) {
  if (width <= kPeeked) return Peek(data, bit) >> (64 - width);
  const std::uint64_t high = Peek(data, bit) >> 32;
  const unsigned rest = width - 32;
  return high << rest | Peek(data, bit + 32) >> (64 - rest);
}

inline bool TopBit(std::uint64_t word) {
  return static_cast<std::int64_t>(word) < 0;
}

/// The number in two's complement in the top `width` bits of `word`.
inline std::uint64_t TopSigned(std::uint64_t word, unsigned width) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(word) >> (64 - width));
}

/// DecodeSamples() in parts. A copy of the state, so that the compiler keeps it in registers.
class Decoder {
 public:
  Decoder(const std::uint8_t* data, const DecodeState& state) : data_(data), at_(state) {}

  void Decode(std::size_t count, Millis* t, double* v) {
    std::size_t done = 0;
    while (done < count) {
      const std::uint64_t word = Peek(data_, at_.bit);
      if (!TopBit(word)) {
        const auto zeros =
            static_cast<std::size_t>(std::countl_zero(word | std::uint64_t{1} << (63 - kPeeked)));
        const std::size_t run = std::min(zeros, count - done);
        Repeat(run, t + done, v + done);
        done += run;
        continue;
      }
      if (TopBit(word << 1)) {
        Step(word << 2);
      } else {
        Value(at_.bit + 2);
      }
      at_.t = Next();
      t[done] = at_.t;
      v[done] = std::bit_cast<double>(at_.v);
      ++done;
    }
  }

  const DecodeState& at() const { return at_; }

 private:
  Millis Next() const { return static_cast<Millis>(static_cast<std::uint64_t>(at_.t) + at_.step); }

  /// So many samples with the same step and the same value.
  void Repeat(std::size_t count, Millis* t, double* v) {
    const double value = std::bit_cast<double>(at_.v);
    for (std::size_t i = 0; i < count; ++i) {
      at_.t = Next();
      t[i] = at_.t;
      v[i] = value;
    }
    at_.bit += count;
  }

  /// Another step, and perhaps another value. `word` is what follows the leading 11.
  void Step(std::uint64_t word) {
    if (!TopBit(word)) {
      at_.step += TopSigned(word << 1, 7);
      at_.bit += 3 + 7;
    } else if (!TopBit(word << 1)) {
      at_.step += TopSigned(word << 2, 12);
      at_.bit += 4 + 12;
    } else if (!TopBit(word << 2)) {
      at_.step += TopSigned(word << 3, 20);
      at_.bit += 5 + 20;
    } else {
      at_.step += Read(data_, at_.bit + kWideStepPrefixWidth, 64);
      at_.bit += kWideStepPrefixWidth + 64;
    }
    const bool changed = TopBit(Peek(data_, at_.bit));
    ++at_.bit;
    if (changed) Value(at_.bit);
  }

  /// The difference in value, at `bit`.
  void Value(std::uint64_t bit) {
    const std::uint64_t word = Peek(data_, bit);
    if (TopBit(word)) {
      at_.leading = static_cast<std::uint8_t>(word >> 58 & 31);
      at_.length = static_cast<std::uint8_t>((word >> 52 & 63) + 1);
      bit += kNewWindowWidth;
    } else {
      ++bit;
    }
    const unsigned trailing = 64U - at_.leading - at_.length;
    at_.v ^= Read(data_, bit, at_.length) << trailing;
    at_.bit = bit + at_.length;
  }

  const std::uint8_t* data_;
  DecodeState at_;
};

}  // namespace

void DecodeSamples(const std::uint8_t* data, DecodeState& state, std::size_t count, Millis* t,
                   double* v) {
  Decoder decoder(data, state);
  decoder.Decode(count, t, v);
  state = decoder.at();
}

Chunk* Chunk::New(std::size_t size) {
  void* memory = ::operator new(sizeof(Chunk) + size + kChunkPadding);
  auto* chunk = new (memory) Chunk;
  chunk->size_ = static_cast<std::uint16_t>(size);
  std::memset(chunk->bytes() + size, 0, kChunkPadding);
  return chunk;
}

void Chunk::Destroy(const Chunk* chunk) {
  chunk->~Chunk();
  ::operator delete(const_cast<Chunk*>(chunk));
}

void Chunk::Decode(Millis* t, double* v) const {
  *t = first_t_;
  *v = std::bit_cast<double>(first_v_);
  Decoder decoder(bytes(), {.t = first_t_, .v = first_v_});
  decoder.Decode(count_ - 1U, t + 1, v + 1);
}

std::size_t Chunk::MemoryBytes() const {
  return sizeof(Chunk) + size_ + kChunkPadding + kAllocation;
}

bool ChunkWriter::full() const {
  return count_ >= Chunk::kMostSamples || at_.bit >= Chunk::kMostBytes * 8;
}

void ChunkWriter::Append(Sample sample) {
  assert(!full() && (empty() || sample.t > at_.t));
  const auto bits = std::bit_cast<std::uint64_t>(sample.v);
  has_stale_ = has_stale_ || bits == kStaleNanBits;
  if (count_++ == 0) {
    first_t_ = at_.t = sample.t;
    first_v_ = at_.v = bits;
    return;
  }
  const std::uint64_t step =
      static_cast<std::uint64_t>(sample.t) - static_cast<std::uint64_t>(at_.t);
  const std::uint64_t change = step - at_.step;
  const std::uint64_t difference = bits ^ at_.v;
  if (change != 0) {
    PutStep(change);
    Put(difference != 0 ? 1 : 0, 1);
  } else if (difference != 0) {
    Put(0b10, 2);
  } else {
    Put(0, 1);
  }
  if (difference != 0) PutValue(difference);
  at_.t = sample.t;
  at_.step = step;
  at_.v = bits;
  if (count_ % kCheckpointEvery == 0) {
    checkpoints_[0] = checkpoints_[1];
    checkpoints_[1] = {at_, count_};
  }
}

void ChunkWriter::PutStep(std::uint64_t change) {
  for (const StepCode& code : kStepCodes) {
    if (TopSigned(change << (64 - code.width), code.width) != change) continue;
    const std::uint64_t kept = change & ((std::uint64_t{1} << code.width) - 1);
    Put(std::uint64_t{code.prefix} << code.width | kept, code.prefix_width + code.width);
    return;
  }
  Put(kWideStepPrefix, kWideStepPrefixWidth);
  Put(change, 64);
}

void ChunkWriter::PutValue(std::uint64_t difference) {
  const unsigned leading =
      std::min(static_cast<unsigned>(std::countl_zero(difference)), kMostLeading);
  const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
  const unsigned length = 64 - leading - trailing;
  const bool fits = at_.length != 0 && leading >= at_.leading &&
                    leading + length <= unsigned{at_.leading} + at_.length;
  // A window that is much too wide costs more than a new one.
  if (fits && at_.length < length + kNewWindowWidth) {
    Put(0, 1);
  } else {
    at_.leading = static_cast<std::uint8_t>(leading);
    at_.length = static_cast<std::uint8_t>(length);
    Put(std::uint64_t{1} << 11 | leading << 6 | (length - 1), kNewWindowWidth);
  }
  Put(difference >> (64 - at_.leading - at_.length), at_.length);
}

void ChunkWriter::Put(std::uint64_t bits, unsigned width) {
  const unsigned room = 64 - (at_.bit & 63);
  at_.bit += width;
  if (width < room) {
    pending_ |= bits << (room - width);
    return;
  }
  const unsigned rest = width - room;
  const std::size_t word = (at_.bit - rest) / 64 - 1;
  if (word == capacity_) Grow();
  words_[word] = __builtin_bswap64(pending_ | bits >> rest);
  pending_ = rest == 0 ? 0 : bits << (64 - rest);
}

void ChunkWriter::Grow() {
  const std::uint32_t capacity = std::max<std::uint32_t>(4, capacity_ * 2);
  std::unique_ptr<std::uint64_t[]> words(new std::uint64_t[capacity]);
  std::copy_n(words_.get(), capacity_, words.get());
  words_ = std::move(words);
  capacity_ = capacity;
}

RefPtr<const Chunk> ChunkWriter::Finish() {
  assert(!empty());
  const std::size_t size = (at_.bit + 7) / 8;
  auto chunk = RefPtr<Chunk>::Adopt(Chunk::New(size));
  chunk->count_ = static_cast<std::uint8_t>(count_);
  chunk->has_stale_ = has_stale_;
  chunk->first_t_ = first_t_;
  chunk->last_t_ = at_.t;
  chunk->first_v_ = first_v_;
  const std::size_t whole = at_.bit / 64 * 8;
  if (whole != 0) std::memcpy(chunk->bytes(), words_.get(), whole);
  const std::uint64_t last = __builtin_bswap64(pending_);
  std::memcpy(chunk->bytes() + whole, &last, size - whole);
  *this = ChunkWriter();
  return chunk;
}

void ChunkWriter::CopyTo(Millis after, Copy& copy) const {
  copy.state = {.t = first_t_, .v = first_v_};
  copy.first = true;
  std::size_t behind = 1;
  for (const Checkpoint& checkpoint : checkpoints_) {
    if (checkpoint.count == 0 || checkpoint.state.t > after) continue;
    copy.state = checkpoint.state;
    copy.first = false;
    behind = checkpoint.count;
  }
  copy.count = count_ - behind;
  const std::size_t begin = copy.state.bit / 64;
  const std::size_t end = at_.bit / 64;
  copy.state.bit -= begin * 64;
  std::copy(words_.get() + begin, words_.get() + end, copy.words);
  copy.words[end - begin] = __builtin_bswap64(pending_);
  copy.words[end - begin + 1] = 0;
}

std::size_t ChunkWriter::MemoryBytes() const {
  return capacity_ == 0 ? 0 : capacity_ * sizeof(std::uint64_t) + kAllocation;
}

}  // namespace tocsin
