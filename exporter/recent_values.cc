#include "exporter/recent_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "rules/promql/without_comparison.h"

namespace tocsin {
namespace {

constexpr std::size_t kValues = 30;
constexpr Millis kStep = Duration(std::chrono::minutes(2)).count();
constexpr std::size_t kMostSamples = 1'000'000;
constexpr std::size_t kMostConcurrency = 2;
/// A message waits for its chart so long, and no longer.
constexpr Duration kPatience = std::chrono::milliseconds(250);

/// What the rule compares, ready to be evaluated.
std::optional<promql::PreparedQuery> PrepareValue(const promql::Engine& engine,
                                                  const std::string& expression) {
  auto whole = engine.Prepare(expression);
  auto* const query = std::get_if<promql::PreparedQuery>(&whole);
  if (query == nullptr) return std::nullopt;
  const std::optional<std::string> value = promql::WithoutComparison(*query->query().root);
  if (!value) return std::move(*query);
  auto prepared = engine.Prepare(*value);
  auto* const without = std::get_if<promql::PreparedQuery>(&prepared);
  if (without == nullptr) return std::nullopt;
  return std::move(*without);
}

/// Whether the alert has all labels of the series.
bool MayHaveRaised(const Labels& series, const Labels& alert) {
  return std::all_of(series.begin(), series.end(), [&](const Label& label) {
    return label.name.text() == kMetricNameLabel || alert.Get(label.name) == label.value;
  });
}

std::optional<std::size_t> FindSeries(const promql::Shape& shape, const Labels& alert) {
  std::optional<std::size_t> best;
  for (std::size_t row = 0; row < shape.size(); ++row) {
    if (!MayHaveRaised(shape.labels[row], alert)) continue;
    if (!best || shape.labels[row].size() > shape.labels[*best].size()) best = row;
  }
  return best;
}

}  // namespace

promql::Engine::Settings RecentValuesSettings(promql::Engine::Settings settings) {
  settings.timeout = std::min(settings.timeout, kPatience);
  settings.max_samples = std::min(settings.max_samples, kMostSamples);
  settings.max_concurrency = std::min(settings.max_concurrency, kMostConcurrency);
  return settings;
}

std::vector<double> RecentValuesOf(const promql::Engine& engine, const notify::NotifiedAlert& alert,
                                   TimePoint now) {
  if (alert.expression.empty()) return {};
  std::optional<promql::PreparedQuery> query = PrepareValue(engine, alert.expression);
  if (!query) return {};
  const Millis end = now.time_since_epoch().count();
  const promql::Steps steps{
      .start = end - (static_cast<Millis>(kValues) - 1) * kStep, .step = kStep, .count = kValues};
  const promql::QueryOutcome outcome = engine.Range(*query, steps, {});
  const auto* const block = outcome ? std::get_if<promql::Block>(&outcome->value) : nullptr;
  if (block == nullptr) return {};
  const std::optional<std::size_t> row = FindSeries(*block->shape, alert.labels);
  if (!row) return {};
  std::vector<double> values(block->row(*row), block->row(*row) + block->steps);
  for (double& value : values) {
    if (promql::IsAbsent(value)) value = NAN;
  }
  return values;
}

}  // namespace tocsin
