#include "exporter/metric_family.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

using prometheus::ClientMetric;
using LabelValues = std::vector<std::string_view>;

std::optional<MetricType> TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return MetricType::kCounter;
    case prometheus::MetricType::Gauge: return MetricType::kGauge;
    case prometheus::MetricType::Histogram: return MetricType::kHistogram;
    case prometheus::MetricType::Untyped: return MetricType::kUnknown;
    case prometheus::MetricType::Summary: break;
  }
  return std::nullopt;
}

prometheus::MetricType TypeOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return prometheus::MetricType::Counter;
    case MetricType::kGauge: return prometheus::MetricType::Gauge;
    case MetricType::kHistogram: return prometheus::MetricType::Histogram;
    case MetricType::kUnknown: break;
  }
  return prometheus::MetricType::Untyped;
}

double ValueOf(const ClientMetric& metric, MetricType type) {
  switch (type) {
    case MetricType::kCounter: return metric.counter.value;
    case MetricType::kGauge: return metric.gauge.value;
    case MetricType::kHistogram:
    case MetricType::kUnknown: break;
  }
  return metric.untyped.value;
}

/// All label names of a family's series, in the order in which they are first met.
LabelValues LabelNamesOf(const prometheus::MetricFamily& family) {
  LabelValues names;
  for (const ClientMetric& metric : family.metric) {
    for (const ClientMetric::Label& label : metric.label) {
      if (std::find(names.begin(), names.end(), label.name) == names.end()) {
        names.push_back(label.name);
      }
    }
  }
  return names;
}

LabelValues LabelValuesOf(const ClientMetric& metric, const LabelValues& names) {
  LabelValues values(names.size(), "");
  for (const ClientMetric::Label& label : metric.label) {
    const auto name = std::find(names.begin(), names.end(), label.name);
    values[static_cast<std::size_t>(name - names.begin())] = label.value;
  }
  return values;
}

/// The upper bounds, without the last one, +Inf.
std::vector<double> BoundsOf(const ClientMetric::Histogram& histogram) {
  std::vector<double> bounds;
  for (const ClientMetric::Bucket& bucket : histogram.bucket) bounds.push_back(bucket.upper_bound);
  if (!bounds.empty()) bounds.pop_back();
  return bounds;
}

void AddHistogram(const MetricDesc& description, const LabelValues& values,
                  const ClientMetric::Histogram& histogram, MetricSink& points) {
  std::vector<std::uint64_t> counts;
  std::uint64_t below = 0;
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    counts.push_back(bucket.cumulative_count - below);
    below = bucket.cumulative_count;
  }
  if (counts.size() != description.bounds.size() + 1) return;
  points.AddHistogram(description, values, {counts, histogram.sample_sum});
}

/// Takes the values of one series off the front of `values`.
ClientMetric TakeMetric(const FamilyShape& shape, std::span<const double>& values) {
  ClientMetric metric;
  switch (shape.type) {
    case MetricType::kCounter: metric.counter.value = values.front(); break;
    case MetricType::kGauge: metric.gauge.value = values.front(); break;
    case MetricType::kUnknown: metric.untyped.value = values.front(); break;
    case MetricType::kHistogram: {
      const std::size_t bounds = shape.bounds.size();
      for (std::size_t i = 0; i < bounds; ++i) {
        metric.histogram.bucket.push_back({static_cast<std::uint64_t>(values[i]), shape.bounds[i]});
      }
      metric.histogram.sample_count = static_cast<std::uint64_t>(values[bounds]);
      metric.histogram.sample_sum = values[bounds + 1];
      metric.histogram.bucket.push_back(
          {metric.histogram.sample_count, std::numeric_limits<double>::infinity()});
      break;
    }
  }
  values = values.subspan(shape.values_per_series());
  return metric;
}

void AddLabels(const FamilyShape& shape, std::string_view encoded, ClientMetric& metric) {
  for (const std::string& name : shape.label_names) {
    const std::size_t end = encoded.find(FamilyShape::kDelimiter);
    if (end != 0) metric.label.push_back({name, std::string(encoded.substr(0, end))});
    encoded.remove_prefix(end + 1);
  }
  for (const auto& [name, value] : shape.constant_labels) metric.label.push_back({name, value});
}

}  // namespace

void AddFamily(const prometheus::MetricFamily& family, std::deque<FamilyDescription>& descriptions,
               MetricSink& points) {
  const std::optional<MetricType> type = TypeOf(family.type);
  const LabelValues names = LabelNamesOf(family);
  if (!type || family.metric.empty() || names.size() > LabelNames::kMost) return;
  FamilyDescription& description =
      descriptions.emplace_back(FamilyDescription{BoundsOf(family.metric.front().histogram), {}});
  const MetricDesc& metric_desc = description.metric =
      MetricDesc{family.name, *type, family.help, LabelNames(std::span(names)), description.bounds};

  std::vector<std::pair<LabelValues, const ClientMetric*>> series;
  for (const ClientMetric& metric : family.metric) {
    series.emplace_back(LabelValuesOf(metric, names), &metric);
  }
  std::sort(series.begin(), series.end());
  for (const auto& [values, metric] : series) {
    if (*type == MetricType::kHistogram) {
      AddHistogram(metric_desc, values, metric->histogram, points);
    } else {
      points.Add(metric_desc, values, ValueOf(*metric, *type));
    }
  }
}

prometheus::MetricFamily ToMetricFamily(const FamilyPoints& family) {
  const FamilyShape& shape = *family.shape;
  prometheus::MetricFamily converted{shape.name, shape.help, TypeOf(shape.type), {}};
  converted.metric.reserve(shape.series_count());
  std::span<const double> values = family.values;
  for (std::size_t i = 0; i < shape.series_count(); ++i) {
    ClientMetric metric = TakeMetric(shape, values);
    AddLabels(shape, shape.series(i), metric);
    converted.metric.push_back(std::move(metric));
  }
  return converted;
}

}  // namespace tocsin
