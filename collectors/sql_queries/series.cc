#include "collectors/sql_queries/series.h"

#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::sql_queries {
namespace {

constexpr std::string_view kOther = "__other__";

std::optional<std::vector<std::string>> TextsIn(const boost::json::value& saved,
                                                std::string_view key) {
  std::vector<std::string> texts;
  for (const boost::json::value& text : ArrayIn(saved, key)) {
    if (!text.is_string()) return std::nullopt;
    texts.emplace_back(std::string_view(text.get_string()));
  }
  return texts;
}

}  // namespace

MetricSeries::MetricSeries(const QueryMetric& metric, bool keeps, std::size_t max_series)
    : metric_(&metric), keeps_(keeps), max_series_(max_series) {
  Clear();
}

void MetricSeries::Clear() {
  series_.clear();
  if (keeps_ && metric_->words().labels.empty()) Of({});
}

MetricSeries::Series& MetricSeries::Of(Labels labels) {
  const auto found = series_.find(labels);
  if (found != series_.end()) return found->second;
  if (keeps_ && series_.size() + 1 >= max_series_ && !labels.empty()) {
    labels.assign(labels.size(), std::string(kOther));
  }
  return series_.try_emplace(std::move(labels), Series{0, KeptHistogram(metric_->desc().bounds)})
      .first->second;
}

Status MetricSeries::Take(Labels labels, double value) {
  const bool is_total = keeps_ || is_histogram();
  if (is_total && !std::isfinite(value)) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{} cannot be added to a total", FormatNumber(value))};
  }
  if (is_histogram()) {
    Of(std::move(labels)).histogram.Observe(value);
    return {};
  }
  if (keeps_) {
    if (value < 0) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{} would make a counter fall", FormatNumber(value))};
    }
    Of(std::move(labels)).value += value;
    return {};
  }
  if (series_.contains(labels)) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("two rows have the same labels ({})", fmt::join(labels, ", "))};
  }
  Of(std::move(labels)).value = value;
  return {};
}

void MetricSeries::Publish(MetricSink& points) const {
  std::vector<std::string_view> values;
  for (const auto& [labels, series] : series_) {
    values.assign(labels.begin(), labels.end());
    for (const auto& [name, value] : metric_->words().static_labels) values.push_back(value);
    const std::span<const std::string_view> all(values);
    if (is_histogram()) {
      points.AddHistogram(metric_->desc(), all, series.histogram.point());
    } else {
      points.Add(metric_->desc(), all, series.value);
    }
  }
}

boost::json::object MetricSeries::Save() const {
  const std::vector<std::string>& names = metric_->words().labels;
  boost::json::array all;
  for (const auto& [labels, series] : series_) {
    boost::json::object saved = {{"labels", boost::json::array(labels.begin(), labels.end())}};
    if (is_histogram()) {
      saved["histogram"] = series.histogram.Save();
    } else {
      saved["value"] = series.value;
    }
    all.push_back(std::move(saved));
  }
  return {{"names", boost::json::array(names.begin(), names.end())}, {"series", std::move(all)}};
}

void MetricSeries::Restore(const boost::json::value& saved) {
  if (TextsIn(saved, "names") != metric_->words().labels) return;
  for (const boost::json::value& each : ArrayIn(saved, "series")) {
    std::optional<Labels> labels = TextsIn(each, "labels");
    if (!labels || labels->size() != metric_->words().labels.size()) continue;
    const boost::json::value& histogram = MemberIn(each, "histogram");
    const std::optional<double> value = NumberIn(each, "value");
    if (is_histogram() && histogram.is_object()) {
      // Added, as series may have come to share one.
      KeptHistogram kept(metric_->desc().bounds);
      kept.Restore(histogram);
      Of(std::move(*labels)).histogram.Merge(kept);
    } else if (!is_histogram() && value) {
      Of(std::move(*labels)).value += *value;
    }
  }
}

}  // namespace tocsin::collectors::sql_queries
