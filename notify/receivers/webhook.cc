#include "notify/receivers/webhook.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "notify/received_alert.h"
#include "notify/receivers/digests.h"
#include "notify/receivers/http_post.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

/// As Go prints times: without zeros at the end of the fraction.
std::string GoTime(std::optional<TimePoint> moment) {
  std::string text = FormatRfc3339(moment);
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return text;
  text.pop_back();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + "Z";
}

/// GoTime() of one alert after the other: those that came together have it in common.
class GoTimes {
 public:
  const std::string& Of(std::optional<TimePoint> moment) {
    if (moment != last_) {
      last_ = moment;
      text_ = GoTime(moment);
    }
    return text_;
  }

 private:
  std::optional<TimePoint> last_;
  std::string text_ = GoTime(std::nullopt);
};

struct AlertTimes {
  GoTimes starts;
  GoTimes ends;
};

void AddTexts(JsonWriter& json, std::string_view key, const Labels& labels) {
  json.Key(key).BeginObject();
  for (const Label& label : labels) json.Key(label.name.text()).String(label.value.text());
  json.EndObject();
}

void AddTexts(JsonWriter& json, std::string_view key, const Annotations& annotations) {
  json.Key(key).BeginObject();
  for (const auto& [name, text] : annotations) json.Key(name).String(text);
  json.EndObject();
}

void AddAlert(JsonWriter& json, const NotifiedAlert& alert, AlertTimes& times) {
  const bool has_end = alert.ends_at != TimePoint();
  json.BeginObject().Key("status").String(alert.resolved ? "resolved" : "firing");
  AddTexts(json, "labels", alert.labels);
  AddTexts(json, "annotations", alert.annotations);
  json.Key("startsAt").String(times.starts.Of(alert.starts_at));
  json.Key("endsAt").String(times.ends.Of(has_end ? std::optional(alert.ends_at) : std::nullopt));
  json.Key("generatorURL").String(alert.generator_url);
  json.Key("fingerprint").String(FingerprintText(alert.fingerprint)).EndObject();
}

std::string WholeBody(const Notification& notification, std::string_view external_url,
                      std::size_t left_out) {
  std::string text;
  constexpr std::size_t kUsualAlertBytes = 512;
  text.reserve((notification.alerts.size() + 1) * kUsualAlertBytes);
  JsonWriter json(text);
  json.BeginObject().Key("receiver").String(notification.receiver);
  json.Key("status").String(notification.is_firing() ? "firing" : "resolved");
  json.Key("alerts").BeginArray();
  AlertTimes times;
  for (const NotifiedAlert& alert : notification.alerts) AddAlert(json, alert, times);
  json.EndArray();
  AddTexts(json, "groupLabels", notification.group_labels);
  AddTexts(json, "commonLabels", CommonLabels(notification));
  AddTexts(json, "commonAnnotations", CommonAnnotations(notification));
  json.Key("externalURL").String(external_url);
  json.Key("notification_reason").String(Name(notification.reason));
  json.Key("version").String("4");
  json.Key("groupKey").String(notification.group_key);
  json.Key("truncatedAlerts").Integer(static_cast<std::int64_t>(left_out)).EndObject();
  return text;
}

class WebhookSender final : public Sender {
 public:
  WebhookSender(const WebhookConfig& config, SenderParts parts)
      : config_(config),
        parts_(std::move(parts)),
        post_(parts_, config_.http),
        texts_("webhook", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    const Notification& notification = delivery.notification;
    HttpPost::Request request{.url = &config_.url, .body = Body(notification)};
    request.headers = {{"Idempotency-Key", notification.event_id},
                       {"X-Tocsin-Event-Id", notification.event_id}};
    if (config_.hmac_secret.is_set()) {
      Result<Secret> secret = config_.hmac_secret.Read();
      if (!secret) return Judge(secret.error(), parts_.clock->Now());
      request.headers.emplace_back("X-Tocsin-Signature", Signature(*secret, request.body));
      request.secrets.push_back(std::move(*secret));
    }
    return post_.JudgeAnswer(post_.Send(std::move(request), stop));
  }

 private:
  std::string Body(const Notification& notification) {
    std::string plain = config_.payload.is_set() ? OwnBody(notification) : std::string();
    if (!plain.empty()) return plain;
    return WebhookBody(notification, parts_.external_url, config_.max_alerts);
  }

  /// Empty if one of its texts fails: half a payload might mean something else.
  std::string OwnBody(const Notification& notification) {
    texts_.Begin(TemplateData({.notification = &notification, .external_url = parts_.external_url}),
                 ShortText(notification));
    std::string text;
    JsonWriter json(text);
    config_.payload.AppendJson(json, texts_);
    return texts_.has_failed() ? std::string() : text;
  }

  /// The time is signed, too, so that a request cannot be used again later.
  std::string Signature(const Secret& secret, const std::string& body) const {
    const std::int64_t now =
        std::chrono::floor<std::chrono::seconds>(parts_.clock->Now()).time_since_epoch().count();
    return fmt::format("t={},v1={}", now,
                       HmacSha256Hex(secret.Reveal(), fmt::format("{}.{}", now, body)));
  }

  const WebhookConfig config_;
  const SenderParts parts_;
  HttpPost post_;
  TextExpander texts_;
};

}  // namespace

std::unique_ptr<Sender> WebhookConfig::MakeSender(SenderParts parts) const {
  return std::make_unique<WebhookSender>(*this, std::move(parts));
}

std::unique_ptr<Integration> ReadWebhook(YamlMap& options, const ReceiverDefaults& defaults) {
  constexpr int kMostInFlight = 64;
  auto config = std::make_unique<WebhookConfig>();
  config->send_resolved = options.BoolOr("send_resolved", true);
  config->url = ReadSecretUrl(options, "url");
  if (!config->url.is_set()) {
    options.diagnostics().Add(options.place(), "expected url or url_file");
  }
  config->hmac_secret = options.SecretOf("hmac_secret");
  config->max_alerts = static_cast<std::size_t>(
      options.IntegerOr("max_alerts", 0, 0, std::numeric_limits<int>::max()));
  config->max_in_flight =
      static_cast<std::size_t>(options.IntegerOr("max_in_flight", 8, 1, kMostInFlight));
  if (const YamlNode* const payload = options.Node("payload")) {
    config->payload = TemplatedTree(*payload, *defaults.templates, options.diagnostics());
  }
  config->http = ReadHttpConfig(options, defaults.http);
  const Duration timeout =
      options.DurationOr("timeout", Duration::zero());  // 0 in Alertmanager: none.
  if (timeout > Duration::zero()) config->http.timeout = timeout;
  return config;
}

std::string WebhookBody(const Notification& notification, std::string_view external_url,
                        std::size_t max_alerts) {
  const std::size_t all = notification.alerts.size();
  if (max_alerts == 0 || all <= max_alerts) return WholeBody(notification, external_url, 0);
  // All that is said is about the alerts that are there.
  Notification cut = notification;
  cut.alerts.resize(max_alerts);
  return WholeBody(cut, external_url, all - max_alerts);
}

}  // namespace tocsin::notify
