// What a collection found, as lines of text that tests compare.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/snapshot.h"
#include "collectors/collector.h"
#include "tests/collectors/sql/attempt_for.h"

namespace tocsin::collectors {

/// Series, such as `node_cpu_seconds_total{cpu="0",mode="user"}`, and their values. Labels without
/// a value are left out. Histograms are not shown, unless they are another program's.
using SnapshotLines = std::map<std::string, double>;

/// Splits the encoded labels of a series.
inline std::vector<std::string> SplitSeries(std::string_view series) {
  std::vector<std::string> parts;
  while (!series.empty()) {
    const std::size_t end = series.find(FamilyShape::kDelimiter);
    parts.emplace_back(series.substr(0, end));
    series.remove_prefix(end + 1);
  }
  return parts;
}

inline std::string SeriesLine(const FamilyShape& shape, std::size_t index) {
  std::vector<std::string> parts = SplitSeries(shape.series(index));
  std::string name = shape.name;
  std::vector<std::string> labels(shape.label_names);
  if (shape.form == SeriesForm::kFlat) {
    name = parts[0];
    std::vector<std::string> values;
    for (std::size_t i = 1; i + 1 < parts.size(); i += 2) {
      labels.push_back(parts[i]);
      values.push_back(parts[i + 1]);
    }
    parts = std::move(values);
  }
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (parts[i].empty()) continue;
    text += (text.empty() ? "" : ",") + labels[i] + "=\"" + parts[i] + "\"";
  }
  return text.empty() ? name : name + "{" + text + "}";
}

inline SnapshotLines LinesOf(const Snapshot& snapshot) {
  SnapshotLines lines;
  for (const FamilyPoints& family : snapshot.families) {
    if (family.shape->has_histograms()) continue;
    for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
      lines[SeriesLine(*family.shape, i)] = family.values[i];
    }
  }
  return lines;
}

/// One collection, and what came of it.
struct CollectedLines {
  Status status;
  SnapshotLines lines;
  std::map<std::string, std::string> parts;  ///< Those that failed, and why.
  std::shared_ptr<const Snapshot> snapshot;
  DropCounts dropped{};
};

inline CollectedLines CollectOnce(Collector& collector, const Attempt& attempt = LongAttempt(),
                                  std::shared_ptr<const Snapshot> previous = nullptr) {
  MetricSink points({.max_series = 10'000, .constant_labels = {}}, std::move(previous));
  Collection collection{.points = points};
  CollectedLines collected;
  collected.status = collector.Collect(attempt, collection);
  for (const SourceReport& part : collection.parts) {
    collected.parts[part.source] = part.status ? "" : part.status.error().message;
  }
  collected.dropped = points.dropped();
  collected.snapshot = points.Finish(TimePoint());
  collected.lines = LinesOf(*collected.snapshot);
  return collected;
}

}  // namespace tocsin::collectors
