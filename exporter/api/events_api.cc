#include "exporter/api/events_api.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "exporter/api/envelope.h"
#include "exporter/api/parameters.h"
#include "exporter/api/result_json.h"
#include "notify/received_alert.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMostLimit = 10'000;

Result<std::optional<Millis>> TimeOf(const Parameters& parameters, std::string_view name) {
  if (!parameters.Has(name)) return std::optional<Millis>();
  const Result<Millis> time = parameters.Time(name, std::nullopt);
  if (!time) return time.error();
  return std::optional<Millis>(*time);
}

Result<AlertStore::EventQuery> ReadQuery(const HttpRequest& request,
                                         const notify::AlertNaming& names) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return parameters.error();
  const Result<std::optional<Millis>> start = TimeOf(*parameters, "start");
  if (!start) return start.error();
  const Result<std::optional<Millis>> end = TimeOf(*parameters, "end");
  if (!end) return end.error();
  const Result<std::optional<std::uint64_t>> alert = parameters->Fingerprint("alert");
  if (!alert) return alert.error();
  const Result<std::optional<std::int64_t>> before = parameters->Id("before", "an event");
  if (!before) return before.error();
  const Result<std::size_t> limit = parameters->Limit();
  if (!limit) return limit.error();
  if (*limit > kMostLimit) {
    return InvalidParameter("limit", fmt::format("must not exceed {}", kMostLimit));
  }
  Result<std::vector<std::vector<Matcher>>> selectors = parameters->Selectors();
  if (!selectors) return selectors.error();
  if (selectors->size() > 1) return InvalidParameter("match[]", "expected one selector at most");
  AlertStore::EventQuery query;
  query.start = *start;
  query.end = *end;
  query.before = *before;
  query.limit = *limit == 0 ? kDefaultLimit : *limit;
  if (*alert) {
    query.wanted = [names, wanted = **alert](const Labels& labels) {
      return names.FingerprintOf(labels) == wanted;
    };
  }
  if (!selectors->empty()) query.matchers = std::move(selectors->front());
  return query;
}

void AppendTime(JsonWriter& json, std::string_view key, std::optional<Millis> time) {
  if (time) json.Key(key).String(FormatRfc3339(TimePoint(Duration(*time))));
}

void AppendEvent(JsonWriter& json, const AlertStore::StoredEvent& stored,
                 const notify::AlertNaming& names) {
  const AlertEvent& event = stored.event;
  const ActiveAlert& alert = event.alert;
  std::string labels;
  AppendLabels(labels, alert.labels);
  std::string value;
  AppendSampleValue(value, alert.value);
  json.BeginObject().Key("id").Integer(stored.id);
  AppendTime(json, "at", event.at);
  json.Key("kind").String(Name(event.kind));
  json.Key("file").String(event.source->group_file);
  json.Key("group").String(event.source->group).Key("rule").String(event.source->rule);
  json.Key("labels").Raw(labels);
  json.Key("fingerprint").String(notify::FingerprintText(names.FingerprintOf(alert.labels)));
  json.Key("annotations").BeginObject();
  for (const auto& [name, text] : alert.annotations) json.Key(name).String(text);
  json.EndObject().Key("value").String(value);
  if (event.kind == AlertEvent::Kind::kFiring || event.kind == AlertEvent::Kind::kResolved) {
    json.Key("reason").String(Name(alert.reason));
  }
  AppendTime(json, "activeAt", alert.active_at);
  AppendTime(json, "firedAt", alert.fired_at);
  AppendTime(json, "resolvedAt", alert.resolved_at);
  json.EndObject();
}

HttpResponse Events(const FindEvents& find, const NameAlerts& naming, const HttpRequest& request) {
  const notify::AlertNaming names = naming();
  const Result<AlertStore::EventQuery> query = ReadQuery(request, names);
  if (!query) return Failure(ErrorType::kBadData, query.error().message);
  const Result<std::vector<AlertStore::StoredEvent>> found = find(*query);
  if (!found) return Failure(ErrorType::kUnavailable, found.error().message);
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("events").BeginArray();
  for (const AlertStore::StoredEvent& event : *found) AppendEvent(json, event, names);
  json.EndArray();
  if (found->size() == query->limit) json.Key("before").Integer(found->back().id);
  json.EndObject();
  return EndSuccess(std::move(body));
}

}  // namespace

Route EventsRoute(FindEvents find, NameAlerts naming) {
  return {.path = "/api/v1/tocsin/events",
          .methods = {"GET"},
          .waits = Waits::kMaybe,
          .handle = [find = std::move(find), naming = std::move(naming)](
                        const HttpRequest& request) { return Events(find, naming, request); },
          .refusal = &Refusal};
}

}  // namespace tocsin::api
