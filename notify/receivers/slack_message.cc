#include "notify/receivers/slack_message.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/number.h"
#include "base/rfc3339.h"
#include "notify/alert_links.h"
#include "notify/receivers/cut_text.h"

namespace tocsin::notify {
namespace {

// Parts of a section, so that together they are not more than one takes.
constexpr std::size_t kMostName = 150;
constexpr std::size_t kMostSummary = 300;
constexpr std::size_t kMostDescription = 800;
constexpr std::size_t kMostLabels = 500;
constexpr std::size_t kMostCondition = 100;
constexpr std::size_t kMostUrl = 600;

constexpr std::size_t kMostTitle = 1'024;  ///< Of an attachment, as Alertmanager cuts it.
constexpr std::size_t kMostText = 4'000;   ///< What Slack recommends.
constexpr std::size_t kMostLines = 20;     ///< Of a plain message and of a reply.
constexpr std::size_t kMostActions = 25;

std::string Escaped(std::string_view text, std::size_t most) {
  return CutToCharacters(SlackEscaped(text), most);
}

std::string_view NameOf(const NotifiedAlert& alert) {
  const std::string_view name = alert.labels.Get("alertname");
  return name.empty() ? std::string_view("alert") : name;
}

std::string_view SummaryOf(const NotifiedAlert& alert) {
  for (const std::string_view name : {"summary", "title", "message"}) {
    const std::string_view text = AnnotationOf(alert, name);
    if (!text.empty()) return text;
  }
  return {};
}

/// `<url|text>`, or the text alone if the URL is none that can stand there.
std::string Link(std::string_view url, std::string_view text) {
  const bool can_stand = !url.empty() && url.size() <= kMostUrl &&
                         url.find_first_of("<>| \r\n") == std::string_view::npos;
  return can_stand ? fmt::format("<{}|{}>", SlackEscaped(url), text) : std::string(text);
}

/// A time that Slack shows in the reader's zone.
std::string Time(TimePoint moment) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(moment.time_since_epoch()).count();
  return fmt::format("<!date^{}^{{date_short_pretty}} {{time}}|{}>", seconds,
                     FormatRfc3339(moment));
}

std::string LabelsLine(const NotifiedAlert& alert) {
  std::string line;
  for (const Label& label : alert.labels) {
    if (label.name.text() == "alertname") continue;
    if (!line.empty()) line += ' ';
    line += fmt::format("{}={}", label.name.text(), label.value.text());
  }
  return Escaped(line, kMostLabels);
}

std::string ValueLine(const NotifiedAlert& alert, const std::string& sparkline) {
  if (!alert.value) return {};
  std::string line = fmt::format("value *{}*", ValueText(alert));
  if (!alert.condition.empty()) {
    line += fmt::format(" ({}{})", alert.resolved ? "was " : "",
                        Escaped(alert.condition, kMostCondition));
  }
  if (!sparkline.empty()) line += "  " + sparkline;
  return line;
}

void AddLine(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

/// Firing alerts first: what is left out at the end is rather what is over.
std::vector<std::size_t> Order(const Notification& notification) {
  std::vector<std::size_t> order(notification.alerts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return !notification.alerts[i].resolved; });
  return order;
}

void AddMarkdown(JsonWriter& json, std::string_view text) {
  json.BeginObject().Key("type").String("mrkdwn").Key("text").String(text).EndObject();
}

}  // namespace

std::string SlackEscaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string SlackMessage::Full(const SlackPlace& place) {
  std::string text;
  JsonWriter json(text);
  Begin(json, place);
  if (config_.has_own_format) AddText(json, "text", config_.message_text);
  json.Key("attachments").BeginArray().BeginObject();
  json.Key("color").String(texts_.Detail(config_.color));
  json.Key("fallback").String(CutToCharacters(texts_.Main(config_.fallback), kMostText));
  if (config_.has_own_format) {
    AddAttachment(json);
  } else {
    AddBlocks(json);
  }
  json.EndObject().EndArray().EndObject();
  return text;
}

std::string SlackMessage::Plain(const SlackPlace& place) {
  std::string lines = Escaped(ShortText(notification_), kMostTitle);
  std::size_t shown = 0;
  for (const std::size_t i : Order(notification_)) {
    if (shown++ == kMostLines) break;
    AddLine(lines, ShortLine(notification_.alerts[i]));
  }
  std::string text;
  JsonWriter json(text);
  Begin(json, place).Key("text").String(CutToCharacters(lines, kMostText)).EndObject();
  return text;
}

std::string SlackMessage::Changes(const SlackPlace& place) {
  std::string lines;
  std::size_t changed = 0;
  for (const std::size_t i : Order(notification_)) {
    const NotifiedAlert& alert = notification_.alerts[i];
    if (!alert.resolved && !alert.is_new) continue;
    if (changed++ < kMostLines) AddLine(lines, ShortLine(alert));
  }
  if (changed == 0) return {};
  if (changed > kMostLines) AddLine(lines, fmt::format("and {} more", changed - kMostLines));
  std::string text;
  JsonWriter json(text);
  Begin(json, place).Key("text").String(CutToCharacters(lines, kMostText)).EndObject();
  return text;
}

JsonWriter& SlackMessage::Begin(JsonWriter& json, const SlackPlace& place) {
  json.BeginObject();
  const std::string channel =
      place.channel.empty() ? texts_.Detail(config_.channel) : place.channel;
  if (!channel.empty()) json.Key("channel").String(channel);
  if (!place.ts.empty()) {  // Who says it cannot be changed.
    json.Key("ts").String(place.ts);
    return json;
  }
  if (!place.thread_ts.empty()) json.Key("thread_ts").String(place.thread_ts);
  AddText(json, "username", config_.username);
  AddText(json, "icon_emoji", config_.icon_emoji);
  AddText(json, "icon_url", config_.icon_url);
  if (config_.link_names) json.Key("link_names").Bool(true);
  return json;
}

void SlackMessage::AddText(JsonWriter& json, std::string_view key, const MessageText& text) {
  if (text.empty()) return;
  const std::string expanded = texts_.Detail(text);
  if (!expanded.empty()) json.Key(key).String(expanded);
}

std::string SlackMessage::Title() {
  return texts_.Main(config_.title);
}

void SlackMessage::AddBlocks(JsonWriter& json) {
  const std::string header = CutToCharacters(Title(), kMostHeader);
  json.Key("blocks").BeginArray().BeginObject().Key("type").String("header").Key("text");
  json.BeginObject().Key("type").String("plain_text").Key("text").String(header).EndObject();
  json.EndObject();
  std::size_t characters = CountCharacters(header);
  std::size_t shown = 0;
  constexpr std::size_t kMostSections = kMostBlocks - 2;  // Header and rest are blocks, too.
  for (const std::size_t i : Order(notification_)) {
    const std::string section = Section(i);
    characters += CountCharacters(section);
    if (shown == kMostSections || characters > kMostCharacters) break;
    ++shown;
    json.BeginObject().Key("type").String("section").Key("text");
    AddMarkdown(json, section);
    json.EndObject();
  }
  if (shown < notification_.alerts.size()) {
    const std::string rest = fmt::format("and {} more", notification_.alerts.size() - shown);
    json.BeginObject().Key("type").String("context").Key("elements").BeginArray();
    AddMarkdown(json, rest);
    json.EndArray().EndObject();
  }
  json.EndArray();
}

std::string SlackMessage::Section(std::size_t index) const {
  const NotifiedAlert& alert = notification_.alerts[index];
  std::string text = ShortLine(alert);
  const std::string_view description = AnnotationOf(alert, "description");
  if (description != SummaryOf(alert)) AddLine(text, Escaped(description, kMostDescription));
  AddLine(text, LabelsLine(alert));
  std::string when = "since " + Time(alert.starts_at);
  if (alert.resolved) when += " until " + Time(alert.ends_at);
  if (const std::string value = ValueLine(alert, sparklines_[index]); !value.empty()) {
    when += " \u00b7 " + value;
  }
  AddLine(text, when);
  AddLine(text, Links(alert));
  return CutToCharacters(text, kMostSection);
}

std::string SlackMessage::Links(const NotifiedAlert& alert) const {
  std::string links;
  const std::pair<std::string, std::string_view> all[] = {
      {RunbookUrl(alert), "Runbook"},
      {AlertUrl(external_url_, alert), "Alert"},
      {alert.resolved ? std::string() : SilenceUrl(external_url_, alert), "Silence"}};
  for (const auto& [url, text] : all) {
    const std::string link = Link(url, text);
    if (!link.starts_with('<')) continue;
    if (!links.empty()) links += " \u00b7 ";
    links += link;
  }
  return links;
}

std::string SlackMessage::ShortLine(const NotifiedAlert& alert) const {
  std::string line = alert.resolved ? ":large_green_circle: resolved " : ":red_circle: ";
  line += fmt::format("*{}*", Escaped(NameOf(alert), kMostName));
  const std::string summary = Escaped(SummaryOf(alert), kMostSummary);
  return summary.empty() ? line : line + " " + summary;
}

void SlackMessage::AddAttachment(JsonWriter& json) {
  json.Key("title").String(CutToCharacters(Title(), kMostTitle));
  AddText(json, "title_link", config_.title_link);
  AddText(json, "pretext", config_.pretext);
  json.Key("text").String(texts_.Main(config_.text));
  AddText(json, "callback_id", config_.callback_id);
  AddText(json, "image_url", config_.image_url);
  AddText(json, "thumb_url", config_.thumb_url);
  AddText(json, "footer", config_.footer);
  json.Key("mrkdwn_in").BeginArray();
  for (const std::string& name : config_.mrkdwn_in) json.String(name);
  json.EndArray();
  AddFields(json);
  AddActions(json);
}

void SlackMessage::AddFields(JsonWriter& json) {
  if (config_.fields.empty()) return;
  json.Key("fields").BeginArray();
  for (const SlackField& field : config_.fields) {
    json.BeginObject().Key("title").String(texts_.Detail(field.title));
    json.Key("value").String(texts_.Detail(field.value));
    json.Key("short").Bool(field.is_short).EndObject();
  }
  json.EndArray();
}

void SlackMessage::AddActions(JsonWriter& json) {
  if (config_.actions.empty()) return;
  json.Key("actions").BeginArray();
  for (std::size_t i = 0; i < std::min(config_.actions.size(), kMostActions); ++i) {
    const SlackAction& action = config_.actions[i];
    json.BeginObject();
    AddText(json, "type", action.type);
    AddText(json, "text", action.text);
    AddText(json, "url", action.url);
    AddText(json, "style", action.style);
    AddText(json, "name", action.name);
    AddText(json, "value", action.value);
    if (action.confirm != nullptr) {
      json.Key("confirm").BeginObject();
      AddText(json, "title", action.confirm->title);
      AddText(json, "text", action.confirm->text);
      AddText(json, "ok_text", action.confirm->ok_text);
      AddText(json, "dismiss_text", action.confirm->dismiss_text);
      json.EndObject();
    }
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace tocsin::notify
