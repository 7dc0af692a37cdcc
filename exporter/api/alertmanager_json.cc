#include "exporter/api/alertmanager_json.h"

#include "base/rfc3339.h"
#include "exporter/api/alert_filter.h"
#include "exporter/api/result_json.h"
#include "exporter/version.h"

namespace tocsin::api {
namespace {

using notify::LabelMatcher;
using AlertView = notify::Notifier::AlertView;

void AppendTexts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void AppendStatus(JsonWriter& json, const AlertView& alert) {
  json.Key("status").BeginObject().Key("inhibitedBy").BeginArray();
  if (alert.inhibited_by) json.String(notify::FingerprintText(*alert.inhibited_by));
  json.EndArray();
  AppendTexts(json, "mutedBy", alert.muted_by);
  AppendTexts(json, "silencedBy", alert.silenced_by);
  json.Key("state").String(IsSuppressed(alert) ? "suppressed" : "active").EndObject();
}

void AppendMatcher(JsonWriter& json, const LabelMatcher& matcher) {
  json.BeginObject().Key("isEqual").Bool(matcher.is_equal());
  json.Key("isRegex").Bool(matcher.is_regexp());
  json.Key("name").String(matcher.name).Key("value").String(matcher.value).EndObject();
}

}  // namespace

void AppendGettableAlert(JsonWriter& json, const AlertView& view) {
  const Alert& alert = *view.alert.alert;
  json.BeginObject().Key("annotations").BeginObject();
  for (const auto& [name, text] : alert.annotations) json.Key(name).String(text);
  json.EndObject();
  json.Key("endsAt").String(FormatRfc3339(alert.ends_at));
  json.Key("fingerprint").String(notify::FingerprintText(view.fingerprint));
  json.Key("receivers").BeginArray();
  for (const std::string& name : view.receivers) {
    json.BeginObject().Key("name").String(name).EndObject();
  }
  json.EndArray();
  json.Key("startsAt").String(FormatRfc3339(alert.starts_at));
  AppendStatus(json, view);
  json.Key("updatedAt").String(FormatRfc3339(view.alert.updated_at));
  if (!alert.generator_url.empty()) json.Key("generatorURL").String(alert.generator_url);
  AppendLabelsAt(json, "labels", view.alert.labels);
  json.EndObject();
}

void AppendAlertGroup(JsonWriter& json, const notify::Notifier::GroupView& group,
                      const std::vector<const AlertView*>& alerts) {
  json.BeginObject().Key("alerts").BeginArray();
  for (const AlertView* const alert : alerts) AppendGettableAlert(json, *alert);
  json.EndArray();
  AppendLabelsAt(json, "labels", group.labels);
  json.Key("receiver").BeginObject().Key("name").String(group.receiver).EndObject();
  json.EndObject();
}

void AppendGettableSilence(JsonWriter& json, const notify::Silence& silence, TimePoint now) {
  json.BeginObject().Key("id").String(silence.id);
  json.Key("status").BeginObject().Key("state").String(Name(silence.StateAt(now))).EndObject();
  json.Key("updatedAt").String(FormatRfc3339(silence.updated_at));
  json.Key("comment").String(silence.comment).Key("createdBy").String(silence.created_by);
  json.Key("endsAt").String(FormatRfc3339(silence.ends_at));
  json.Key("matchers").BeginArray();
  for (const LabelMatcher& matcher : silence.matchers) AppendMatcher(json, matcher);
  json.EndArray();
  json.Key("startsAt").String(FormatRfc3339(silence.starts_at)).EndObject();
}

std::string AlertmanagerStatusJson(std::string_view configuration, TimePoint started_at) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject().Key("cluster").BeginObject().Key("peers").BeginArray().EndArray();
  json.Key("status").String("disabled").EndObject();
  json.Key("config").BeginObject().Key("original").String(configuration).EndObject();
  json.Key("uptime").String(FormatRfc3339(started_at));
  json.Key("versionInfo").BeginObject();
  for (const std::string_view unknown : {"branch", "buildDate", "buildUser", "goVersion"}) {
    json.Key(unknown).String("");
  }
  json.Key("revision").String(Revision()).Key("version").String(Version()).EndObject().EndObject();
  return text;
}

}  // namespace tocsin::api
