#include "notify/receivers/slack_config.h"

#include <array>
#include <string_view>
#include <utility>

#include "notify/receivers/http_post.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kPostMethod = "/chat.postMessage";

/// Options that only an attachment has.
constexpr std::array<std::string_view, 12> kAttachmentOptions = {
    "title",  "title_link", "pretext",   "text",        "fields",    "actions",
    "footer", "image_url",  "thumb_url", "callback_id", "mrkdwn_in", "message_text"};

SlackField ReadField(const YamlNode& node, bool short_fields, const MessageTemplates& templates,
                     Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  SlackField field;
  field.title = ReadText(options, "title", "", templates);
  field.value = ReadText(options, "value", "", templates);
  field.is_short = options.BoolOr("short", short_fields);
  if (!options.Has("title")) options.Refuse("title", "expected a text");
  if (!options.Has("value")) options.Refuse("value", "expected a text");
  return field;
}

std::shared_ptr<const SlackConfirmation> ReadConfirmation(const YamlNode& node,
                                                          const MessageTemplates& templates,
                                                          Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  auto confirm = std::make_shared<SlackConfirmation>();
  confirm->title = ReadText(options, "title", "", templates);
  confirm->text = ReadText(options, "text", "", templates);
  confirm->ok_text = ReadText(options, "ok_text", "", templates);
  confirm->dismiss_text = ReadText(options, "dismiss_text", "", templates);
  if (!options.Has("text")) options.Refuse("text", "expected a text");
  return confirm;
}

SlackAction ReadAction(const YamlNode& node, const MessageTemplates& templates,
                       Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  SlackAction action;
  action.type = ReadText(options, "type", "", templates);
  action.text = ReadText(options, "text", "", templates);
  action.url = ReadText(options, "url", "", templates);
  action.style = ReadText(options, "style", "", templates);
  action.name = ReadText(options, "name", "", templates);
  action.value = ReadText(options, "value", "", templates);
  if (const YamlNode* const confirm = options.Node("confirm")) {
    action.confirm = ReadConfirmation(*confirm, templates, diagnostics);
  }
  if (!options.Has("type")) options.Refuse("type", "expected a type such as button");
  if (!options.Has("text")) options.Refuse("text", "expected a text");
  if (!options.Has("url") && !options.Has("name")) options.Refuse("url", "expected url or name");
  return action;
}

void ReadAttachment(YamlMap& options, const MessageTemplates& templates, SlackConfig& config) {
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    return ReadText(options, key, otherwise, templates);
  };
  for (const std::string_view key : kAttachmentOptions) {
    config.has_own_format = config.has_own_format || options.Has(key);
  }
  config.title_link = text("title_link", R"({{ template "slack.default.titlelink" . }})");
  config.pretext = text("pretext", R"({{ template "slack.default.pretext" . }})");
  config.text = text("text", R"({{ template "slack.default.text" . }})");
  config.message_text = text("message_text", "");
  config.footer = text("footer", R"({{ template "slack.default.footer" . }})");
  config.callback_id = text("callback_id", R"({{ template "slack.default.callbackid" . }})");
  config.image_url = text("image_url", "");
  config.thumb_url = text("thumb_url", "");
  config.mrkdwn_in = options.StringsOr("mrkdwn_in", {"fallback", "pretext", "text"});
  config.short_fields = options.BoolOr("short_fields", false);
  for (const YamlNode& node : options.List("fields")) {
    config.fields.push_back(ReadField(node, config.short_fields, templates, options.diagnostics()));
  }
  for (const YamlNode& node : options.List("actions")) {
    config.actions.push_back(ReadAction(node, templates, options.diagnostics()));
  }
}

/// The entry's own way to Slack, or that of `global`; a token goes before a webhook.
void ReadDestination(YamlMap& options, const ReceiverDefaults& defaults, SlackConfig& config) {
  config.webhook_url = ReadSecretUrl(options, "api_url");
  config.token = options.SecretOf("app_token");
  const std::string otherwise =
      defaults.slack_app_url.empty() ? config.post_url : defaults.slack_app_url;
  config.post_url = options.StringOr("app_url", otherwise);
  if (config.webhook_url.is_set() && config.token.is_set()) {
    options.Refuse("app_token", "expected either app_token or api_url");
  }
  if (!config.webhook_url.is_set() && !config.token.is_set()) {
    config.token = defaults.slack_token;
    if (!config.token.is_set()) config.webhook_url = defaults.slack_url;
  }
  const std::string url = options.StringOr("api_url", "");
  if (std::string_view(url).ends_with(kPostMethod)) {  // Authorized by http_config.
    config.post_url = url;
    config.webhook_url = SecretSource();
  } else if (!config.webhook_url.is_set() && !config.token.is_set()) {
    options.diagnostics().Add(options.place(),
                              "expected api_url, app_token or one of them in global");
  }
  if (!HttpOrigin(config.post_url)) options.Refuse("app_url", "expected a URL");
}

void CheckDestination(YamlMap& options, const SlackConfig& config) {
  if (!config.uses_web_api()) {
    if (config.updates_message) {
      options.Refuse("update_message", "needs app_token: a webhook cannot change messages");
    }
    return;
  }
  if (config.channel.empty()) options.Refuse("channel", "expected a channel, as app_token is used");
  const bool can_update = std::string_view(config.post_url).ends_with(kPostMethod);
  if (config.updates_message && !can_update) {
    options.Refuse("app_url", "expected one that ends in /chat.postMessage, for update_message");
  }
}

}  // namespace

std::unique_ptr<Integration> ReadSlack(YamlMap& options, const ReceiverDefaults& defaults) {
  const MessageTemplates& templates = *defaults.templates;
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    return ReadText(options, key, otherwise, templates);
  };
  auto config = std::make_unique<SlackConfig>();
  config->rate_limit = {.per_second = 1, .burst = 3};
  config->http = ReadHttpConfig(options, defaults.http);
  config->http.timeout = options.PositiveDurationOr("timeout", config->http.timeout);
  ReadDestination(options, defaults, *config);
  config->updates_message = options.BoolOr("update_message", false);
  config->replies_in_thread = options.BoolOr("thread_changes", true);
  // As in Alertmanager; but a message that is kept up to date must also see the end.
  config->send_resolved = options.BoolOr("send_resolved", config->updates_message);
  config->escapes = options.BoolOr("escape", true);
  config->channel = text("channel", "");
  config->username = text("username", R"({{ template "slack.default.username" . }})");
  config->icon_emoji = text("icon_emoji", R"({{ template "slack.default.iconemoji" . }})");
  config->icon_url = text("icon_url", R"({{ template "slack.default.iconurl" . }})");
  config->link_names = options.BoolOr("link_names", false);
  config->color = text("color", R"({{ template "slack.default.color" . }})");
  config->title = text("title", R"({{ template "slack.default.title" . }})");
  config->fallback = text("fallback", R"({{ template "slack.default.fallback" . }})");
  ReadAttachment(options, templates, *config);
  CheckDestination(options, *config);
  return config;
}

}  // namespace tocsin::notify
