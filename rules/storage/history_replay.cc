#include "rules/storage/history_replay.h"

#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "rules/storage/history_frame.h"

namespace tocsin {
namespace {

/// Appends decoded batches to a store. Collections append the same series again and again, and so
/// the lists of series that come again are looked up in the store once, and many of their batches
/// are appended together.
class BatchAppender {
 public:
  BatchAppender(const HistoryDecoder& decoder, SampleStore& store)
      : decoder_(decoder), store_(store) {}

  /// Takes the values of `batch`.
  void Append(HistoryBatch& batch) {
    const bool has_one_time = batch.times.empty();
    Layout* const layout = has_one_time ? FindLayout(batch) : nullptr;
    if (layout == nullptr) {
      AppendSingly(batch);
      return;
    }
    if (layout->rows.empty()) FlushIfClaimed(batch.series);
    layout->rows.push_back({batch.t, std::move(batch.values)});
    batch.values.clear();
    if (layout->refs.empty()) {
      // Now, while the labels that were just read are in the cache.
      AppendRows(*layout);
      return;
    }
    if (layout->rows.size() == 1) Claim(batch.series);
    waiting_samples_ += batch.series.size();
    if (waiting_samples_ >= kMostWaiting) Flush();
  }

  /// What became of all samples that were known by their labels.
  AppendCounts Finish() {
    Flush();
    return counts_;
  }
  /// Of series whose labels are not known.
  std::uint64_t lost_samples() const { return lost_samples_; }

 private:
  /// 16 MiB of values: several batches of as many series as are usual.
  static constexpr std::size_t kMostWaiting = std::size_t{2} << 20;

  struct Layout {
    std::vector<Labels> labels;
    std::vector<SeriesRef> refs;
    std::vector<SampleStore::Row> rows;  ///< Not appended yet.
  };

  /// Null if one of the series is not known.
  Layout* FindLayout(const HistoryBatch& batch) {
    const auto found = layouts_.find(std::string(batch.layout));
    if (found != layouts_.end()) return &found->second;
    Layout layout;
    layout.labels.reserve(batch.series.size());
    for (const std::uint32_t series : batch.series) {
      if (!decoder_.Knows(series)) return nullptr;
      layout.labels.push_back(decoder_.labels(series));
    }
    ForgetLayoutsFor(batch.series.size());
    return &layouts_.emplace(batch.layout, std::move(layout)).first->second;
  }

  // Lists that never come again must not fill the memory.
  void ForgetLayoutsFor(std::size_t series) {
    constexpr std::size_t kListsPerSeries = 8;
    constexpr std::size_t kFewSeries = 100'000;
    layout_series_ += series;
    if (layout_series_ <= kListsPerSeries * std::max(decoder_.series(), kFewSeries)) return;
    Flush();
    layouts_.clear();
    layout_series_ = series;
  }

  /// A series that has rows waiting in another list gets them first: its samples stay in order.
  void FlushIfClaimed(std::span<const std::uint32_t> series) {
    claims_.resize(decoder_.series());
    const auto is_claimed = [&](std::uint32_t number) { return claims_[number] == flushes_; };
    if (std::any_of(series.begin(), series.end(), is_claimed)) Flush();
  }

  void Claim(std::span<const std::uint32_t> series) {
    for (const std::uint32_t number : series) claims_[number] = flushes_;
  }

  void Flush() {
    for (auto& [name, layout] : layouts_) {
      if (!layout.rows.empty()) AppendRows(layout);
    }
    waiting_samples_ = 0;
    ++flushes_;
  }

  void AppendRows(Layout& layout) {
    counts_ += store_.Append(layout.labels, layout.refs, layout.rows);
    layout.rows = {};
  }

  void AppendSingly(const HistoryBatch& batch) {
    Flush();
    entries_.clear();
    for (std::size_t i = 0; i < batch.series.size(); ++i) {
      const std::uint32_t series = batch.series[i];
      if (!decoder_.Knows(series)) {
        ++lost_samples_;
        continue;
      }
      entries_.push_back({decoder_.labels(series), {batch.TimeOf(i), batch.values[i]}});
    }
    counts_ += store_.Append(entries_);
  }

  const HistoryDecoder& decoder_;
  SampleStore& store_;
  std::unordered_map<std::string, Layout> layouts_;
  std::size_t layout_series_ = 0;
  std::size_t waiting_samples_ = 0;
  std::uint64_t flushes_ = 1;
  std::vector<std::uint64_t> claims_;  ///< By series: before which flush it has rows waiting.
  std::vector<SampleStore::Entry> entries_;
  AppendCounts counts_;
  std::uint64_t lost_samples_ = 0;
};

void NoteTimes(const HistoryBatch& batch, ReplayedSegment& segment) {
  Millis newest = batch.t;
  for (const Millis t : batch.times) newest = std::max(newest, t);
  if (!segment.begins) segment.begins = newest;
  segment.newest = std::max(segment.newest.value_or(newest), newest);
}

}  // namespace

ReplayCounts& ReplayCounts::operator+=(const ReplayCounts& other) {
  samples += other.samples;
  refused_samples += other.refused_samples;
  lost_samples += other.lost_samples;
  lost_records += other.lost_records;
  damaged_bytes += other.damaged_bytes;
  torn_bytes += other.torn_bytes;
  return *this;
}

ReplayedSegment ReplaySegment(std::string_view segment, SampleStore& store) {
  ReplayedSegment replayed;
  ReplayCounts& counts = replayed.counts;
  FrameReader frames(segment);
  HistoryDecoder decoder(segment.size());
  BatchAppender appender(decoder, store);
  HistoryBatch batch;
  while (const std::optional<std::string_view> payload = frames.Next()) {
    if (decoder.Decode(*payload, frames.after_damage(), batch) != HistoryDecoder::Outcome::kRead) {
      ++counts.lost_records;
      continue;
    }
    NoteTimes(batch, replayed);
    appender.Append(batch);
  }
  const AppendCounts appended = appender.Finish();
  counts.samples = appended.appended;
  counts.refused_samples = appended.refused();
  counts.lost_samples = appender.lost_samples();
  counts.lost_records += frames.damages();
  counts.damaged_bytes = frames.damaged_bytes();
  counts.torn_bytes = segment.size() - frames.intact_end();
  replayed.intact_bytes = frames.intact_end();
  replayed.state = decoder.TakeState();
  return replayed;
}

}  // namespace tocsin
