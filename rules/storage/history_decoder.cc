#include "rules/storage/history_decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "rules/storage/history_record.h"

namespace tocsin {
namespace {

constexpr std::size_t kValueBytes = sizeof(std::uint64_t);

Millis Later(Millis t, std::uint64_t difference) {
  return static_cast<Millis>(static_cast<std::uint64_t>(t) + difference);
}

std::vector<Symbol> ReadDictionary(ByteReader& in) {
  std::vector<Symbol> symbols(in.Count());
  for (Symbol& symbol : symbols) symbol = Symbol(in.Bytes(in.Count()));
  return symbols;
}

/// The labels of one series; the reader fails if they name a text that is not there.
bool ReadLabels(ByteReader& in, const std::vector<Symbol>& symbols, LabelsBuilder& labels) {
  const std::size_t count = in.Count();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t name = in.Varint();
    const std::uint64_t value = in.Varint();
    if (!in.ok() || name >= symbols.size() || value >= symbols.size()) return false;
    labels.Set(symbols[name], symbols[value]);
  }
  return in.ok();
}

/// The XOR that a control byte and the bytes behind it stand for; moves `at` behind them. Fails
/// with 0 if they are cut off or malformed: a value that has not changed is never written.
std::uint64_t ReadChanged(std::string_view bytes, std::size_t& at) {
  if (at >= bytes.size()) return 0;
  const auto control = static_cast<unsigned char>(bytes[at++]);
  const unsigned size = (control & kControlMask) + 1;
  const unsigned low = control >> kControlBits;
  if (low + size > kValueBytes || size > bytes.size() - at) return 0;
  std::uint64_t changed = 0;
  if (bytes.size() - at >= kValueBytes) {
    // Eight bytes at once and a mask are several times faster than as many as there are.
    std::memcpy(&changed, bytes.data() + at, kValueBytes);
    changed &= ~std::uint64_t{0} >> (8 * (kValueBytes - size));
  } else {
    std::memcpy(&changed, bytes.data() + at, size);
  }
  at += size;
  return changed << (8 * low);
}

}  // namespace

void HistoryDecoder::NoteDamage() {
  awaits_restart_ = true;
  has_gap_ = true;
}

HistoryDecoder::Outcome HistoryDecoder::Decode(std::string_view payload, bool after_damage,
                                               HistoryBatch& batch) {
  ByteReader in(payload);
  const std::uint64_t flags = in.Varint();
  if (after_damage) NoteDamage();
  batch.series.clear();
  batch.t = Later(0, UnZigZag(in.Varint()));
  if (!ReadNewSeries(in, batch)) {
    NoteDamage();
    return Outcome::kDamaged;
  }
  if ((flags & kRestartFlag) != 0) {
    awaits_restart_ = false;
    std::fill(previous_.begin(), previous_.end(), 0);
  }
  if (awaits_restart_) return Outcome::kSkipped;
  batch.times.clear();
  bool good = ReadRuns(in, batch);
  if (good && (flags & kOwnTimesFlag) != 0) ReadTimes(in, batch);
  good = good && in.ok() && ReadValues(in, batch);
  if (good) return Outcome::kRead;
  batch.series.clear();
  NoteDamage();  // Some values may have been taken in.
  return Outcome::kDamaged;
}

// A record that introduces series can be lost, and then the numbers of the next ones leave a gap.
bool HistoryDecoder::ReadNewSeries(ByteReader& in, HistoryBatch& batch) {
  batch.introduced.clear();
  const std::size_t before = in.left();
  const std::size_t count = in.Count();
  if (count == 0) return in.ok();
  const std::uint64_t first = in.Varint();
  const bool fits = first == series() || (has_gap_ && first > series() && first < most_series_);
  if (!in.ok() || !fits) return false;
  const std::vector<Symbol> symbols = ReadDictionary(in);
  std::vector<Labels> introduced;
  introduced.reserve(count);
  LabelsBuilder labels;
  for (std::size_t i = 0; i < count; ++i) {
    if (!ReadLabels(in, symbols, labels)) return false;
    introduced.push_back(labels.Build());
  }
  batch.first_introduced = static_cast<std::uint32_t>(first);
  batch.introduced = std::move(introduced);
  previous_.resize(first + count);
  label_bytes_ += before - in.left();
  return true;
}

bool HistoryDecoder::ReadRuns(ByteReader& in, HistoryBatch& batch) const {
  const char* const layout = in.position();
  const std::size_t runs = in.Count();
  // Each sample has a bit of its own further on.
  const std::size_t most_samples = in.left() * 8;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    number += UnZigZag(in.Varint());
    const std::uint64_t length = in.Varint();
    if (!in.ok() || number >= series() || length > series() - number) return false;
    if (length > most_samples - batch.series.size()) return false;
    const std::size_t at = batch.series.size();
    batch.series.resize(at + length);
    std::iota(batch.series.begin() + static_cast<std::ptrdiff_t>(at), batch.series.end(),
              static_cast<std::uint32_t>(number));
    number += length;
  }
  batch.layout = {layout, static_cast<std::size_t>(in.position() - layout)};
  return in.ok();
}

void HistoryDecoder::ReadTimes(ByteReader& in, HistoryBatch& batch) {
  batch.times.resize(batch.series.size());
  Millis previous = batch.t;
  for (Millis& t : batch.times) t = previous = Later(previous, UnZigZag(in.Varint()));
}

bool HistoryDecoder::ReadValues(ByteReader& in, HistoryBatch& batch) {
  const std::size_t count = batch.series.size();
  const std::string_view bitmap = in.Bytes((count + 7) / 8);
  const std::string_view changes = in.Bytes(in.left());
  if (!in.ok()) return false;
  batch.values.resize(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t& previous = previous_[batch.series[i]];
    if ((static_cast<unsigned>(static_cast<unsigned char>(bitmap[i / 8])) >> (i % 8) & 1U) != 0) {
      const std::uint64_t changed = ReadChanged(changes, at);
      if (changed == 0) return false;
      previous ^= changed;
    }
    batch.values[i] = std::bit_cast<double>(previous);
  }
  return at == changes.size();
}

}  // namespace tocsin
