// What rules are evaluated with.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/log.h"
#include "rules/promql/engine.h"
#include "rules/promql/shared_results.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

class RuleObserver;

/// How often templates of labels and annotations were expanded, and how often that failed. Safe for
/// concurrent use.
struct TemplateCounts {
  std::atomic<std::uint64_t> expansions = 0;
  std::atomic<std::uint64_t> failures = 0;
};

/// What rules are evaluated with. What it points to outlives the groups.
struct RuleEnvironment {
  const promql::Engine* engine = nullptr;
  SampleStore* store = nullptr;
  AlertSink* sink = nullptr;         ///< Null: alerts are told to nobody.
  RuleObserver* observer = nullptr;  ///< Null: nobody is told.
  const Clock* clock = nullptr;      ///< Tells when an evaluation takes place.
  const Log* log = nullptr;
  TemplateCounts* template_counts = nullptr;  ///< Null: nobody counts.
  Labels external_labels;
  std::string external_url;  ///< Without a slash at the end.
  Duration resend_delay = std::chrono::minutes(1);
  Duration resolved_retention = std::chrono::minutes(15);
  /// Whether the source of a series is known to be down: of a metric name, if it has one, and
  /// labels, from the sample that was last seen. It also is if `up` with the same `job` and
  /// `instance` is 0. Null: only then.
  std::function<bool(const Labels& series, Millis at)> source_is_down;
  std::stop_token stop;  ///< Cancels the queries of rules.
  /// Of one group, which makes it: what its rules have in common.
  std::shared_ptr<promql::SharedResults> shared_results = nullptr;
};

}  // namespace tocsin
