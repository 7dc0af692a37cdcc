// What rules are evaluated with.

#pragma once

#include <functional>
#include <string>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/log.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

class RuleObserver;

/// What rules are evaluated with. What it points to outlives the groups.
struct RuleEnvironment {
  const promql::Engine* engine = nullptr;
  SampleStore* store = nullptr;
  AlertSink* sink = nullptr;         ///< Null: alerts are told to nobody.
  RuleObserver* observer = nullptr;  ///< Null: nobody is told.
  const Clock* clock = nullptr;      ///< Measures how long evaluations take.
  const Log* log = nullptr;
  Labels external_labels;
  std::string external_url;  ///< Without a slash at the end.
  Duration resend_delay = std::chrono::minutes(1);
  Duration resolved_retention = std::chrono::minutes(15);
  /// Whether the source of a series is known to be down: of a metric name and labels, from the
  /// sample that was last seen. Null: `up` with the same `job` and `instance` decides.
  std::function<bool(const Labels& series, Millis at)> source_is_down;
};

}  // namespace tocsin
