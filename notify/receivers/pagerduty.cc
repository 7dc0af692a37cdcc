#include "notify/receivers/pagerduty.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "notify/alert_links.h"
#include "notify/receivers/cut_text.h"
#include "notify/receivers/http_post.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

// Source: PagerDuty's documentation, "PD-CEF" and "Events API v2 overview", limits.
constexpr std::size_t kMostSummary = 1'024;
constexpr std::size_t kMostEventBytes = 512'000;
constexpr std::array<std::string_view, 4> kSeverities = {"critical", "error", "warning", "info"};

class PagerdutySender final : public Sender {
 public:
  PagerdutySender(const PagerdutyConfig& config, SenderParts parts)
      : config_(config),
        parts_(std::move(parts)),
        post_(parts_, config_.http),
        texts_("pagerduty", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    Result<Secret> key = config_.routing_key.Read();
    if (!key) return Judge(key.error(), parts_.clock->Now());
    HttpPost::Request request{.plain_url = config_.url, .body = Event(delivery.notification, *key)};
    request.secrets.push_back(std::move(*key));
    return post_.JudgeAnswer(post_.Send(std::move(request), stop));
  }

 private:
  std::string Event(const Notification& notification, const Secret& key) {
    texts_.Begin(TemplateData({.notification = &notification, .external_url = parts_.external_url}),
                 ShortText(notification));
    std::string event = Event(notification, key, /*with_details=*/true);
    if (event.size() <= kMostEventBytes) return event;
    return Event(notification, key, /*with_details=*/false);
  }

  std::string Event(const Notification& notification, const Secret& key, bool with_details) {
    std::string text;
    JsonWriter json(text);
    json.BeginObject().Key("routing_key").String(key.Reveal());
    json.Key("event_action").String(notification.is_firing() ? "trigger" : "resolve");
    json.Key("dedup_key").String(DedupKey(notification));
    if (notification.is_firing()) {
      AddPayload(json, notification, with_details);
      AddIfNotEmpty(json, "client", texts_.Detail(config_.client));
      AddIfNotEmpty(json, "client_url", texts_.Detail(config_.client_url));
      AddLinks(json, notification);
      AddImages(json);
    }
    json.EndObject();
    return text;
  }

  std::string DedupKey(const Notification& notification) const {
    if (config_.per == PagerdutyConfig::Per::kGroup || notification.alerts.empty()) {
      return PagerdutyGroupKey(notification.group_key);
    }
    return PagerdutyAlertKey(notification.alerts.front().labels);
  }

  void AddPayload(JsonWriter& json, const Notification& notification, bool with_details) {
    json.Key("payload").BeginObject();
    json.Key("summary").String(CutToCharacters(texts_.Main(config_.description), kMostSummary));
    const std::string source = texts_.Detail(config_.source);
    json.Key("source").String(source.empty() ? "tocsin" : source);
    json.Key("severity").String(Severity());
    if (!notification.alerts.empty()) {
      json.Key("timestamp").String(FormatRfc3339(notification.alerts.front().starts_at));
    }
    AddIfNotEmpty(json, "component", texts_.Detail(config_.component));
    AddIfNotEmpty(json, "group", texts_.Detail(config_.group));
    AddIfNotEmpty(json, "class", texts_.Detail(config_.event_class));
    json.Key("custom_details").BeginObject();
    if (with_details) {
      for (const auto& [name, detail] : config_.details) detail.AppendJson(json.Key(name), texts_);
    } else {
      json.Key("error").String("details left out: PagerDuty takes no event above 512 KB");
    }
    json.EndObject().EndObject();
  }

  /// PagerDuty refuses any other word.
  std::string Severity() {
    std::string severity = texts_.Detail(config_.severity);
    const bool is_known =
        std::find(kSeverities.begin(), kSeverities.end(), severity) != kSeverities.end();
    return is_known ? severity : "error";
  }

  static void AddIfNotEmpty(JsonWriter& json, std::string_view key, const std::string& text) {
    if (!text.empty()) json.Key(key).String(text);
  }

  static void AddLink(JsonWriter& json, const std::string& href, std::string_view text) {
    if (href.empty()) return;
    json.BeginObject().Key("href").String(href);
    if (!text.empty()) json.Key("text").String(text);
    json.EndObject();
  }

  /// Those of the configuration, and where more can be read of the first alert.
  void AddLinks(JsonWriter& json, const Notification& notification) {
    json.Key("links").BeginArray();
    for (const PagerdutyLink& link : config_.links) {
      AddLink(json, texts_.Detail(link.href), texts_.Detail(link.text));
    }
    if (!notification.alerts.empty()) {
      const NotifiedAlert& alert = notification.alerts.front();
      AddLink(json, RunbookUrl(alert), "Runbook");
      AddLink(json, AlertUrl(parts_.external_url, alert), "Alert");
    }
    json.EndArray();
  }

  void AddImages(JsonWriter& json) {
    if (config_.images.empty()) return;
    json.Key("images").BeginArray();
    for (const PagerdutyImage& image : config_.images) {
      const std::string src = texts_.Detail(image.src);
      if (src.empty()) continue;
      json.BeginObject().Key("src").String(src);
      AddIfNotEmpty(json, "href", texts_.Detail(image.href));
      AddIfNotEmpty(json, "alt", texts_.Detail(image.alt));
      json.EndObject();
    }
    json.EndArray();
  }

  const PagerdutyConfig config_;
  const SenderParts parts_;
  HttpPost post_;
  TextExpander texts_;
};

}  // namespace

std::unique_ptr<Sender> PagerdutyConfig::MakeSender(SenderParts parts) const {
  return std::make_unique<PagerdutySender>(*this, std::move(parts));
}

}  // namespace tocsin::notify
