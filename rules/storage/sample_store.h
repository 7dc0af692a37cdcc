// Every sample tocsin knows, in memory, by label set.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/mutex.h"
#include "base/result.h"
#include "rules/storage/index.h"
#include "rules/storage/matcher.h"
#include "rules/storage/sample.h"
#include "rules/storage/selection.h"
#include "rules/storage/series.h"

namespace tocsin {

/// Why samples were refused.
struct AppendCounts {
  std::uint64_t appended = 0;
  std::uint64_t out_of_order = 0;   ///< Older than the series' newest sample.
  std::uint64_t duplicate = 0;      ///< The same time with another value. The same value is fine,
                                    ///< and counts nowhere.
  std::uint64_t too_far_ahead = 0;  ///< More than kMostAhead after the clock's now.
  std::uint64_t series_limit = 0;   ///< Would be a new series, and there are `max_series`.
  std::uint64_t bytes_limit = 0;    ///< Would be a new series, and there are `max_bytes`.

  std::uint64_t refused() const {
    return out_of_order + duplicate + too_far_ahead + series_limit + bytes_limit;
  }
  AppendCounts& operator+=(const AppendCounts& other);
};

/// A reference to a series for appending without looking its labels up again. Stays valid until
/// the series is dropped, after which appending by it looks the series up anew.
class SeriesRef {
 public:
  SeriesRef() = default;
  explicit operator bool() const { return static_cast<bool>(series_); }

 private:
  friend class SampleStore;
  explicit SeriesRef(Series* series) : series_(series) {}
  void Prefetch() const { __builtin_prefetch(series_.get(), 1); }
  RefPtr<Series> series_;
};

/// Is told, in order, what was appended: the history on disk. Called under the lock of the append.
class AppendObserver {
 public:
  virtual ~AppendObserver() = default;
  struct Appended {
    const Labels* labels;     ///< Of the series.
    std::uint64_t series_id;  ///< Unique in the life of the store, never used again.
    Sample sample;
  };
  virtual void OnAppend(std::span<const Appended> batch) = 0;
};

/// Samples by label set, compressed, with an index by label.
///
/// One appender at a time (Append() and its kin take a lock of their own); any number of readers
/// meanwhile, without waiting for it. What one call appends becomes visible at once: a reader sees
/// all of a batch or none of its samples.
///
/// Time is what the samples say: retention counts back from the newest sample that was appended. A
/// clock, if there is one, only bounds it: samples that lie too far ahead are refused, and when the
/// clock has stepped back, series that are ahead of it are dropped, for they would refuse
/// everything that is true.
class SampleStore {
 public:
  /// How far ahead of the clock a sample may be.
  static constexpr Duration kMostAhead = std::chrono::minutes(10);

  struct Settings {
    Millis retention = 0;  ///< 0 keeps everything.
    std::size_t max_series = 1'000'000;
    /// Of samples and series together, as measured. At this limit the oldest samples go, whatever
    /// the retention, and new series are refused; the series that are there go on.
    std::size_t max_bytes = std::size_t{4} << 30;
    const Clock* clock = nullptr;  ///< Not owned. Null takes samples of any time.
  };

  explicit SampleStore(Settings settings);
  ~SampleStore();
  SampleStore(const SampleStore&) = delete;
  SampleStore& operator=(const SampleStore&) = delete;

  struct Entry {
    Labels labels;
    Sample sample;
  };
  /// One sample for each of any series. For what comes without a fixed layout: remote write, rules,
  /// tests. A series' samples may come several times in one batch, in order.
  AppendCounts Append(std::span<const Entry> entries);

  /// The same for a fixed list of series, of which `refs` remembers the place: values[i] goes to
  /// labels[i] at time `t`. The fast way, for what comes again and again. `refs` is empty at first
  /// and kept by the caller for the same `labels`.
  AppendCounts Append(std::span<const Labels> labels, std::vector<SeriesRef>& refs, Millis t,
                      std::span<const double> values);

  /// What a fixed list of series had at one time.
  struct Row {
    Millis t = 0;
    std::vector<double> values;
  };
  /// Several times of the same in one batch. Cheaper than one after another, for loading: who
  /// selects series meanwhile waits.
  AppendCounts Append(std::span<const Labels> labels, std::vector<SeriesRef>& refs,
                      std::span<const Row> rows);

  /// The series that match all of `matchers`. `previous`, if not null, is given back when the
  /// answer has not changed. Also series are found of which no sample is complete yet.
  std::shared_ptr<const Selection> Select(
      std::span<const Matcher> matchers, std::shared_ptr<const Selection> previous = nullptr) const;
  /// What is complete now; see ReadPoint.
  ReadPoint read_point() const { return {complete_->load(std::memory_order_acquire)}; }
  /// Changes whenever a series comes or goes; Select() need not be called again while it does not.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// The same of the series with one metric name. Now and then it changes when it need not.
  std::uint64_t generation(std::string_view metric_name) const;

  /// The names of all labels, and the values of one, sorted; of the series that match (all of them
  /// if `matchers` is empty).
  std::vector<std::string> LabelNames(std::span<const Matcher> matchers) const;
  std::vector<std::string> LabelValues(std::string_view name,
                                       std::span<const Matcher> matchers) const;

  /// Drops what is older than the retention: whole chunks, and series that have no sample left.
  /// Drops series that are ahead of the clock.
  void Truncate();
  /// Changes the retention; takes effect with the next Truncate().
  void SetRetention(Millis retention);
  Duration retention() const;

  /// At most one observer, set before the first append; null for none. Not owned.
  void SetObserver(AppendObserver* observer);

  struct Stats {
    std::size_t series = 0;
    std::size_t samples = 0;
    std::size_t chunks = 0;
    std::size_t bytes = 0;  ///< What `max_bytes` is compared with.
    std::optional<Millis> oldest;
    std::optional<Millis> newest;
    AppendCounts appends;
  };
  /// As of the last complete append or truncation. Does not wait for one that is running, so that
  /// an observer may ask, too.
  Stats stats() const;
  Cardinality TopCardinality(std::size_t limit) const;

 private:
  /// One call of Append().
  struct Batch;

  Batch Begin() TOCSIN_REQUIRES(appending_);
  AppendCounts End(Batch& batch) TOCSIN_REQUIRES(appending_);
  /// Null if it must not be added; then `samples` are counted as refused.
  Series* FindOrAdd(const Labels& labels, std::size_t samples, Batch& batch)
      TOCSIN_REQUIRES(appending_);
  Series* Resolve(SeriesRef& ref, const Labels& labels, std::size_t samples, Batch& batch)
      TOCSIN_REQUIRES(appending_);
  void AppendRun(Series& series, std::span<const Sample> run, Batch& batch)
      TOCSIN_REQUIRES(appending_);
  void AppendTo(Series& series, Sample sample, Batch& batch) TOCSIN_REQUIRES(appending_);
  static void PrefetchAfter(std::size_t i, std::span<const SeriesRef> refs);
  void MakeRoom() TOCSIN_REQUIRES(appending_);
  void DropBefore(Millis oldest) TOCSIN_REQUIRES(appending_);
  void DropAhead(Millis newest_allowed) TOCSIN_REQUIRES(appending_);
  void RemoveDropped() TOCSIN_REQUIRES(appending_);
  Millis NewestAllowed() const TOCSIN_REQUIRES(appending_);
  std::atomic<std::uint64_t>& GenerationOf(const Labels& labels) TOCSIN_REQUIRES(appending_);
  std::size_t Bytes() const TOCSIN_REQUIRES(appending_);
  void PublishStats() TOCSIN_REQUIRES(appending_);

  /// Held by who appends or drops, for as long as that takes; never by readers.
  mutable Mutex appending_;
  Settings settings_ TOCSIN_GUARDED_BY(appending_);
  AppendObserver* observer_ TOCSIN_GUARDED_BY(appending_) = nullptr;
  std::vector<AppendObserver::Appended> observed_ TOCSIN_GUARDED_BY(appending_);
  Usage usage_ TOCSIN_GUARDED_BY(appending_);  ///< Of the series; the index knows its own.
  std::uint64_t next_id_ TOCSIN_GUARDED_BY(appending_) = 1;
  Millis newest_ TOCSIN_GUARDED_BY(appending_) = std::numeric_limits<Millis>::min();
  Millis oldest_ TOCSIN_GUARDED_BY(appending_) = std::numeric_limits<Millis>::max();
  Millis made_room_at_ TOCSIN_GUARDED_BY(appending_) = std::numeric_limits<Millis>::min();
  AppendCounts appends_ TOCSIN_GUARDED_BY(appending_);
  Symbol recent_name_ TOCSIN_GUARDED_BY(appending_);  ///< Of the series added last.
  std::atomic<std::uint64_t>* recent_generation_ TOCSIN_GUARDED_BY(appending_) = nullptr;

  mutable Mutex stats_mutex_;  ///< Taken last, and only to copy.
  Stats stats_ TOCSIN_GUARDED_BY(stats_mutex_);

  /// For index_: held alone by who appends when it changes it, shared by all others to read it.
  mutable std::shared_mutex index_mutex_;
  Index index_;

  std::shared_ptr<std::atomic<std::uint64_t>> complete_;  ///< The last complete batch.
  std::atomic<std::uint64_t> generation_ = 0;
  /// By hash, so that several names may share one. Each changes before generation_ does.
  std::array<std::atomic<std::uint64_t>, 256> name_generations_{};
};

}  // namespace tocsin
