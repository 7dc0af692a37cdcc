#include "exporter/api/notifications_api.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "exporter/api/envelope.h"
#include "exporter/api/notification_json.h"
#include "exporter/api/parameters.h"

namespace tocsin::api {
namespace {

using notify::DeadLetter;
using notify::HistoryRecord;
using HistoryQuery = notify::NotifyStore::HistoryQuery;

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMostLimit = 10'000;

Result<std::optional<TimePoint>> TimeOf(const Parameters& parameters, std::string_view name) {
  if (!parameters.Has(name)) return std::optional<TimePoint>();
  const Result<Millis> time = parameters.Time(name, std::nullopt);
  if (!time) return time.error();
  return std::optional<TimePoint>(TimePoint(Duration(*time)));
}

Result<std::size_t> LimitOf(const Parameters& parameters) {
  const Result<std::size_t> limit = parameters.Limit();
  if (!limit) return limit.error();
  if (*limit > kMostLimit) {
    return InvalidParameter("limit", fmt::format("must not exceed {}", kMostLimit));
  }
  return *limit == 0 ? kDefaultLimit : *limit;
}

Result<HistoryQuery> ReadQuery(const Parameters& parameters) {
  const Result<std::optional<TimePoint>> start = TimeOf(parameters, "start");
  if (!start) return start.error();
  const Result<std::optional<TimePoint>> end = TimeOf(parameters, "end");
  if (!end) return end.error();
  const Result<std::optional<std::uint64_t>> alert = parameters.Fingerprint("alert");
  if (!alert) return alert.error();
  const Result<std::optional<std::int64_t>> before = parameters.Id("before", "a record");
  if (!before) return before.error();
  const Result<std::size_t> limit = LimitOf(parameters);
  if (!limit) return limit.error();
  HistoryQuery query;
  query.start = *start;
  query.end = *end;
  query.alert = *alert;
  query.receiver = parameters.Get("receiver");
  query.limit = *limit;
  query.before = *before;
  return query;
}

void AppendDestination(JsonWriter& json, const notify::Destination& destination) {
  json.Key("receiver").String(destination.receiver);
  json.Key("integration").String(destination.entry);
}

void AppendRecord(JsonWriter& json, const HistoryRecord& record) {
  json.BeginObject().Key("id").Integer(record.id);
  json.Key("at").String(FormatRfc3339(record.at));
  AppendDestination(json, record.destination);
  json.Key("state").String(Name(record.state)).Key("answer").String(record.answer);
  json.Key("attempt").Integer(record.attempt).Key("reason").String(Name(record.reason));
  json.Key("firing").Bool(record.firing).Key("eventId").String(record.event_id);
  json.Key("groupKey").String(record.group_key).Key("key").String(record.key);
  json.Key("alerts").BeginArray();
  for (const std::uint64_t alert : record.alerts) json.String(notify::FingerprintText(alert));
  json.EndArray().EndObject();
}

void AppendDeadLetter(JsonWriter& json, const DeadLetter& letter) {
  json.BeginObject().Key("id").Integer(letter.id);
  json.Key("at").String(FormatRfc3339(letter.at));
  AppendDestination(json, letter.destination);
  json.Key("answer").String(letter.answer);
  json.Key("notification");
  AppendNotification(json, letter.notification);
  json.EndObject();
}

HttpResponse Notifications(const NotifierAccess& notifier, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return Failure(ErrorType::kBadData, parameters.error().message);
  const Result<HistoryQuery> query = ReadQuery(*parameters);
  if (!query) return Failure(ErrorType::kBadData, query.error().message);
  const Result<std::vector<HistoryRecord>> found = notifier.history(*query);
  if (!found) return Failure(ErrorType::kUnavailable, found.error().message);
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("notifications").BeginArray();
  for (const HistoryRecord& record : *found) AppendRecord(json, record);
  json.EndArray();
  if (found->size() == query->limit) json.Key("before").Integer(found->back().id);
  json.EndObject();
  return EndSuccess(std::move(body));
}

HttpResponse DeadLetters(const NotifierAccess& notifier, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return Failure(ErrorType::kBadData, parameters.error().message);
  const Result<std::size_t> limit = LimitOf(*parameters);
  if (!limit) return Failure(ErrorType::kBadData, limit.error().message);
  const Result<std::vector<DeadLetter>> found = notifier.dead_letters(*limit);
  if (!found) return Failure(ErrorType::kUnavailable, found.error().message);
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("deadLetters").BeginArray();
  for (const DeadLetter& letter : *found) AppendDeadLetter(json, letter);
  json.EndArray().EndObject();
  return EndSuccess(std::move(body));
}

}  // namespace

std::vector<Route> NotificationRoutes(const NotifierAccess& notifier) {
  const auto shared = std::make_shared<const NotifierAccess>(notifier);
  const auto get = [&](std::string path,
                       HttpResponse (*answer)(const NotifierAccess&, const HttpRequest&)) {
    return Route{
        .path = std::move(path),
        .methods = {"GET"},
        .waits = Waits::kMaybe,
        .handle = [shared, answer](const HttpRequest& request) { return answer(*shared, request); },
        .refusal = &Refusal};
  };
  return {get("/api/v1/tocsin/notifications", &Notifications),
          get("/api/v1/tocsin/dead-letters", &DeadLetters)};
}

}  // namespace tocsin::api
