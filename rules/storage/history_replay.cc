#include "rules/storage/history_replay.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "rules/storage/history_reader.h"

namespace tocsin {
namespace {

/// Appends decoded batches to a store. Collections append the same series again and again, and so
/// the lists of series that come again are looked up in the store once, and many of their batches
/// are appended together.
class BatchAppender {
 public:
  explicit BatchAppender(SampleStore& store) : store_(store) {}

  /// Takes the series and values of `batch`.
  void Append(HistoryBatch& batch) {
    Introduce(batch);
    if (batch.series.empty()) return;
    const bool has_one_time = batch.times.empty();
    Layout* const layout = has_one_time ? FindLayout(batch) : nullptr;
    if (layout == nullptr) {
      AppendSingly(batch);
      return;
    }
    if (layout->rows.empty()) FlushIfClaimed(layout->series);
    layout->rows.push_back({batch.t, std::move(batch.values)});
    if (layout->refs.empty()) {
      // Now, while the labels that were just read are in the cache.
      AppendRows(*layout);
      return;
    }
    if (layout->rows.size() == 1) Claim(layout->series);
    waiting_samples_ += layout->series.size();
    if (waiting_samples_ >= kMostWaiting) Flush();
  }

  /// What became of all samples that were known by their labels.
  AppendCounts Finish() {
    Flush();
    return counts_;
  }
  /// Of series whose labels are not known.
  std::uint64_t lost_samples() const { return lost_samples_; }
  /// By the number of the series.
  std::vector<Labels> TakeLabels() { return std::move(labels_); }

 private:
  /// 16 MiB of values: several batches of as many series as are usual.
  static constexpr std::size_t kMostWaiting = std::size_t{2} << 20;

  struct Layout {
    std::vector<std::uint32_t> series;
    std::vector<SeriesRef> refs;
    std::vector<SampleStore::Row> rows;  ///< Not appended yet.
  };

  void Introduce(HistoryBatch& batch) {
    if (batch.introduced.empty()) return;
    labels_.resize(batch.first_introduced);
    is_known_.resize(batch.first_introduced);
    std::move(batch.introduced.begin(), batch.introduced.end(), std::back_inserter(labels_));
    is_known_.resize(labels_.size(), true);
  }

  /// Null if one of the series is not known.
  Layout* FindLayout(HistoryBatch& batch) {
    const auto found = layouts_.find(batch.layout);
    if (found != layouts_.end()) return &found->second;
    const auto is_known = [&](std::uint32_t number) { return is_known_[number]; };
    if (!std::ranges::all_of(batch.series, is_known)) return nullptr;
    ForgetLayoutsFor(batch.series.size());
    Layout layout;
    layout.series = std::move(batch.series);
    return &layouts_.emplace(batch.layout, std::move(layout)).first->second;
  }

  // Lists that never come again must not fill the memory.
  void ForgetLayoutsFor(std::size_t series) {
    constexpr std::size_t kListsPerSeries = 8;
    constexpr std::size_t kFewSeries = 100'000;
    layout_series_ += series;
    if (layout_series_ <= kListsPerSeries * std::max(labels_.size(), kFewSeries)) return;
    Flush();
    layouts_.clear();
    layout_series_ = series;
  }

  /// A series that has rows waiting in another list gets them first: its samples stay in order.
  void FlushIfClaimed(std::span<const std::uint32_t> series) {
    claims_.resize(labels_.size());
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
    counts_ += store_.Append(LabelsOf(layout.series), layout.refs, layout.rows);
    layout.rows = {};
  }

  /// Mostly series come in the order in which they were introduced.
  std::span<const Labels> LabelsOf(const std::vector<std::uint32_t>& series) {
    const auto leaves_order = [](std::uint32_t a, std::uint32_t b) { return b != a + 1; };
    if (std::ranges::adjacent_find(series, leaves_order) == series.end()) {
      return std::span(labels_).subspan(series.front(), series.size());
    }
    gathered_.clear();
    for (const std::uint32_t number : series) gathered_.push_back(labels_[number]);
    return gathered_;
  }

  void AppendSingly(const HistoryBatch& batch) {
    Flush();
    entries_.clear();
    for (std::size_t i = 0; i < batch.series.size(); ++i) {
      const std::uint32_t series = batch.series[i];
      if (!is_known_[series]) {
        ++lost_samples_;
        continue;
      }
      entries_.push_back({labels_[series], {batch.TimeOf(i), batch.values[i]}});
    }
    counts_ += store_.Append(entries_);
  }

  SampleStore& store_;
  std::vector<Labels> labels_;  ///< By the number of the series.
  std::vector<bool> is_known_;  ///< The same.
  std::vector<Labels> gathered_;
  std::unordered_map<std::string_view, Layout> layouts_;  ///< By HistoryBatch::layout.
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
  HistoryReader reader(segment);
  BatchAppender appender(store);
  while (std::optional<HistoryBatch> batch = reader.Next()) {
    if (!batch->series.empty()) NoteTimes(*batch, replayed);
    appender.Append(*batch);
  }
  const AppendCounts appended = appender.Finish();
  const FrameReader& frames = reader.frames();
  ReplayCounts& counts = replayed.counts;
  counts.samples = appended.appended;
  counts.refused_samples = appended.refused();
  counts.lost_samples = appender.lost_samples();
  counts.lost_records = reader.lost_records() + frames.damages();
  counts.damaged_bytes = frames.damaged_bytes();
  counts.torn_bytes = segment.size() - frames.intact_end();
  replayed.intact_bytes = frames.intact_end();
  replayed.state = reader.decoder().TakeState(appender.TakeLabels());
  return replayed;
}

}  // namespace tocsin
