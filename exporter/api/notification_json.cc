#include "exporter/api/notification_json.h"

#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "exporter/api/result_json.h"
#include "notify/received_alert.h"

namespace tocsin::api {
namespace {

/// Of this form, which users read.
constexpr std::int64_t kVersion = 1;

std::int64_t ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
}

void AppendUnlessEmpty(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.Key(name).String(text);
}

void AppendAlert(JsonWriter& json, const notify::NotifiedAlert& alert) {
  json.BeginObject();
  AppendLabelsAt(json, "labels", alert.labels);
  json.Key("annotations").BeginObject();
  for (const auto& [name, text] : alert.annotations) json.Key(name).String(text);
  json.EndObject();
  json.Key("starts_at").Integer(ToMillis(alert.starts_at));
  json.Key("ends_at").Integer(ToMillis(alert.ends_at));
  json.Key("resolved").Bool(alert.resolved);
  json.Key("reason").String(Name(alert.reason));
  json.Key("is_new").Bool(alert.is_new);
  // As text: JSON has no NaN and no infinity.
  if (alert.value) json.Key("value").String(FormatNumber(*alert.value));
  AppendUnlessEmpty(json, "generator_url", alert.generator_url);
  AppendUnlessEmpty(json, "expression", alert.expression);
  AppendUnlessEmpty(json, "condition", alert.condition);
  json.Key("fingerprint").String(notify::FingerprintText(alert.fingerprint)).EndObject();
}

}  // namespace

void AppendNotification(JsonWriter& json, const notify::Notification& notification) {
  json.BeginObject().Key("version").Integer(kVersion);
  json.Key("event_id").String(notification.event_id);
  json.Key("receiver").String(notification.receiver);
  json.Key("group_key").String(notification.group_key);
  AppendLabelsAt(json, "group_labels", notification.group_labels);
  json.Key("reason").String(Name(notification.reason));
  json.Key("decided_at").Integer(ToMillis(notification.decided_at));
  json.Key("alerts").BeginArray();
  for (const notify::NotifiedAlert& alert : notification.alerts) AppendAlert(json, alert);
  json.EndArray().EndObject();
}

}  // namespace tocsin::api
