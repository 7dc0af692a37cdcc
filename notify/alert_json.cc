#include "notify/alert_json.h"

#include <string_view>

#include "base/json_writer.h"
#include "base/rfc3339.h"

namespace tocsin::notify {
namespace {

void AddTime(JsonWriter& json, std::string_view name, TimePoint moment) {
  if (moment != TimePoint{}) json.Key(name).String(FormatRfc3339(moment));
}

void AddAlert(JsonWriter& json, const OutgoingAlert& outgoing) {
  const Alert& alert = *outgoing.alert;
  json.BeginObject().Key("labels").BeginObject();
  for (const Label& label : outgoing.labels) {
    json.Key(label.name.text()).String(label.value.text());
  }
  json.EndObject();
  if (!alert.annotations.empty()) {
    json.Key("annotations").BeginObject();
    for (const auto& [name, text] : alert.annotations) json.Key(name).String(text);
    json.EndObject();
  }
  AddTime(json, "startsAt", alert.starts_at);
  AddTime(json, "endsAt", alert.ends_at);
  if (!alert.generator_url.empty()) json.Key("generatorURL").String(alert.generator_url);
  json.EndObject();
}

}  // namespace

std::string AlertsJson(std::span<const OutgoingAlert> alerts) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const OutgoingAlert& alert : alerts) AddAlert(json, alert);
  json.EndArray();
  return text;
}

}  // namespace tocsin::notify
