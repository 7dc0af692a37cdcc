#include "rules/storage/history.h"

#include <algorithm>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "base/allocator.h"
#include "rules/storage/history_reader.h"
#include "rules/storage/series_memory.h"

namespace tocsin {
namespace {

/// A retention is made of about so many segments: the more, the less of what is too old stays on
/// disk, and the more often labels are written again.
constexpr Millis kSegmentsPerRetention = 8;
constexpr Millis kShortestSegment = 60'000;
constexpr std::size_t kBytesPerLabelByte = 8;
/// Whatever their labels take, segments stay well below what HistoryFolder reads.
constexpr std::size_t kMostSegmentBytes = std::size_t{512} << 20;

/// Of the heap, for each byte that is loaded, and at most: mostly labels.
constexpr std::size_t kHeapPerByte = 8;
constexpr std::size_t kMostHeap = std::size_t{256} << 20;

constexpr Millis kUnknown = std::numeric_limits<Millis>::min();

Millis NewestIn(std::span<const AppendObserver::Appended> batch) {
  Millis newest = batch.front().sample.t;
  for (const auto& appended : batch) newest = std::max(newest, appended.sample.t);
  return newest;
}

void LogLoaded(const History::Stats& stats, const std::filesystem::path& folder, const Log& log) {
  const ReplayCounts& counts = stats.loaded;
  log.Info("history loaded", {{"folder", folder.string()},
                              {"segments", std::to_string(stats.loaded_segments)},
                              {"samples", std::to_string(counts.samples)},
                              {"refused_samples", std::to_string(counts.refused_samples)},
                              {"torn_bytes", std::to_string(counts.torn_bytes)},
                              {"milliseconds", std::to_string(stats.load_time.count())}});
  if (!counts.IsDamaged()) return;
  log.Warn("history is damaged, what is readable was kept",
           {{"lost_records", std::to_string(counts.lost_records)},
            {"lost_samples", std::to_string(counts.lost_samples)},
            {"damaged_bytes", std::to_string(counts.damaged_bytes)}});
}

/// Puts one segment into `store`. What cannot be read counts as damaged.
ReplayedSegment LoadSegment(const HistoryFolder& folder, const HistoryFolder::Segment& segment,
                            SampleStore& store) {
  const Result<SegmentBytes> bytes = folder.Read(segment.number);
  ReplayedSegment replayed;
  if (bytes) replayed = ReplaySegment(bytes->view(), store);
  replayed.counts.damaged_bytes += bytes ? bytes->unreadable : segment.bytes;
  store.Truncate();  // So that what is too old leaves room for what is not.
  return replayed;
}

}  // namespace

/// What the folder held, and where to go on.
struct History::Loaded {
  Stats stats;
  std::vector<HistoryWriter::Segment> segments;
  std::shared_ptr<SegmentFile> current;  ///< The last of `segments`; null if it cannot go on.
  ReplayedSegment last;
};

Result<std::unique_ptr<History>> History::Open(const std::filesystem::path& folder,
                                               Settings settings, SampleStore& store,
                                               const Clock& clock, const Log& log) {
  Result<HistoryFolder> opened = HistoryFolder::Open(folder);
  if (!opened) return opened.error().Within("opening the history");
  const auto segments = opened->List();
  if (!segments) return segments.error().Within("opening the history");
  const SteadyPoint before = clock.SteadyNow();
  Loaded loaded = Load(*opened, *segments, store);
  loaded.stats.load_time = clock.SteadyNow() - before;
  LogLoaded(loaded.stats, folder, log);
  std::unique_ptr<History> history(
      new History(std::move(*opened), std::move(loaded), settings, store, clock, log));
  store.SetObserver(history.get());
  return history;
}

History::Loaded History::Load(const HistoryFolder& folder,
                              std::span<const HistoryFolder::Segment> segments,
                              SampleStore& store) {
  Loaded loaded;
  std::optional<Millis> newest;
  std::jthread clearing;
  std::optional<HugeHeap> heap;
  std::size_t bytes = 0;
  for (const HistoryFolder::Segment& segment : segments) bytes += segment.bytes;
  if (bytes >= HistoryReader::kLarge) {
    clearing = ClearSeriesMemoryAhead();
    heap.emplace(std::min(bytes * kHeapPerByte, kMostHeap));
  }
  for (const HistoryFolder::Segment& segment : segments) {
    loaded.last = LoadSegment(folder, segment, store);
    loaded.stats.loaded += loaded.last.counts;
    newest = std::max(newest, loaded.last.newest);
    loaded.segments.push_back({segment.number, segment.bytes, newest.value_or(kUnknown)});
  }
  loaded.stats.loaded_segments = segments.size();
  // What nothing can be read of goes when the rest has become too old.
  for (HistoryWriter::Segment& segment : loaded.segments) {
    if (segment.newest == kUnknown) segment.newest = newest.value_or(0);
  }
  if (!loaded.last.newest || loaded.last.counts.IsDamaged()) return loaded;
  auto current = folder.Resume(segments.back().number, loaded.last.intact_bytes);
  if (!current) return loaded;
  loaded.current = std::move(*current);
  loaded.segments.back().bytes = loaded.last.intact_bytes;
  return loaded;
}

History::History(HistoryFolder folder, Loaded loaded, const Settings& settings, SampleStore& store,
                 const Clock& clock, const Log& log)
    : segment_bytes_(settings.segment_bytes),
      store_(store),
      loaded_(loaded.stats),
      retention_(settings.writer.retention),
      segment_begins_(loaded.current ? loaded.last.begins : std::nullopt),
      writer_(std::move(folder), std::move(loaded.segments), loaded.current, settings.writer, clock,
              log) {
  if (loaded.current) encoder_.Resume(std::move(loaded.last.state), loaded.last.intact_bytes);
}

History::~History() {
  store_.SetObserver(nullptr);
}

void History::OnAppend(std::span<const Appended> batch) {
  if (batch.empty()) return;
  const HistoryWriter::Admission admission = writer_.Admit(batch.size());
  if (admission == HistoryWriter::Admission::kRefused) return;
  const Millis newest = NewestIn(batch);
  const bool begins_segment =
      admission == HistoryWriter::Admission::kNewSegment || MustBeginSegment(newest);
  if (begins_segment) {
    encoder_.Start();
    segment_begins_ = newest;
  }
  writer_.Push({encoder_.Encode(batch), batch.size(), newest, begins_segment});
}

// By time so that what is too old can go; by size so that a damaged or lost file is not everything.
// Times of batches may alternate between now and long ago, and only steps ahead of the segment's
// first batch count, or such batches would each begin a segment.
bool History::MustBeginSegment(Millis newest) const {
  if (!segment_begins_) return true;
  const std::size_t most_bytes =
      std::clamp(kBytesPerLabelByte * encoder_.label_bytes(), segment_bytes_,
                 std::max(segment_bytes_, kMostSegmentBytes));
  if (encoder_.segment_bytes() > most_bytes) return true;
  const Millis retention = retention_.load(std::memory_order_relaxed);
  const Millis longest = std::max(retention / kSegmentsPerRetention, kShortestSegment);
  return retention > 0 && IsMoreThanAfter(longest, *segment_begins_, newest);
}

void History::SetRetention(Millis retention) {
  retention_.store(retention, std::memory_order_relaxed);
  writer_.SetRetention(retention);
}

History::Stats History::stats() const {
  Stats stats = loaded_;
  stats.writer = writer_.stats();
  return stats;
}

}  // namespace tocsin
