#include "rules/storage/sample_store.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <mutex>
#include <utility>

namespace tocsin {
namespace {

constexpr std::hash<std::string_view> kNameHash;

/// How many series ahead of the one that is appended to memory is asked for: of the series itself,
/// then of what each one before has made known.
constexpr std::size_t kPrefetch = 16;
constexpr std::size_t kPrefetchHead = 12;
constexpr std::size_t kPrefetchOpen = 8;
constexpr std::size_t kPrefetchWords = 4;

}  // namespace

/// What appending to the series after refs[i] will need. Some at the end go without.
inline void SampleStore::PrefetchAfter(std::size_t i, std::span<const SeriesRef> refs) {
  if (i + kPrefetch >= refs.size()) return;
  refs[i + kPrefetch].Prefetch();
  if (const Series* const series = refs[i + kPrefetchHead].series_.get()) series->PrefetchHead();
  if (const Series* const series = refs[i + kPrefetchOpen].series_.get()) series->PrefetchOpen();
  if (const Series* const series = refs[i + kPrefetchWords].series_.get()) series->PrefetchWords();
}

AppendCounts& AppendCounts::operator+=(const AppendCounts& other) {
  appended += other.appended;
  out_of_order += other.out_of_order;
  duplicate += other.duplicate;
  too_far_ahead += other.too_far_ahead;
  series_limit += other.series_limit;
  bytes_limit += other.bytes_limit;
  return *this;
}

struct SampleStore::Batch {
  std::uint64_t number = 0;
  Millis newest_allowed = 0;
  AppendCounts counts;
  std::unique_lock<std::shared_mutex> index_lock;  ///< Held, or not taken.
};

SampleStore::SampleStore(Settings settings)
    : settings_(settings), complete_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

SampleStore::~SampleStore() = default;

AppendCounts SampleStore::Append(std::span<const Entry> entries) {
  const MutexLock lock(appending_);
  Batch batch = Begin();
  for (const Entry& entry : entries) {
    if (entry.sample.t > batch.newest_allowed) {
      ++batch.counts.too_far_ahead;
      continue;
    }
    Series* series = FindOrAdd(entry.labels, 1, batch);
    if (series != nullptr) AppendTo(*series, entry.sample, batch);
  }
  return End(batch);
}

AppendCounts SampleStore::Append(std::span<const Labels> labels, std::vector<SeriesRef>& refs,
                                 Millis t, std::span<const double> values) {
  assert(labels.size() == values.size());
  const MutexLock lock(appending_);
  Batch batch = Begin();
  if (t > batch.newest_allowed) {
    batch.counts.too_far_ahead = labels.size();
    return End(batch);
  }
  refs.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    PrefetchAfter(i, refs);
    Series* series = Resolve(refs[i], labels[i], 1, batch);
    if (series != nullptr) AppendTo(*series, {t, values[i]}, batch);
  }
  return End(batch);
}

AppendCounts SampleStore::Append(std::span<const Labels> labels, std::vector<SeriesRef>& refs,
                                 std::span<const Row> rows) {
  const MutexLock lock(appending_);
  Batch batch = Begin();
  std::vector<const Row*> taken;
  for (const Row& row : rows) {
    assert(row.values.size() == labels.size());
    if (row.t <= batch.newest_allowed) {
      taken.push_back(&row);
    } else {
      batch.counts.too_far_ahead += labels.size();
    }
  }
  if (taken.empty()) return End(batch);
  std::vector<Sample> run(taken.size());
  batch.index_lock = std::unique_lock(index_mutex_);
  // Growing step by step would sort the same series in again and again.
  const std::size_t expected = std::min(labels.size(), settings_.max_series);
  if (expected > index_.size()) index_.Reserve(expected);
  refs.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i + kPrefetch < refs.size()) {
      refs[i + kPrefetch].Prefetch();
      if (!refs[i + kPrefetch]) index_.Prefetch(labels[i + kPrefetch]);
    }
    Series* series = Resolve(refs[i], labels[i], taken.size(), batch);
    if (series == nullptr) continue;
    for (std::size_t k = 0; k < run.size(); ++k) run[k] = {taken[k]->t, taken[k]->values[i]};
    AppendRun(*series, run, batch);
  }
  batch.index_lock = {};  // The observer may select.
  return End(batch);
}

inline Series* SampleStore::Resolve(SeriesRef& ref, const Labels& labels, std::size_t samples,
                                    Batch& batch) {
  Series* series = ref.series_.get();
  if (series != nullptr && !series->dropped()) return series;
  series = FindOrAdd(labels, samples, batch);
  ref = SeriesRef(series);
  return series;
}

SampleStore::Batch SampleStore::Begin() {
  observed_.clear();
  if (Bytes() >= settings_.max_bytes) MakeRoom();
  return {.number = complete_->load(std::memory_order_relaxed) + 1,
          .newest_allowed = NewestAllowed(),
          .counts = {},
          .index_lock = {}};
}

Millis SampleStore::NewestAllowed() const {
  if (settings_.clock == nullptr) return std::numeric_limits<Millis>::max();
  return (settings_.clock->Now() + kMostAhead).time_since_epoch().count();
}

AppendCounts SampleStore::End(Batch& batch) {
  if (observer_ != nullptr && !observed_.empty()) observer_->OnAppend(observed_);
  complete_->store(batch.number, std::memory_order_release);
  appends_ += batch.counts;
  PublishStats();
  return batch.counts;
}

Series* SampleStore::FindOrAdd(const Labels& labels, std::size_t samples, Batch& batch) {
  // Nobody else changes the index, so that finding in it needs no lock of its own.
  if (Series* found = index_.Find(labels); found != nullptr) return found;
  if (index_.size() >= settings_.max_series) {
    batch.counts.series_limit += samples;
    return nullptr;
  }
  if (Bytes() >= settings_.max_bytes) {
    batch.counts.bytes_limit += samples;
    return nullptr;
  }
  auto series = RefPtr<Series>::Adopt(new Series(labels, next_id_++));
  Series* added = series.get();
  usage_ += added->TotalUsage();
  {
    std::unique_lock lock(index_mutex_, std::defer_lock);
    if (!batch.index_lock) lock.lock();
    index_.Add(std::move(series));
  }
  GenerationOf(labels).fetch_add(1, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  return added;
}

/// That of the metric name. Series of one name mostly come together, and the text is only read of
/// the first one: beside it is a count that the thread which makes labels may be writing.
std::atomic<std::uint64_t>& SampleStore::GenerationOf(const Labels& labels) {
  static const Symbol kName(kMetricNameLabel);
  static const Symbol kNoName;
  const auto found = std::ranges::find(labels.all(), kName, &Label::name);
  const Symbol& name = found == labels.all().end() ? kNoName : found->value;
  if (recent_generation_ == nullptr || name != recent_name_) {
    recent_name_ = name;
    recent_generation_ = &name_generations_[kNameHash(name.text()) % name_generations_.size()];
  }
  return *recent_generation_;
}

inline void SampleStore::AppendTo(Series& series, Sample sample, Batch& batch) {
  switch (series.Append(sample, batch.number, usage_)) {
    case Series::Outcome::kAppended: break;
    case Series::Outcome::kSame: return;
    case Series::Outcome::kOutOfOrder: ++batch.counts.out_of_order; return;
    case Series::Outcome::kDuplicate: ++batch.counts.duplicate; return;
  }
  ++batch.counts.appended;
  newest_ = std::max(newest_, sample.t);
  oldest_ = std::min(oldest_, sample.t);
  if (observer_ != nullptr) observed_.push_back({&series.labels(), series.id(), sample});
}

void SampleStore::AppendRun(Series& series, std::span<const Sample> run, Batch& batch) {
  const auto not_after = [](const Sample& a, const Sample& b) { return a.t >= b.t; };
  const bool ascends = std::adjacent_find(run.begin(), run.end(), not_after) == run.end();
  if (observer_ != nullptr || !ascends || !series.AppendRun(run, batch.number, usage_)) {
    for (const Sample& sample : run) AppendTo(series, sample, batch);
    return;
  }
  batch.counts.appended += run.size();
  newest_ = std::max(newest_, run.back().t);
  oldest_ = std::min(oldest_, run.front().t);
}

std::size_t SampleStore::Bytes() const {
  return usage_.bytes + index_.MemoryBytes();
}

std::uint64_t SampleStore::generation(std::string_view metric_name) const {
  return name_generations_[kNameHash(metric_name) % name_generations_.size()].load(
      std::memory_order_acquire);
}

std::shared_ptr<const Selection> SampleStore::Select(
    std::span<const Matcher> matchers, std::shared_ptr<const Selection> previous) const {
  Index::Found found;
  {
    const std::shared_lock lock(index_mutex_);
    found = index_.Select(matchers);
  }
  if (previous != nullptr && std::ranges::equal(previous->series(), found)) return previous;
  return std::make_shared<const Selection>(std::move(found), complete_);
}

std::vector<std::string> SampleStore::LabelNames(std::span<const Matcher> matchers) const {
  const std::shared_lock lock(index_mutex_);
  return index_.LabelNames(matchers);
}

std::vector<std::string> SampleStore::LabelValues(std::string_view name,
                                                  std::span<const Matcher> matchers) const {
  const std::shared_lock lock(index_mutex_);
  return index_.LabelValues(name, matchers);
}

Cardinality SampleStore::TopCardinality(std::size_t limit) const {
  const std::shared_lock lock(index_mutex_);
  return index_.Top(limit);
}

void SampleStore::Truncate() {
  const MutexLock lock(appending_);
  if (const Millis newest_allowed = NewestAllowed(); newest_ > newest_allowed) {
    DropAhead(newest_allowed);
  }
  const bool can_be_too_old = settings_.retention > 0 && index_.size() != 0 &&
                              newest_ >= std::numeric_limits<Millis>::min() + settings_.retention;
  if (can_be_too_old) DropBefore(newest_ - settings_.retention);
  PublishStats();
}

/// Drops a sixteenth of the time that the samples span, then another, until there is room again.
/// Not more often than that much time has passed, since it looks at every series: if it does not
/// help, then because the series themselves take too much, each with the chunk that it is writing.
void SampleStore::MakeRoom() {
  constexpr std::uint64_t kParts = 16;
  const auto distance = [](Millis from, Millis to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  const std::uint64_t part = distance(oldest_, newest_) / kParts;
  if (distance(made_room_at_, newest_) < part) return;
  made_room_at_ = newest_;
  const std::size_t wanted = settings_.max_bytes - settings_.max_bytes / kParts;
  auto end = static_cast<std::uint64_t>(oldest_);
  for (std::uint64_t i = 1; i < kParts && Bytes() > wanted; ++i) {
    end += part;
    DropBefore(static_cast<Millis>(end));
  }
}

void SampleStore::DropBefore(Millis oldest) {
  oldest_ = std::numeric_limits<Millis>::max();
  for (const RefPtr<Series>& series : index_.series()) {
    if (series->newest_t() < oldest) {
      usage_ -= series->TotalUsage();
      series->MarkDropped();
      continue;
    }
    series->DropBefore(oldest, usage_);
    oldest_ = std::min(oldest_, series->oldest_t());
  }
  RemoveDropped();
}

void SampleStore::DropAhead(Millis newest_allowed) {
  newest_ = std::numeric_limits<Millis>::min();
  for (const RefPtr<Series>& series : index_.series()) {
    if (series->newest_t() > newest_allowed) {
      usage_ -= series->TotalUsage();
      series->MarkDropped();
    } else {
      newest_ = std::max(newest_, series->newest_t());
    }
  }
  RemoveDropped();
}

void SampleStore::RemoveDropped() {
  const bool any = std::ranges::any_of(index_.series(), [](const auto& s) { return s->dropped(); });
  if (!any) return;
  {
    const std::unique_lock lock(index_mutex_);
    index_.RemoveDropped();
  }
  for (auto& generation : name_generations_) generation.fetch_add(1, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
}

void SampleStore::SetRetention(Millis retention) {
  const MutexLock lock(appending_);
  settings_.retention = retention;
}

Duration SampleStore::retention() const {
  const MutexLock lock(appending_);
  return Duration(settings_.retention);
}

void SampleStore::SetObserver(AppendObserver* observer) {
  const MutexLock lock(appending_);
  observer_ = observer;
}

void SampleStore::PublishStats() {
  Stats stats;
  stats.series = index_.size();
  stats.samples = usage_.samples;
  stats.chunks = usage_.chunks;
  stats.bytes = Bytes();
  stats.appends = appends_;
  if (index_.size() != 0) {
    stats.oldest = oldest_;
    stats.newest = newest_;
  }
  const MutexLock lock(stats_mutex_);
  stats_ = stats;
}

SampleStore::Stats SampleStore::stats() const {
  const MutexLock lock(stats_mutex_);
  return stats_;
}

}  // namespace tocsin
