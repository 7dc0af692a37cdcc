// Every sample tocsin knows, in memory, by label set.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "rules/storage/matcher.h"
#include "rules/storage/sample.h"

namespace tocsin {

class Series;

/// The series that some matchers found, ordered by labels. Immutable; keeps its series readable
/// also after the store has dropped them. Its address is its identity: SampleStore::Select() gives
/// the same object again for as long as the answer is the same, so whatever is derived from labels
/// alone (groups, join partners, output labels) can be kept beside it.
class Selection {
 public:
  explicit Selection(std::vector<std::shared_ptr<const Series>> series);
  std::size_t size() const { return series_.size(); }
  const Labels& labels(std::size_t i) const;

  /// The newest sample of series `i` in (after, until], stale markers included; nothing if there is
  /// none. O(1) if `until` is not before the series' newest sample.
  std::optional<Sample> Newest(std::size_t i, Millis after, Millis until) const;
  /// Appends the samples of series `i` in (after, until] to `out`, without stale markers.
  void Read(std::size_t i, Millis after, Millis until, Samples& out) const;
  /// How many samples Read() would append, at most: from the chunks' headers, without decoding.
  std::size_t CountAtMost(std::size_t i, Millis after, Millis until) const;

  std::span<const std::shared_ptr<const Series>> series() const { return series_; }

 private:
  std::vector<std::shared_ptr<const Series>> series_;
};

/// Why samples were refused.
struct AppendCounts {
  std::uint64_t appended = 0;
  std::uint64_t out_of_order = 0;   ///< Older than the series' newest sample.
  std::uint64_t duplicate = 0;      ///< The same time with another value. The same value is fine.
  std::uint64_t too_far_ahead = 0;  ///< More than `max_ahead` in the future.
  std::uint64_t series_limit = 0;   ///< Would be a new series, and there are `max_series`.
  std::uint64_t bytes_limit = 0;    ///< The store has `max_bytes`.

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
  explicit operator bool() const { return series_ != nullptr; }

 private:
  friend class SampleStore;
  explicit SeriesRef(std::shared_ptr<Series> series) : series_(std::move(series)) {}
  std::shared_ptr<Series> series_;
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
/// Time is whatever the samples say: retention counts back from the newest sample that was
/// appended, not from any clock.
class SampleStore {
 public:
  struct Settings {
    Millis retention = 0;  ///< 0 keeps everything.
    std::size_t max_series = 1'000'000;
    std::size_t max_bytes = std::size_t{4} << 30;  ///< Of samples and series together, as measured.
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
  AppendCounts Append(std::span<const Entry> batch);

  /// The same for a fixed list of series, of which `refs` remembers the place: values[i] goes to
  /// labels[i] at time `t`. The fast way, for what comes again and again. `refs` is empty at first
  /// and kept by the caller for the same `labels`.
  AppendCounts Append(std::span<const Labels> labels, std::vector<SeriesRef>& refs, Millis t,
                      std::span<const double> values);

  /// The series that match all of `matchers`. `previous`, if not null, is given back when the
  /// answer has not changed. With `from` and `until`, series that have no sample in between may be
  /// left out.
  std::shared_ptr<const Selection> Select(
      std::span<const Matcher> matchers, std::shared_ptr<const Selection> previous = nullptr) const;
  /// Changes whenever a series comes or goes; Select() need not be called again while it does not.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// The names of all labels, and the values of one, sorted; of the series that match (all of them
  /// if `matchers` is empty).
  std::vector<std::string> LabelNames(std::span<const Matcher> matchers) const;
  std::vector<std::string> LabelValues(std::string_view name,
                                       std::span<const Matcher> matchers) const;

  /// Drops what is older than the retention: whole chunks, and series that have no sample left.
  void Truncate();
  /// Changes the retention; takes effect with the next Truncate().
  void SetRetention(Millis retention);

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
  Stats stats() const;
  struct LabelStat {
    std::string name;
    std::size_t value = 0;
  };
  /// For /api/v1/status/tsdb: series by metric name, values and bytes by label name, series by
  /// label pair, the `limit` largest of each, largest first.
  struct Cardinality {
    std::vector<LabelStat> series_by_metric, values_by_label, bytes_by_label, series_by_pair;
  };
  Cardinality TopCardinality(std::size_t limit) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::atomic<std::uint64_t> generation_ = 0;
};

}  // namespace tocsin
