// What is done to each series of a page before it is kept.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/metric.h"
#include "base/relabel.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "collectors/prometheus/families.h"
#include "collectors/prometheus/line.h"

namespace tocsin::collectors {

/// The members are the options of the same names. A limit of 0 is none. Immutable once read.
/// Source: Prometheus' documentation, "Configuration", <scrape_config>.
struct ScrapeRules {
  bool honor_labels = false;
  bool honor_timestamps = true;
  RelabelRules metric_relabel_configs = {};
  /// Old names of families and new ones. `_bucket`, `_sum`, `_count` and `_total` stay behind them.
  std::map<std::string, std::string, std::less<>> rename = {};
  std::size_t sample_limit = 50'000;
  std::size_t label_limit = 0;
  std::size_t label_name_length_limit = 0;
  std::size_t label_value_length_limit = 0;
  std::size_t line_bytes = std::size_t{64} << 10;  ///< Of a series, and of what follows it.
  Audience audience = Audience::kStore;
};

/// What a series of a page is to the store.
struct SeriesIdentity {
  Labels labels = {};  ///< With its name and the target's labels.
  std::string family = {};
  MetricType type = MetricType::kUnknown;
};

/// The series as it is kept: renamed, with the labels of its target, relabelled. Nothing if a rule
/// drops it; kInvalidInput if it has no name afterwards; kTooLarge if a limit is exceeded, which
/// costs the whole page.
Result<std::optional<SeriesIdentity>> Identify(const SeriesText& series,
                                               const PageComments::Family& family,
                                               const Labels& target, const ScrapeRules& rules);

}  // namespace tocsin::collectors
