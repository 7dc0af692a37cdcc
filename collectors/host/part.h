// A part of the host collector: one topic, with its metrics and where it reads them.
//
// To add a metric, touch the file of its topic and that file's test: a row in its table, and if the
// table does not say it all, its point in Read().

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/proc/name_filter.h"

namespace tocsin::collectors::host {

/// Which file systems are shown.
struct FilesystemSettings {
  NameFilter mount_points = {};
  NameFilter types = {};
  bool network = false;  ///< Whether those of other machines are, and FUSE's.
  Duration patience{};   ///< How long one of them may take to say how full it is.
};

/// The options of a host collector.
struct Settings {
  std::filesystem::path procfs = "/proc";
  std::filesystem::path sysfs = "/sys";
  std::filesystem::path rootfs = "/";
  std::vector<std::string> parts = {};  ///< Names of parts; empty for all.
  NameFilter disks = {};
  NameFilter network_devices = {};
  FilesystemSettings filesystem = {};
  std::filesystem::path textfile_directory = {};  ///< Empty for none.
};

/// One topic. It keeps files open, and what must not fall. One thread at a time.
class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// Reads what there is and adds its points. On failure it has added none, or those of what could
  /// be read. Returns within a second of `attempt.stop`.
  virtual Status Read(const Attempt& attempt, MetricSink& points) = 0;

  /// Whether the last Read() failed only in part, so that its points are worth keeping even if no
  /// other part has any.
  virtual bool HasReadSome() const { return false; }
};

/// An attempt that ends when half of the time is over, for a part that may have to wait: what the
/// others read must still count.
inline Attempt HalfOf(const Attempt& attempt) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  return {now + std::max(Duration(0), (attempt.deadline - now) / 2), attempt.stop};
}

/// All that is known about a kind of part.
struct PartKind {
  std::string_view name;  ///< For the option `parts`, and to say what could not be read.
  std::span<const MetricDesc> metrics;
  /// `clock` outlives the part. Null if the settings leave nothing for it to do.
  std::unique_ptr<Part> (*make)(const Settings& settings, const Clock& clock);
};

/// A metric that is one field of a file, by the field's name.
struct FieldMetric {
  std::string_view field;
  MetricDesc metric;
};

/// The metrics of a table of fields, for PartKind::metrics.
template <std::size_t N>
constexpr std::array<MetricDesc, N> MetricsOf(const std::array<FieldMetric, N>& fields) {
  std::array<MetricDesc, N> metrics{};
  for (std::size_t i = 0; i < N; ++i) metrics[i] = fields[i].metric;
  return metrics;
}

/// Finds the rows of fields. Files have their fields in the same order each time, so the row after
/// the last one is tried first.
class FieldLookup {
 public:
  explicit FieldLookup(std::span<const FieldMetric> table) : table_(table) {}

  /// The metric of `field`, or null if it has none.
  const MetricDesc* Find(std::string_view field) {
    for (std::size_t tried = 0; tried < table_.size(); ++tried, ++next_) {
      if (next_ >= table_.size()) next_ = 0;
      if (table_[next_].field == field) return &table_[next_++].metric;
    }
    return nullptr;
  }

 private:
  const std::span<const FieldMetric> table_;
  std::size_t next_ = 0;
};

}  // namespace tocsin::collectors::host
