#include "exporter/federate.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number.h"
#include "exporter/api/parameters.h"
#include "exporter/api/pieces.h"
#include "exporter/exposition.h"
#include "rules/storage/sample.h"
#include "rules/storage/selection.h"

namespace tocsin {
namespace {

/// The order of the page, where a family stands in one piece: `__name__` is not always the first
/// label, and then the order of labels does not keep families together.
struct ByName {
  bool operator()(const Labels& a, const Labels& b) const {
    if (a.metric_name() != b.metric_name()) return a.metric_name() < b.metric_name();
    return a < b;
  }
};
using Newest = std::map<Labels, Sample, ByName>;

Newest FindNewest(const FederateSources& sources,
                  const std::vector<std::vector<Matcher>>& selectors) {
  const Millis now = sources.clock.Now().time_since_epoch().count();
  const Millis after = now - sources.lookback().count();
  const ReadPoint point = sources.store.read_point();
  Newest newest;
  for (const std::vector<Matcher>& matchers : selectors) {
    const auto selection = sources.store.Select(matchers);
    for (std::size_t i = 0; i < selection->size(); ++i) {
      const std::optional<Sample> sample = selection->Newest(i, after, now, point);
      if (!sample || IsStaleNan(sample->v)) continue;
      if (selection->labels(i).metric_name().empty()) continue;
      newest.emplace(selection->labels(i), *sample);
    }
  }
  return newest;
}

/// A name as those know it who ask for the text format without naming an escaping: what is not a
/// letter, a digit, `_` or `:` is `_`. Source: Prometheus' documentation, "Content negotiation".
void AppendName(std::string& out, std::string_view name) {
  if (name.front() >= '0' && name.front() <= '9') out += '_';
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == ':';
    out += plain ? c : '_';
  }
}

void AppendSeries(std::string& out, const Labels& series, const Labels& external) {
  AppendName(out, series.metric_name());
  char separator = '{';
  const auto append = [&](std::string_view name, std::string_view value) {
    out += std::exchange(separator, ',');
    AppendName(out, name);
    out += '=';
    AppendLabelValue(out, value);
  };
  for (const Label& label : series) {
    if (label.name.text() != kMetricNameLabel) append(label.name.text(), label.value.text());
  }
  bool has_instance = series.Has("instance");
  for (const Label& label : external) {
    if (series.Has(label.name.text())) continue;
    has_instance = has_instance || label.name.text() == "instance";
    append(label.name.text(), label.value.text());
  }
  if (!has_instance) append("instance", "");
  out += "} ";
}

HttpResponse Federate(const FederateSources& sources, const HttpRequest& request) {
  const Result<api::Parameters> parameters = api::Parameters::Read(request);
  if (!parameters) return HttpResponse::Text(400, parameters.error().message + "\n");
  const Result<std::vector<std::vector<Matcher>>> selectors = parameters->Selectors();
  if (!selectors) return HttpResponse::Text(400, selectors.error().message + "\n");
  const Labels external = sources.external_labels();
  api::Pieces body;
  std::string_view family;
  const Newest newest = FindNewest(sources, *selectors);
  for (const auto& [series, sample] : newest) {
    std::string& out = body.text();
    if (series.metric_name() != family) {
      family = series.metric_name();
      out += "# TYPE ";
      AppendName(out, family);
      out += " untyped\n";
    }
    AppendSeries(out, series, external);
    AppendNumber(out, sample.v);
    out.append(" ").append(std::to_string(sample.t)).append("\n");
    body.MayCut();
  }
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.more_body = body.Take();
  return response;
}

}  // namespace

Route FederateRoute(const FederateSources& sources) {
  return {.path = "/federate",
          .methods = {"GET"},
          .waits = Waits::kMaybe,
          .handle = [sources](const HttpRequest& request) { return Federate(sources, request); }};
}

}  // namespace tocsin
