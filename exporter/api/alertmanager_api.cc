#include "exporter/api/alertmanager_api.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "exporter/api/alert_filter.h"
#include "exporter/api/alertmanager_input.h"
#include "exporter/api/alertmanager_json.h"
#include "exporter/own_origin.h"

namespace tocsin::api {
namespace {

using AlertView = notify::Notifier::AlertView;

/// Some ten thousand alerts.
constexpr std::size_t kLargestBody = std::size_t{32} << 20;

struct Parts {
  NotifierAccess notifier;
  const Clock& clock;
  TimePoint started_at;
};

HttpResponse Json(std::string text) {
  HttpResponse response = HttpResponse::Text(200, std::move(text) + "\n");
  response.content_type = "application/json";
  return response;
}

/// A failure as Alertmanager says it: a JSON string.
HttpResponse Fail(int status, std::string_view why) {
  std::string text;
  AppendJsonString(text, why);
  HttpResponse response = Json(std::move(text));
  response.status = status;
  return response;
}

/// A success, or a thing that is not there, with nothing to say about it.
HttpResponse Empty(int status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  return response;
}

bool IsJson(const HttpRequest& request) {
  std::string_view type = request.Header("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return EqualsIgnoringCase(type, "application/json");
}

HttpResponse NotJson() {
  return Fail(415, "unsupported media type: expected application/json");
}

HttpResponse GetAlerts(const Parts& parts, const HttpRequest& request) {
  const Result<AlertFilter> filter = AlertFilter::Read(request);
  if (!filter) return Fail(400, filter.error().message);
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const AlertView& alert : parts.notifier.alerts()) {
    if (filter->Takes(alert)) AppendGettableAlert(json, alert);
  }
  json.EndArray();
  return Json(std::move(text));
}

HttpResponse PostAlerts(const Parts& parts, const HttpRequest& request) {
  if (!IsJson(request)) return NotJson();
  Result<PostedAlerts> posted = ReadPostedAlerts(request.body, parts.clock.Now());
  if (!posted) return Fail(400, posted.error().message);
  parts.notifier.post(std::move(posted->good));
  return posted->mistakes.empty() ? Empty(200) : Fail(400, posted->mistakes);
}

HttpResponse GetGroups(const Parts& parts, const HttpRequest& request) {
  const Result<AlertFilter> filter = AlertFilter::Read(request);
  if (!filter) return Fail(400, filter.error().message);
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const notify::Notifier::GroupView& group : parts.notifier.groups()) {
    if (!filter->TakesReceiver(group.receiver)) continue;
    std::vector<const AlertView*> alerts;
    for (const AlertView& alert : group.alerts) {
      const bool is_wanted = filter->muted || alert.muted_by.empty();
      if (is_wanted && filter->Takes(alert)) alerts.push_back(&alert);
    }
    if (!alerts.empty()) AppendAlertGroup(json, group, alerts);
  }
  json.EndArray();
  return Json(std::move(text));
}

/// What a silence keeps quiet, as labels that a filter can be asked about.
Labels MatchersAsLabels(const notify::Silence& silence) {
  LabelsBuilder labels;
  for (const notify::LabelMatcher& matcher : silence.matchers) {
    labels.Set(matcher.name, matcher.value);
  }
  return labels.Build();
}

HttpResponse GetSilences(const Parts& parts, const HttpRequest& request) {
  const Result<notify::LabelMatchers> filter = ReadFilters(request);
  if (!filter) return Fail(400, filter.error().message);
  const TimePoint now = parts.clock.Now();
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const notify::Silence& silence : parts.notifier.silences()) {
    if (!notify::Matches(*filter, MatchersAsLabels(silence))) continue;
    AppendGettableSilence(json, silence, now);
  }
  json.EndArray();
  return Json(std::move(text));
}

HttpResponse PostSilence(const Parts& parts, const HttpRequest& request) {
  if (!IsJson(request)) return NotJson();
  Result<notify::Silence> silence = ReadPostedSilence(request.body);
  if (!silence) return Fail(400, silence.error().message);
  const Result<std::string> id = parts.notifier.set_silence(std::move(*silence));
  if (!id) {
    return Fail(id.error().code == ErrorCode::kNotFound ? 404 : 400, id.error().message);
  }
  std::string text;
  JsonWriter(text).BeginObject().Key("silenceID").String(*id).EndObject();
  return Json(std::move(text));
}

HttpResponse GetSilence(const Parts& parts, const HttpRequest& request) {
  const std::optional<notify::Silence> silence = parts.notifier.find_silence(request.parameter);
  if (!silence) return Empty(404);
  std::string text;
  JsonWriter json(text);
  AppendGettableSilence(json, *silence, parts.clock.Now());
  return Json(std::move(text));
}

HttpResponse DeleteSilence(const Parts& parts, const HttpRequest& request) {
  const Status expired = parts.notifier.expire_silence(request.parameter);
  if (expired) return Empty(200);
  if (expired.error().code == ErrorCode::kNotFound) return Empty(404);
  // The only other status that Alertmanager's API has for this, also for one that has ended.
  return Fail(500, expired.error().message);
}

HttpResponse GetReceivers(const Parts& parts) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const std::string& name : parts.notifier.receivers()) {
    json.BeginObject().Key("name").String(name).EndObject();
  }
  json.EndArray();
  return Json(std::move(text));
}

using Handle = std::function<HttpResponse(const Parts&, const HttpRequest&)>;

/// One address, whose GET `get` answers, and whose other method the other one.
Route MakeRoute(const std::shared_ptr<const Parts>& parts, std::string path, Handle get,
                std::string other_method = {}, Handle other = nullptr) {
  Route route;
  route.path = "/api/v2/" + std::move(path);
  route.methods = {"GET"};
  if (other) route.methods.push_back(std::move(other_method));
  route.waits = Waits::kMaybe;
  route.handle = [parts, get = std::move(get), other = std::move(other)](const HttpRequest& asked) {
    return asked.method == "GET" ? get(*parts, asked) : other(*parts, asked);
  };
  route.max_body_bytes = kLargestBody;
  route.refusal = &Fail;
  return FromOwnPagesOnly(std::move(route), parts->notifier.external_url);
}

}  // namespace

std::vector<Route> AlertmanagerRoutes(NotifierAccess notifier, const Clock& clock,
                                      TimePoint started_at) {
  const auto parts = std::make_shared<const Parts>(Parts{std::move(notifier), clock, started_at});
  const auto status = [](const Parts& shown, const HttpRequest&) {
    return Json(AlertmanagerStatusJson(shown.notifier.configuration(), shown.started_at));
  };
  const auto receivers = [](const Parts& shown, const HttpRequest&) { return GetReceivers(shown); };
  return {MakeRoute(parts, "alerts", &GetAlerts, "POST", &PostAlerts),
          MakeRoute(parts, "alerts/groups", &GetGroups),
          MakeRoute(parts, "silences", &GetSilences, "POST", &PostSilence),
          MakeRoute(parts, "silence/*", &GetSilence, "DELETE", &DeleteSilence),
          MakeRoute(parts, "status", status),
          MakeRoute(parts, "receivers", receivers)};
}

}  // namespace tocsin::api
