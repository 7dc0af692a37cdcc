// All collectors: the one list that a new one is added to.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/metric.h"
#include "base/yaml.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// An option of a collector, for `tocsin collectors NAME` and the documentation. Options inside a
/// map are written with a dot: "postgres.host".
struct OptionDesc {
  std::string_view name;
  /// "text", "duration", "integer", "true/false", "list of texts" or "secret".
  std::string_view type;
  std::string_view default_value;  ///< As written in YAML; empty for none.
  std::string_view help;
};

/// All that is known about a kind of collector.
struct CollectorEntry {
  std::string_view name;     ///< The `type` in the configuration.
  std::string_view summary;  ///< One line.
  std::span<const OptionDesc> options;
  std::span<const MetricDesc> metrics;
  /// Reads the options of one instance, without any I/O. Mistakes go to the map's diagnostics; if
  /// there were any, the answer is not used. The common keys (type, name, interval, timeout,
  /// stale_after, max_series, labels) have been read already.
  MakeCollector (*configure)(YamlMap& options);
};

/// The common key max_series, for options that depend on it. If it is no number, which has been
/// reported before, the default.
std::size_t MaxSeriesIn(YamlMap& options);

/// Every collector, sorted by name.
std::span<const CollectorEntry> AllCollectors();

/// The collector called `name`, or null.
const CollectorEntry* FindCollector(std::string_view name);

}  // namespace tocsin::collectors
