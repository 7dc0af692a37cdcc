// What can be seen of rules and groups while they are at work.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "rules/active_alert.h"
#include "rules/promql/ast.h"
#include "rules/rule_file.h"

namespace tocsin {

enum class RuleHealth { kUnknown, kOk, kError };
/// "unknown", "ok", "err".
std::string_view Name(RuleHealth health);

/// What can be seen of a rule: the API, the metrics, the page.
struct RuleView {
  std::shared_ptr<const Rule> rule;
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  /// Which part of the rule's expression, as it is written, the error is about, if it is one.
  std::optional<promql::Position> error_position;
  std::optional<TimePoint> last_evaluation;
  double evaluation_seconds = 0;
  /// Series that the expression gave at the last evaluation: those recorded, or those for which the
  /// alert's condition held, whether it waits, fires, or was refused by `limit`. None before the
  /// first evaluation, and if the expression gave nothing but an error.
  std::optional<std::size_t> result_series;
  std::optional<AlertState> state;  ///< Of alerting rules: the highest; none before the first time.
  std::vector<ActiveAlert> alerts;  ///< Pending and firing ones, sorted by labels.
};

struct GroupView {
  std::string file;
  std::string name;
  Duration interval{0};
  std::size_t limit = 0;
  std::optional<TimePoint> last_evaluation;
  double evaluation_seconds = 0;  ///< How long the last iteration took.
  double rule_seconds_sum = 0;    ///< The sum over its rules.
  double restore_seconds = 0;
  std::size_t last_samples = 0;  ///< Series written by the last iteration.
  std::uint64_t iterations = 0;
  std::uint64_t missed = 0;
  std::uint64_t evaluations = 0;  ///< Of rules.
  std::uint64_t failures = 0;     ///< Of rules.
  LatencyHistogram iterations_took;
  LatencyHistogram rules_took;
  std::vector<RuleView> rules;
};

}  // namespace tocsin
