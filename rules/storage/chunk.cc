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

constexpr std::uint64_t kMostBits = Chunk::kMostBytes * 8;

/// Some bits, in the low end of `value`.
struct Bits {
  std::uint64_t value = 0;
  unsigned width = 0;
};

/// The bits up to where the difference in value begins. Of a wide change, all but the last go to
/// `put`.
template <class Put>
inline Bits EncodeStep(std::uint64_t change, bool another_value, const Put& put) {
  if (change == 0) return another_value ? Bits{0b10, 2} : Bits{0, 1};
  const std::uint64_t flag = another_value ? 1 : 0;
  for (const StepCode& code : kStepCodes) {
    if (TopSigned(change << (64 - code.width), code.width) != change) continue;
    const std::uint64_t kept = change & ((std::uint64_t{1} << code.width) - 1);
    return {(std::uint64_t{code.prefix} << code.width | kept) << 1 | flag,
            code.prefix_width + code.width + 1};
  }
  put(Bits{kWideStepPrefix, kWideStepPrefixWidth});
  put(Bits{change, 64});
  return {flag, 1};
}

/// `before`, then the difference in value. What does not fit into 64 bits goes to `put`.
template <class Put>
inline Bits EncodeValue(std::uint64_t difference, DecodeState& at, Bits before, const Put& put) {
  const unsigned leading =
      std::min(static_cast<unsigned>(std::countl_zero(difference)), kMostLeading);
  const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
  const unsigned length = 64 - leading - trailing;
  const bool fits = at.length != 0 && leading >= at.leading &&
                    leading + length <= unsigned{at.leading} + at.length;
  // A window that is much too wide costs more than a new one.
  if (fits && at.length < length + kNewWindowWidth) {
    before = {before.value << 1, before.width + 1};
  } else {
    at.leading = static_cast<std::uint8_t>(leading);
    at.length = static_cast<std::uint8_t>(length);
    const std::uint64_t window = std::uint64_t{1} << 11 | leading << 6 | (length - 1);
    before = {before.value << kNewWindowWidth | window, before.width + kNewWindowWidth};
  }
  const std::uint64_t shown = difference >> (64 - at.leading - at.length);
  if (before.width + at.length <= 64) {
    return {before.value << at.length | shown, before.width + at.length};
  }
  put(before);
  return {shown, at.length};
}

/// DecodeSamples() in parts. All of it is inlined into one function, and works on a copy of the
/// state: otherwise the compiler must assume that writing a sample changes the state.
class Decoder {
 public:
  Decoder(const std::uint8_t* data, const DecodeState& state) : data_(data), at_(state) {}

  [[gnu::always_inline]] void Decode(std::size_t count, Millis* t, double* v) {
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
        at_.bit += 2;
        Value(word << 2);
      }
      at_.t = After(1);
      t[done] = at_.t;
      v[done] = std::bit_cast<double>(at_.v);
      ++done;
    }
  }

  const DecodeState& at() const { return at_; }

 private:
  Millis After(std::size_t steps) const {
    return static_cast<Millis>(static_cast<std::uint64_t>(at_.t) + steps * at_.step);
  }

  /// So many samples with the same step and the same value.
  [[gnu::always_inline]] void Repeat(std::size_t count, Millis* t, double* v) {
    const double value = std::bit_cast<double>(at_.v);
    for (std::size_t i = 0; i < count; ++i) {
      t[i] = After(i + 1);
      v[i] = value;
    }
    at_.t = After(count);
    at_.bit += static_cast<std::uint32_t>(count);
  }

  /// Another step, and perhaps another value. `word` is what follows the leading 11.
  [[gnu::always_inline]] void Step(std::uint64_t word) {
    unsigned used = 0;  // Of `word`.
    if (!TopBit(word)) {
      at_.step += TopSigned(word << 1, 7);
      used = 1 + 7;
    } else if (!TopBit(word << 1)) {
      at_.step += TopSigned(word << 2, 12);
      used = 2 + 12;
    } else if (!TopBit(word << 2)) {
      at_.step += TopSigned(word << 3, 20);
      used = 3 + 20;
    } else {
      at_.step += Read(data_, at_.bit + kWideStepPrefixWidth, 64);
      at_.bit += kWideStepPrefixWidth + 64;
      word = Peek(data_, at_.bit);
    }
    word <<= used;
    at_.bit += used == 0 ? 1 : 2 + used + 1;
    if (TopBit(word)) Value(word << 1);
  }

  /// The difference in value, at at_.bit. `word` is the data from there on: not all of it, but the
  /// longest header.
  [[gnu::always_inline]] void Value(std::uint64_t word) {
    if (TopBit(word)) {
      at_.leading = static_cast<std::uint8_t>(word >> 58 & 31);
      at_.length = static_cast<std::uint8_t>((word >> 52 & 63) + 1);
      at_.bit += kNewWindowWidth;
    } else {
      ++at_.bit;
    }
    const unsigned trailing = 64U - at_.leading - at_.length;
    at_.v ^= Read(data_, at_.bit, at_.length) << trailing;
    at_.bit += at_.length;
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
  DecodeState state = {.t = first_t_, .v = first_v_};
  DecodeSamples(bytes(), state, count_ - 1U, t + 1, v + 1);
}

std::size_t Chunk::MemoryBytes() const {
  return sizeof(Chunk) + size_ + kChunkPadding + kAllocation;
}

bool ChunkWriter::full() const {
  return at_.count >= Chunk::kMostSamples || at_.bit >= kMostBits;
}

std::size_t ChunkWriter::Append(std::span<const Sample> samples) {
  // Copies, so that the compiler keeps them in registers.
  DecodeState at = at_;
  std::uint64_t pending = pending_;
  const auto put = [&](Bits bits) {
    const unsigned room = 64 - (at.bit & 63);
    at.bit += bits.width;
    if (bits.width < room) {
      pending |= bits.value << (room - bits.width);
      return;
    }
    const unsigned rest = bits.width - room;
    const std::size_t word = (at.bit - rest) / 64 - 1;
    if (word == capacity_) Grow();
    words_[word] = __builtin_bswap64(pending | bits.value >> rest);
    pending = rest == 0 ? 0 : bits.value << (64 - rest);
  };
  std::size_t taken = 0;
  for (; taken < samples.size() && at.count < Chunk::kMostSamples && at.bit < kMostBits; ++taken) {
    const Sample sample = samples[taken];
    const auto value = std::bit_cast<std::uint64_t>(sample.v);
    has_stale_ = has_stale_ || value == kStaleNanBits;
    if (at.count++ == 0) {
      first_t_ = at.t = sample.t;
      first_v_ = at.v = value;
      continue;
    }
    assert(sample.t > at.t);
    const std::uint64_t step =
        static_cast<std::uint64_t>(sample.t) - static_cast<std::uint64_t>(at.t);
    const std::uint64_t difference = value ^ at.v;
    Bits bits = EncodeStep(step - at.step, difference != 0, put);
    if (difference != 0) bits = EncodeValue(difference, at, bits, put);
    put(bits);
    at.t = sample.t;
    at.step = step;
    at.v = value;
    if (at.count % kCheckpointEvery == 0) {
      std::shift_left(checkpoints_.begin(), checkpoints_.end(), 1);
      checkpoints_.back() = at;
    }
  }
  at_ = at;
  pending_ = pending;
  return taken;
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
  chunk->count_ = at_.count;
  chunk->has_stale_ = has_stale_;
  chunk->first_t_ = first_t_;
  chunk->last_t_ = at_.t;
  chunk->first_v_ = first_v_;
  const std::size_t whole = std::size_t{at_.bit} / 64 * 8;
  if (whole != 0) std::memcpy(chunk->bytes(), words_.get(), whole);
  const std::uint64_t last = __builtin_bswap64(pending_);
  std::memcpy(chunk->bytes() + whole, &last, size - whole);
  *this = ChunkWriter();
  return chunk;
}

void ChunkWriter::CopyTo(Millis after, Copy& copy) const {
  copy.state = {.t = first_t_, .v = first_v_, .count = 1};
  copy.first = true;
  for (const DecodeState& checkpoint : checkpoints_) {
    if (checkpoint.count == 0 || checkpoint.t > after) continue;
    copy.state = checkpoint;
    copy.first = false;
  }
  copy.count = at_.count - copy.state.count;
  const std::size_t begin = copy.state.bit / 64;
  const std::size_t end = at_.bit / 64;
  copy.state.bit %= 64;
  std::copy(words_.get() + begin, words_.get() + end, copy.words);
  copy.words[end - begin] = __builtin_bswap64(pending_);
  copy.words[end - begin + 1] = 0;
}

std::size_t ChunkWriter::MemoryBytes() const {
  return capacity_ == 0 ? 0 : capacity_ * sizeof(std::uint64_t) + kAllocation;
}

}  // namespace tocsin
