// The samples that rules are replayed over.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "rules/rule_policy.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// What is to be loaded.
struct ReplaySamples {
  const std::vector<EffectiveGroup>& groups;
  Millis start = 0;  ///< Of the replay; what its rules look back to is loaded, too.
  Millis end = 0;
  Duration default_interval{0};
  Duration query_offset{0};  ///< Of groups that say none.
  Duration lookback{0};
  bool experimental = false;

  /// Appends to `store` the samples of a file in the text format or OpenMetrics, "-" is standard
  /// input. Those without a time count as of now.
  Status LoadFile(const std::string& file, SampleStore& store) const;
  /// Appends to `store` what the rules' selectors find on a server with Prometheus' HTTP API, hour
  /// by hour.
  Status LoadServer(const std::string& server, SampleStore& store) const;
};

/// Whether a series is one that `groups` write themselves: of these, what is loaded would be in the
/// way.
bool IsWrittenBy(const std::vector<EffectiveGroup>& groups, std::string_view metric_name);

}  // namespace tocsin
