#include "rules/rule_restore.h"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/storage/matcher.h"
#include "rules/storage/selection.h"

namespace tocsin {
namespace {

constexpr Millis kSecond = 1000;
constexpr double kMostSeconds = 1e15;  ///< Fits Millis.

/// Of the series of the rule: labels that are templates may be anything.
std::vector<Matcher> SeriesOf(const Rule& rule) {
  std::vector<Matcher> matchers;
  const auto add = [&](std::string_view name, std::string_view value) {
    Result<Matcher> matcher = Matcher::Make(MatchType::kEqual, name, value);
    if (matcher) matchers.push_back(std::move(*matcher));
  };
  add(kMetricNameLabel, "ALERTS_FOR_STATE");
  add("alertname", rule.name);
  for (const auto& [name, value] : rule.labels) {
    if (value.find("{{") == std::string::npos) add(name, value);
  }
  return matchers;
}

}  // namespace

Millis RestoredActiveAt(Millis active_at, Millis down_at, Duration hold,
                        const RuleRestoration& restoration) {
  const Millis remaining = hold.count() - (down_at - active_at);
  if (remaining <= 0) return active_at;
  if (remaining < restoration.grace_period.count()) {
    return restoration.now + restoration.grace_period.count() - hold.count();
  }
  return active_at + (restoration.now - down_at);
}

void RestoreFromSeries(AlertingRule& rule, const SampleStore& store,
                       const RuleRestoration& restoration) {
  const Duration hold = rule.rule().hold;
  if (!rule.has_adopted() && hold >= restoration.grace_period) {
    const std::shared_ptr<const Selection> series = store.Select(SeriesOf(rule.rule()));
    const Millis oldest = restoration.now - restoration.outage_tolerance.count();
    for (std::size_t i = 0; i < series->size(); ++i) {
      const std::optional<Sample> last = series->Newest(i, oldest - 1, restoration.now);
      // Also of a stale marker, which is a NaN.
      if (!last || !(std::abs(last->v) < kMostSeconds)) continue;
      const Millis active_at = static_cast<Millis>(last->v) * kSecond;
      rule.SetActiveAt(series->labels(i).WithoutName(),
                       RestoredActiveAt(active_at, last->t, hold, restoration));
    }
  }
  rule.SetRestored();
}

}  // namespace tocsin
