#include "exporter/routes.h"

#include <memory>
#include <string_view>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/rfc3339.h"
#include "collectors/registry.h"
#include "exporter/api/envelope.h"
#include "exporter/html.h"
#include "exporter/landing_page.h"

namespace tocsin {
namespace {

namespace json = boost::json;

json::object TargetOf(const collectors::InstanceView& view) {
  const collectors::InstanceConfig& config = *view.config;
  const std::string_view kind = config.kind != nullptr ? config.kind->name : std::string_view();
  json::object labels = {{"collector", kind}, {"name", config.name}};
  for (const auto& [name, value] : config.labels) labels[name] = value;
  const std::string url = "collector://" + std::string(kind) + "/" + config.name;
  const char* const health = !view.last_attempt ? "unknown" : view.up ? "up" : "down";
  return {{"discoveredLabels", json::object()},
          {"labels", labels},
          {"scrapePool", kind},
          {"scrapeUrl", url},
          {"globalUrl", url},
          {"lastError", collectors::LastError(view)},
          {"lastScrape", FormatRfc3339(view.last_attempt)},
          {"lastScrapeDuration", Seconds(view.last_duration)},
          {"health", health},
          {"scrapeInterval", FormatDuration(config.interval)},
          {"scrapeTimeout", FormatDuration(config.timeout)}};
}

HttpResponse Json(const json::value& value) {
  HttpResponse response = HttpResponse::Text(200, json::serialize(value) + "\n");
  response.content_type = "application/json; charset=utf-8";
  return response;
}

/// GET /api/v1/targets as in Prometheus' HTTP API, a collector instance in the place of a target.
HttpResponse Targets(const MetricsPage::Views& views, const HttpRequest& request) {
  const auto states = request.Query("state");
  const std::string state = states.empty() ? "" : std::string(states.front());
  json::array active;
  if (state.empty() || state == "any" || state == "active") {  // Nothing is ever dropped.
    for (const auto& view : views) active.push_back(TargetOf(*view));
  }
  return Json({{"status", "success"},
               {"data", {{"activeTargets", active}, {"droppedTargets", json::array()}}}});
}

HttpResponse Landing(const RouteSources& sources) {
  return HtmlResponse(200, LandingPage(sources.views(), sources.firing(), sources.version,
                                       sources.clock.Now(), sources.demo));
}

HttpResponse Style() {
  HttpResponse response = HttpResponse::Text(200, std::string(LandingPageStyle()));
  response.content_type = "text/css; charset=utf-8";
  return response;
}

HttpResponse Readiness(const RouteSources& sources) {
  const std::string why_not = sources.not_ready();
  return why_not.empty() ? HttpResponse::Text(200, "tocsin is ready.\n")
                         : HttpResponse::Text(503, "tocsin is not ready: " + why_not + "\n");
}

Route Get(std::string path, std::function<HttpResponse(const HttpRequest&)> handle) {
  return {std::move(path), {"GET"}, Waits::kNever, std::move(handle)};
}

/// An address of Prometheus' HTTP API.
Route GetJson(std::string path, std::function<HttpResponse(const HttpRequest&)> handle) {
  Route route = Get(std::move(path), std::move(handle));
  route.refusal = &api::Refusal;
  return route;
}

}  // namespace

std::vector<Route> MakeRoutes(RouteSources sources) {
  const auto shared = std::make_shared<const RouteSources>(std::move(sources));
  const auto healthy = [](const HttpRequest&) {
    return HttpResponse::Text(200, "tocsin is healthy.\n");
  };
  const auto ready = [shared](const HttpRequest&) { return Readiness(*shared); };
  Route landing = Get("/plain/", [shared](const HttpRequest&) { return Landing(*shared); });
  landing.waits = Waits::kMaybe;  // Annotations are expanded.
  return {
      std::move(landing),
      Get("/plain/style.css", [](const HttpRequest&) { return Style(); }),
      Get("/metrics",
          [shared](const HttpRequest& request) { return shared->page.Answer(request); }),
      Get("/-/healthy", healthy),
      Get("/health", healthy),
      Get("/-/ready", ready),
      Get("/ready", ready),
      GetJson("/api/v1/targets",
              [shared](const HttpRequest& request) { return Targets(shared->views(), request); }),
  };
}

}  // namespace tocsin
