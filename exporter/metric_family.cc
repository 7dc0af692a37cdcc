#include "exporter/metric_family.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/number.h"

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
    case MetricType::kSummary: return prometheus::MetricType::Summary;
    case MetricType::kUnknown: break;
  }
  return prometheus::MetricType::Untyped;
}

double ValueOf(const ClientMetric& metric, MetricType type) {
  switch (type) {
    case MetricType::kCounter: return metric.counter.value;
    case MetricType::kGauge: return metric.gauge.value;
    case MetricType::kHistogram:
    case MetricType::kSummary:
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
    case MetricType::kSummary:
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
  SeriesParts parts(encoded);
  for (const std::string& name : shape.label_names) {
    const std::string_view value = parts.Take();
    if (!value.empty()) metric.label.push_back({name, std::string(value)});
  }
  for (const auto& [name, value] : shape.constant_labels) metric.label.push_back({name, value});
}

/// A sample in the flat form.
struct FlatSample {
  std::string_view name;
  std::vector<ClientMetric::Label> labels;  ///< Without the one that is the bound or quantile.
  std::optional<double> bound;              ///< `le`, or `quantile`.
};

FlatSample FlatSampleOf(const FamilyShape& shape, std::size_t series) {
  SeriesParts parts(shape.series(series));
  FlatSample sample;
  sample.name = parts.Take();
  while (!parts.empty()) {
    const std::string_view name = parts.Take();
    const std::string_view value = parts.Take();
    if ((shape.type == MetricType::kHistogram && name == "le") ||
        (shape.type == MetricType::kSummary && name == "quantile")) {
      sample.bound = ParseNumber(value);
    } else {
      sample.labels.push_back({std::string(name), std::string(value)});
    }
  }
  for (const auto& [name, value] : shape.constant_labels) sample.labels.push_back({name, value});
  return sample;
}

/// A count that another program gave, which may be anything.
std::uint64_t CountOf(double value) {
  constexpr double kMost = 9.2e18;
  return value > 0 ? static_cast<std::uint64_t>(std::min(value, kMost)) : 0;
}

/// Puts a sample's value where it belongs in the metric that it is a part of.
void SetPart(const FamilyShape& shape, const FlatSample& sample, double value,
             ClientMetric& metric) {
  const std::string_view part = sample.name.substr(shape.name.size());
  const bool histogram = shape.type == MetricType::kHistogram;
  if (part == "_sum") {
    (histogram ? metric.histogram.sample_sum : metric.summary.sample_sum) = value;
  } else if (part == "_count") {
    (histogram ? metric.histogram.sample_count : metric.summary.sample_count) = CountOf(value);
  } else if (histogram && sample.bound) {
    metric.histogram.bucket.push_back({CountOf(value), *sample.bound});
  } else if (sample.bound) {
    metric.summary.quantile.push_back({*sample.bound, value});
  }
}

/// What is there of each histogram or summary, put together again.
void AddWholes(const FamilyPoints& family, prometheus::MetricFamily& converted) {
  const FamilyShape& shape = *family.shape;
  std::map<std::vector<ClientMetric::Label>, std::size_t> wholes;
  for (std::size_t i = 0; i < shape.series_count(); ++i) {
    FlatSample sample = FlatSampleOf(shape, i);
    const auto [known, is_new] = wholes.try_emplace(sample.labels, converted.metric.size());
    if (is_new) converted.metric.emplace_back().label = sample.labels;
    SetPart(shape, sample, family.values[i], converted.metric[known->second]);
  }
}

void AddFlat(const FamilyPoints& family, prometheus::MetricFamily& converted) {
  const FamilyShape& shape = *family.shape;
  if (shape.type == MetricType::kHistogram || shape.type == MetricType::kSummary) {
    return AddWholes(family, converted);
  }
  std::span<const double> values = family.values;
  for (std::size_t i = 0; i < shape.series_count(); ++i) {
    converted.metric.push_back(TakeMetric(shape, values));
    converted.metric.back().label = FlatSampleOf(shape, i).labels;
  }
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
  if (shape.form == SeriesForm::kFlat) {
    AddFlat(family, converted);
    return converted;
  }
  std::span<const double> values = family.values;
  for (std::size_t i = 0; i < shape.series_count(); ++i) {
    ClientMetric metric = TakeMetric(shape, values);
    AddLabels(shape, shape.series(i), metric);
    converted.metric.push_back(std::move(metric));
  }
  return converted;
}

}  // namespace tocsin
