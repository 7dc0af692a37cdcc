#include "collectors/prometheus/scrape_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "collectors/prometheus/exported_labels.h"

namespace tocsin::collectors {
namespace {

std::string Renamed(std::string_view name, const ScrapeRules& rules) {
  if (rules.rename.empty()) return std::string(name);
  if (const auto found = rules.rename.find(name); found != rules.rename.end()) {
    return found->second;
  }
  constexpr std::array<std::string_view, 4> kParts = {"_bucket", "_sum", "_count", "_total"};
  for (const std::string_view part : kParts) {
    if (!name.ends_with(part)) continue;
    const auto found = rules.rename.find(name.substr(0, name.size() - part.size()));
    if (found != rules.rename.end()) return found->second + std::string(part);
  }
  return std::string(name);
}

bool HasLabel(const SeriesText& series, std::string_view name) {
  return std::any_of(series.labels.begin(), series.labels.end(),
                     [&](const auto& label) { return label.first == name; });
}

/// Adds the target's labels. With honor_labels what the page says stays, even that a label is
/// empty; otherwise it is kept under another name.
/// Source: Prometheus' scrape/scrape.go, mutateSampleLabels.
void AddTarget(const SeriesText& series, const Labels& target, bool honor_labels,
               LabelsBuilder& labels) {
  if (!honor_labels) MakeWay(target, labels);
  for (const Label& label : target) {
    if (honor_labels && HasLabel(series, label.name.text())) continue;
    labels.Set(label.name, label.value);
  }
}

Status CheckLimits(const Labels& labels, const ScrapeRules& rules) {
  const auto exceeds = [](std::size_t value, std::size_t limit) {
    return limit != 0 && value > limit;
  };
  if (exceeds(labels.size(), rules.label_limit)) {
    return Error{ErrorCode::kTooLarge, fmt::format("a series has {} labels, and label_limit is {}",
                                                   labels.size(), rules.label_limit)};
  }
  for (const Label& label : labels) {
    if (exceeds(label.name.text().size(), rules.label_name_length_limit)) {
      return Error{ErrorCode::kTooLarge, fmt::format("a label's name is longer than {} bytes",
                                                     rules.label_name_length_limit)};
    }
    if (exceeds(label.value.text().size(), rules.label_value_length_limit)) {
      return Error{ErrorCode::kTooLarge, fmt::format("a label's value is longer than {} bytes",
                                                     rules.label_value_length_limit)};
    }
  }
  return {};
}

}  // namespace

Result<std::optional<SeriesIdentity>> Identify(const SeriesText& series,
                                               const PageComments::Family& family,
                                               const Labels& target, const ScrapeRules& rules) {
  LabelsBuilder builder;
  builder.Set(kMetricNameLabel, Renamed(series.name, rules));
  for (const auto& [name, value] : series.labels) {
    builder.Set(name, CanonicalLabelValue(family.type, name, value));
  }
  AddTarget(series, target, rules.honor_labels, builder);
  std::optional<Labels> labels = Relabel(builder.Build(), rules.metric_relabel_configs);
  if (!labels) return std::optional<SeriesIdentity>();
  const std::string_view name = labels->metric_name();
  if (name.empty()) {
    return Error{ErrorCode::kInvalidInput, "a series has lost its name by relabelling"};
  }
  if (Status fits = CheckLimits(*labels, rules); !fits) return fits.error();
  // "_bucket" and its like belong to the family only as long as they are there.
  const std::string_view part = std::string_view(series.name).substr(family.name.size());
  SeriesIdentity identity{.family = std::string(name), .type = family.type};
  if (name.size() > part.size() && name.ends_with(part)) {
    identity.family.resize(name.size() - part.size());
  } else {
    identity.type = MetricType::kUnknown;
  }
  identity.labels = std::move(*labels);
  return std::optional(std::move(identity));
}

}  // namespace tocsin::collectors
