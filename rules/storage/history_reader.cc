#include "rules/storage/history_reader.h"

#include <iterator>
#include <system_error>
#include <utility>

namespace tocsin {
namespace {

/// Records are handed over when they have so many samples and series: each time one thread may wake
/// the other.
constexpr std::size_t kHandedOver = std::size_t{8} << 10;

/// What a record is to whoever waits for room: series count like samples.
std::size_t SizeOf(const HistoryBatch& batch) {
  return batch.series.size() + batch.introduced.size();
}

std::size_t SizeOf(const std::vector<HistoryBatch>& batches) {
  std::size_t size = 0;
  for (const HistoryBatch& batch : batches) size += SizeOf(batch);
  return size;
}

}  // namespace

HistoryReader::HistoryReader(std::string_view segment)
    : frames_(segment), decoder_(segment.size()) {
  if (segment.size() < kLarge) return;
  try {
    reading_ = std::jthread([this](const std::stop_token& stop) { ReadAhead(stop); });
  } catch (const std::system_error&) {  // No thread to be had: then who takes a record reads it.
  }
}

std::optional<HistoryBatch> HistoryReader::Next() {
  if (!reading_.joinable()) return Read();
  if (next_ == taken_.size() && !TakeOver()) return std::nullopt;
  return std::move(taken_[next_++]);
}

std::optional<HistoryBatch> HistoryReader::Read() {
  while (const std::optional<std::string_view> payload = frames_.Next()) {
    HistoryBatch batch;
    const auto outcome = decoder_.Decode(*payload, frames_.after_damage(), batch);
    if (outcome != HistoryDecoder::Outcome::kRead) ++lost_records_;
    if (!batch.series.empty() || !batch.introduced.empty()) return batch;
  }
  return std::nullopt;
}

void HistoryReader::ReadAhead(const std::stop_token& stop) {
  Batches batches;
  std::size_t size = 0;
  while (std::optional<HistoryBatch> batch = Read()) {
    size += SizeOf(*batch);
    batches.push_back(std::move(*batch));
    if (size < kHandedOver) continue;
    if (!HandOver(batches, stop)) return;
    size = 0;
  }
  HandOver(batches, stop);
  const MutexLock lock(mutex_);
  is_at_end_ = true;
  changed_.notify_all();
}

/// Waits until there is room. False if nobody wants any more.
bool HistoryReader::HandOver(Batches& batches, const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  const auto has_room = [&]() TOCSIN_REQUIRES(mutex_) { return ready_size_ < kMostAhead; };
  if (!changed_.wait(mutex_, stop, has_room)) return false;
  ready_size_ += SizeOf(batches);
  std::move(batches.begin(), batches.end(), std::back_inserter(ready_));
  batches.clear();
  changed_.notify_all();
  return true;
}

/// Waits for records. False at the end.
bool HistoryReader::TakeOver() {
  taken_.clear();
  next_ = 0;
  const MutexLock lock(mutex_);
  while (ready_.empty() && !is_at_end_) changed_.wait(mutex_);
  std::swap(taken_, ready_);
  ready_size_ = 0;
  changed_.notify_all();
  return !taken_.empty();
}

}  // namespace tocsin
