#include "rules/storage/history_encoder.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "rules/storage/history_frame.h"
#include "rules/storage/history_record.h"
#include "rules/storage/varint.h"

namespace tocsin {
namespace {

constexpr std::size_t kBytesPerRestart = 16;  // Times what a restart costs.
constexpr std::uint32_t kTaken = std::numeric_limits<std::uint32_t>::max();

/// The texts of a record's labels, each once.
class Dictionary {
 public:
  std::size_t NumberOf(const Symbol& symbol) {
    const auto [place, is_new] = numbers_.try_emplace(symbol, texts_.size());
    if (is_new) texts_.push_back(symbol.text());
    return place->second;
  }

  void AppendTo(std::string& out) const {
    AppendVarint(out, texts_.size());
    for (const std::string_view text : texts_) {
      AppendVarint(out, text.size());
      out.append(text);
    }
  }

 private:
  std::unordered_map<Symbol, std::size_t> numbers_;
  std::vector<std::string_view> texts_;
};

std::uint64_t Difference(Millis a, Millis b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

void AppendTimes(std::string& out, std::span<const HistoryEncoder::Appended> batch) {
  Millis previous = batch.front().sample.t;
  for (const auto& appended : batch) {
    AppendVarint(out, ZigZag(Difference(appended.sample.t, previous)));
    previous = appended.sample.t;
  }
}

/// Writes the control byte and the bytes of `changed`, which is not 0, and a few bytes more that
/// the next value overwrites. Returns the end.
char* PutChanged(char* out, std::uint64_t changed) {
  const auto low = static_cast<unsigned>(std::countr_zero(changed)) / 8;
  const auto high = static_cast<unsigned>(std::countl_zero(changed)) / 8;
  const unsigned size = 8 - low - high;
  *out++ = static_cast<char>((size - 1) | (low << kControlBits));
  changed >>= 8 * low;
  std::memcpy(out, &changed, sizeof changed);
  return out + size;
}

/// The series of a batch by their numbers, as runs of consecutive ones.
class Runs {
 public:
  void Add(std::uint64_t number) {
    if (number != end_) {
      Write();
      begin_ = number;
    }
    end_ = number + 1;
  }

  /// How many runs, and for each where it begins, from the end of the one before, and its length.
  void AppendTo(std::string& out) {
    Write();
    AppendVarint(out, count_);
    out.append(written_);
  }

 private:
  void Write() {
    if (begin_ == end_) return;
    AppendVarint(written_, ZigZag(begin_ - written_end_));
    AppendVarint(written_, end_ - begin_);
    written_end_ = end_;
    ++count_;
  }

  std::string written_;
  std::size_t count_ = 0;
  std::uint64_t written_end_ = 0;  ///< Where the last run that is written ends.
  std::uint64_t begin_ = 0;        ///< The run at hand.
  std::uint64_t end_ = 0;
};

/// The values of a batch in `memory`: a bit for each sample, whether its value has changed; then
/// the changed ones.
class Values {
 public:
  Values(std::vector<char>& memory, std::size_t samples) : memory_(memory) {
    const std::size_t bitmap = (samples + 7) / 8;
    const std::size_t most = bitmap + samples * (1 + sizeof(std::uint64_t));
    if (memory.size() < most) memory.resize(most);
    std::fill_n(memory.begin(), bitmap, '\0');
    end_ = memory.data() + bitmap;
  }

  /// The value of the sample `index` has changed by `changed`, which is not 0.
  void Add(std::size_t index, std::uint64_t changed) {
    memory_[index / 8] = static_cast<char>(memory_[index / 8] | (1 << (index % 8)));
    end_ = PutChanged(end_, changed);
  }

  std::string_view bytes() const {
    return {memory_.data(), static_cast<std::size_t>(end_ - memory_.data())};
  }

 private:
  std::vector<char>& memory_;
  char* end_ = nullptr;
};

}  // namespace

void HistoryEncoder::Start() {
  pages_.clear();
  last_page_ = nullptr;
  resumed_ = Resumed();
  series_ = 0;
  segment_bytes_ = 0;
  label_bytes_ = 0;
  bytes_since_restart_ = 0;
}

void HistoryEncoder::Resume(SegmentState state, std::size_t bytes) {
  assert(state.labels.size() == state.previous.size());
  Start();
  series_ = static_cast<std::uint32_t>(state.labels.size());
  segment_bytes_ = bytes;
  label_bytes_ = state.label_bytes;
  resumed_ = Resumed(std::move(state));
}

HistoryEncoder::Resumed::Resumed(SegmentState state)
    : labels_(std::move(state.labels)),
      previous_(std::move(state.previous)),
      table_(std::bit_ceil(2 * labels_.size() + 1)),
      left_(labels_.size()) {
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t number = 0; number < labels_.size(); ++number) {
    std::size_t at = labels_[number].hash() & mask;
    while (table_[at] != 0) at = (at + 1) & mask;
    table_[at] = number + 1;
  }
}

std::optional<HistoryEncoder::Slot> HistoryEncoder::Resumed::Take(const Labels& labels) {
  if (empty()) return std::nullopt;
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = labels.hash() & mask; table_[at] != 0; at = (at + 1) & mask) {
    const std::uint32_t number_plus_one = table_[at];
    if (number_plus_one == kTaken || labels_[number_plus_one - 1] != labels) continue;
    table_[at] = kTaken;
    const Slot slot{previous_[number_plus_one - 1], number_plus_one};
    if (--left_ == 0) *this = Resumed();
    return slot;
  }
  return std::nullopt;
}

void HistoryEncoder::Resumed::Restart() {
  std::fill(previous_.begin(), previous_.end(), 0);
}

HistoryEncoder::Slot& HistoryEncoder::SlotOf(std::uint64_t series_id) {
  const std::uint64_t page_id = series_id / kPageSlots;
  if (last_page_ == nullptr || page_id != last_page_id_) {
    std::unique_ptr<Page>& page = pages_[page_id];
    if (page == nullptr) page = std::make_unique<Page>();
    last_page_ = page.get();
    last_page_id_ = page_id;
  }
  return (*last_page_)[series_id % kPageSlots];
}

void HistoryEncoder::Introduce(Slot& slot, const Labels& labels) {
  if (const std::optional<Slot> resumed = resumed_.Take(labels)) {
    slot = *resumed;
    return;
  }
  slot.number_plus_one = ++series_;
  new_series_.push_back(&labels);
}

void HistoryEncoder::Restart() {
  for (auto& [id, page] : pages_) {
    for (Slot& slot : *page) slot.previous = 0;
  }
  resumed_.Restart();
  bytes_since_restart_ = 0;
}

std::string HistoryEncoder::Encode(std::span<const Appended> batch) {
  const bool restarts = bytes_since_restart_ > kBytesPerRestart * sizeof(double) * series_;
  if (restarts) Restart();
  new_series_.clear();
  Runs runs;
  Values values(values_, batch.size());
  const Millis first_time = batch.front().sample.t;
  bool one_time = true;
  for (std::size_t i = 0; i < batch.size(); ++i) {  // Once, since there may be many.
    const Appended& appended = batch[i];
    Slot& slot = SlotOf(appended.series_id);
    if (slot.number_plus_one == 0) Introduce(slot, *appended.labels);
    runs.Add(slot.number_plus_one - std::uint64_t{1});
    const auto bits = std::bit_cast<std::uint64_t>(appended.sample.v);
    const std::uint64_t changed = bits ^ std::exchange(slot.previous, bits);
    if (changed != 0) values.Add(i, changed);
    one_time = one_time && appended.sample.t == first_time;
  }

  std::string frame(kFrameHeader, '\0');
  AppendVarint(frame, (restarts ? kRestartFlag : 0) | (one_time ? 0 : kOwnTimesFlag));
  AppendVarint(frame, ZigZag(Difference(first_time, 0)));
  const std::size_t before_labels = frame.size();
  AppendNewSeries(frame);
  label_bytes_ += frame.size() - before_labels;
  runs.AppendTo(frame);
  if (!one_time) AppendTimes(frame, batch);
  frame.append(values.bytes());
  SealFrame(frame);
  segment_bytes_ += frame.size();
  bytes_since_restart_ += frame.size();
  return frame;
}

// How many; then, if there are any, the number of the first, the texts of their labels, and for
// each how many labels it has and the numbers of their texts.
void HistoryEncoder::AppendNewSeries(std::string& out) const {
  AppendVarint(out, new_series_.size());
  if (new_series_.empty()) return;
  AppendVarint(out, series_ - new_series_.size());
  Dictionary dictionary;
  std::string numbers;
  for (const Labels* const labels : new_series_) {
    AppendVarint(numbers, labels->size());
    for (const Label& label : *labels) {
      AppendVarint(numbers, dictionary.NumberOf(label.name));
      AppendVarint(numbers, dictionary.NumberOf(label.value));
    }
  }
  dictionary.AppendTo(out);
  out.append(numbers);
}

}  // namespace tocsin
