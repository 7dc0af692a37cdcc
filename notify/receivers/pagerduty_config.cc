#include <algorithm>

#include "notify/receivers/digests.h"
#include "notify/receivers/http_post.h"
#include "notify/receivers/pagerduty.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

struct DefaultDetail {
  std::string_view name;
  std::string_view text;
};
constexpr DefaultDetail kGroupDetails[] = {
    {"firing", R"({{ template "pagerduty.default.instances" .Alerts.Firing }})"},
    {"resolved", R"({{ template "pagerduty.default.instances" .Alerts.Resolved }})"},
    {"num_firing", "{{ .Alerts.Firing | len }}"},
    {"num_resolved", "{{ .Alerts.Resolved | len }}"}};
constexpr DefaultDetail kAlertDetails[] = {
    {"labels", "{{ toJson .CommonLabels }}"},
    {"annotations", "{{ toJson .CommonAnnotations }}"},
    {"value", "{{ range .Alerts }}{{ if ne .Value nil }}{{ humanize .Value }}{{ end }}{{ end }}"},
    {"condition", "{{ range .Alerts }}{{ .Condition }}{{ end }}"},
    {"generator_url", "{{ range .Alerts }}{{ .GeneratorURL }}{{ end }}"}};

TemplatedTree Tree(std::string_view text, const MessageTemplates& templates,
                   Diagnostics& diagnostics) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.text = text;
  return TemplatedTree(node, templates, diagnostics);
}

void ReadDetails(YamlMap& options, const MessageTemplates& templates, PagerdutyConfig& config) {
  if (const YamlNode* const node = options.Node("details")) {
    if (node->kind != YamlNode::Kind::kMap) options.Refuse("details", "expected a map");
    config.details = TemplatedTree(*node, templates, options.diagnostics()).entries();
  }
  const auto add = [&](const DefaultDetail& detail) {
    const auto found = std::find_if(config.details.begin(), config.details.end(),
                                    [&](const auto& entry) { return entry.first == detail.name; });
    if (found != config.details.end()) return;
    config.details.emplace_back(detail.name, Tree(detail.text, templates, options.diagnostics()));
  };
  if (config.per == PagerdutyConfig::Per::kGroup) {
    std::for_each(std::begin(kGroupDetails), std::end(kGroupDetails), add);
  } else {
    std::for_each(std::begin(kAlertDetails), std::end(kAlertDetails), add);
  }
}

void ReadLinks(YamlMap& options, const MessageTemplates& templates, PagerdutyConfig& config) {
  for (const YamlNode& node : options.List("links")) {
    YamlMap link(node, options.diagnostics());
    PagerdutyLink& read = config.links.emplace_back();
    read.href = ReadText(link, "href", "", templates);
    read.text = ReadText(link, "text", "", templates);
  }
  for (const YamlNode& node : options.List("images")) {
    YamlMap image(node, options.diagnostics());
    PagerdutyImage& read = config.images.emplace_back();
    read.src = ReadText(image, "src", "", templates);
    read.href = ReadText(image, "href", "", templates);
    read.alt = ReadText(image, "alt", "", templates);
  }
}

PagerdutyConfig::Per ReadPer(YamlMap& options) {
  const std::string per = options.StringOr("per", "alert");
  if (per == "group") return PagerdutyConfig::Per::kGroup;
  if (per != "alert") options.Refuse("per", "expected alert or group");
  return PagerdutyConfig::Per::kAlert;
}

bool IsAlertNews(const Notification& notification, const NotifiedAlert& alert) {
  switch (notification.reason) {
    case NotifyReason::kNewAlerts:
    case NotifyReason::kSomeResolved: return alert.is_new || alert.resolved;
    case NotifyReason::kFirst:
    case NotifyReason::kAllResolved:
    case NotifyReason::kRepeat:
    case NotifyReason::kTest: break;
  }
  return true;
}

}  // namespace

std::string PagerdutyAlertKey(const Labels& labels) {
  return Sha256Hex("tocsin:" + labels.ToString());
}

std::string PagerdutyGroupKey(std::string_view group_key) {
  return Sha256Hex(group_key);
}

std::vector<Delivery> PagerdutyConfig::Split(const Notification& notification) const {
  if (notification.reason == NotifyReason::kTest) return SplitTest(notification);
  if (per == Per::kGroup) return Integration::Split(notification);
  std::vector<Delivery> deliveries;
  deliveries.reserve(notification.alerts.size());
  Notification one = notification;
  one.alerts.clear();
  for (const NotifiedAlert& alert : notification.alerts) {
    if (!IsAlertNews(notification, alert) || (alert.resolved && !send_resolved)) continue;
    one.alerts.assign(1, alert);
    deliveries.push_back(
        {.key = PagerdutyAlertKey(alert.labels), .notification = one, .memory = {}});
  }
  return deliveries;
}

/// The incident, and its end: nobody else would resolve it.
std::vector<Delivery> PagerdutyConfig::SplitTest(const Notification& notification) {
  const std::string key = PagerdutyGroupKey(notification.group_key);
  Notification end = notification;
  for (NotifiedAlert& alert : end.alerts) {
    alert.resolved = true;
    alert.ends_at = notification.decided_at;
  }
  return {{.key = key, .notification = notification, .memory = {}},
          {.key = key, .notification = std::move(end), .memory = {}}};
}

std::unique_ptr<Integration> ReadPagerduty(YamlMap& options, const ReceiverDefaults& defaults) {
  const MessageTemplates& templates = *defaults.templates;
  auto config = std::make_unique<PagerdutyConfig>();
  config->send_resolved = options.BoolOr("send_resolved", true);
  config->rate_limit = {.per_second = 2, .burst = 20};
  config->max_in_flight = 4;
  config->per = ReadPer(options);
  config->routing_key = options.SecretOf("routing_key");
  for (const std::string_view key : {"service_key", "service_key_file"}) {
    if (options.Has(key)) options.diagnostics().NoteSecret(options.PlaceOf(key));
    options.Reserve(key, "is of version 1 of the API, which is not supported: use routing_key");
  }
  if (!config->routing_key.is_set()) {
    options.diagnostics().Add(options.place(), "expected routing_key or routing_key_file");
  }
  config->url = options.StringOr("url", defaults.pagerduty_url);
  if (!HttpOrigin(config->url)) options.Refuse("url", "expected a URL");
  config->http = ReadHttpConfig(options, defaults.http);
  config->http.timeout = options.PositiveDurationOr("timeout", config->http.timeout);
  const bool is_by_alert = config->per == PagerdutyConfig::Per::kAlert;
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    return ReadText(options, key, otherwise, templates);
  };
  config->description =
      text("description", is_by_alert ? R"({{ template "pagerduty.default.alert" . }})"
                                      : R"({{ template "pagerduty.default.description" . }})");
  config->severity = text("severity", R"({{ template "pagerduty.default.severity" . }})");
  config->client = text("client", R"({{ template "pagerduty.default.client" . }})");
  config->client_url = text("client_url", R"({{ template "pagerduty.default.clientURL" . }})");
  config->source = text("source", config->client.source());
  config->component = text("component", "");
  config->group = text("group", "");
  config->event_class = text("class", "");
  ReadDetails(options, templates, *config);
  ReadLinks(options, templates, *config);
  return config;
}

}  // namespace tocsin::notify
