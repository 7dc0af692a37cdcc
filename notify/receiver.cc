#include "notify/receiver.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/http_options.h"
#include "notify/receivers/email.h"
#include "notify/receivers/http_post.h"
#include "notify/receivers/msteamsv2.h"
#include "notify/receivers/pagerduty.h"
#include "notify/receivers/slack_config.h"
#include "notify/receivers/stdout.h"
#include "notify/receivers/webhook.h"

namespace tocsin::notify {
namespace {

/// What Alertmanager tells and tocsin does not.
constexpr std::array<std::string_view, 13> kOtherKinds = {
    "discord_configs", "incidentio_configs", "jira_configs",      "mattermost_configs",
    "msteams_configs", "opsgenie_configs",   "pushover_configs",  "rocketchat_configs",
    "sns_configs",     "telegram_configs",   "victorops_configs", "webex_configs",
    "wechat_configs"};

/// In `global`, of the kinds that are not supported. Some are secrets, so all are taken for one.
constexpr std::array<std::string_view, 24> kOtherDefaults = {"jira_api_url",
                                                             "mattermost_webhook_url",
                                                             "mattermost_webhook_url_file",
                                                             "opsgenie_api_key",
                                                             "opsgenie_api_key_file",
                                                             "opsgenie_api_url",
                                                             "rocketchat_api_url",
                                                             "rocketchat_token",
                                                             "rocketchat_token_file",
                                                             "rocketchat_token_id",
                                                             "rocketchat_token_id_file",
                                                             "telegram_api_url",
                                                             "telegram_bot_token",
                                                             "telegram_bot_token_file",
                                                             "victorops_api_key",
                                                             "victorops_api_key_file",
                                                             "victorops_api_url",
                                                             "webex_api_url",
                                                             "wechat_api_corp_id",
                                                             "wechat_api_secret",
                                                             "wechat_api_secret_file",
                                                             "wechat_api_url",
                                                             "incidentio_alert_source_token",
                                                             "incidentio_alert_source_token_file"};

std::string_view HintFor(std::string_view kind) {
  return kind == "msteams_configs" ? "use msteamsv2_configs" : "use webhook_configs";
}

void ReadMailDefaults(YamlMap& global, ReceiverDefaults& defaults) {
  defaults.smtp_from = global.StringOr("smtp_from", "");
  defaults.smtp_hello = global.StringOr("smtp_hello", defaults.smtp_hello);
  defaults.smtp_smarthost = global.StringOr("smtp_smarthost", "");
  defaults.smtp_username = global.StringOr("smtp_auth_username", "");
  defaults.smtp_identity = global.StringOr("smtp_auth_identity", "");
  defaults.smtp_password = global.SecretOf("smtp_auth_password");
  defaults.smtp_require_tls = global.BoolOr("smtp_require_tls", true);
  defaults.smtp_tls = ReadTlsSettings(global, "smtp_tls_config");
}

void ReadEntries(YamlMap& options, const ReceiverDefaults& defaults, const IntegrationKind& kind,
                 Receiver& receiver) {
  std::size_t index = 0;
  for (const YamlNode& node : options.List(kind.config_key)) {
    YamlMap entry(node, options.diagnostics());
    std::shared_ptr<const Integration> integration = kind.read(entry, defaults);
    receiver.entries.push_back({std::string(kind.name), index++, std::move(integration)});
  }
}

void NoteOthers(YamlMap& options, std::vector<std::string>& notes) {
  for (const std::string_view kind : kOtherKinds) {
    const YamlNode* const node = options.Node(kind);
    if (node == nullptr) continue;
    notes.push_back(fmt::format("{}:{}:{}: {}: not supported, left out; {}",
                                options.diagnostics().file(), node->place.line, node->place.column,
                                kind, HintFor(kind)));
  }
}

Receiver ReadReceiver(const YamlNode& node, const ReceiverDefaults& defaults,
                      Diagnostics& diagnostics, std::vector<std::string>& notes) {
  YamlMap options(node, diagnostics);
  Receiver receiver;
  receiver.name = options.RequiredString("name");
  for (const IntegrationKind& kind : AllIntegrationKinds()) {
    ReadEntries(options, defaults, kind, receiver);
  }
  NoteOthers(options, notes);
  return receiver;
}

}  // namespace

std::vector<Delivery> Integration::Split(const Notification& notification) const {
  std::vector<Delivery> all;  // A braced list would copy all of it once more.
  all.push_back({.key = notification.group_key, .notification = notification, .memory = {}});
  return all;
}

ReceiverDefaults ReadReceiverDefaults(YamlMap& notify,
                                      std::shared_ptr<const MessageTemplates> templates) {
  ReceiverDefaults defaults;
  defaults.templates = std::move(templates);
  const YamlNode* const node = notify.Node("global");
  if (node == nullptr) return defaults;
  YamlMap global(*node, notify.diagnostics());
  constexpr std::string_view kNoSecret = "is not supported: use smtp_auth_password";
  global.Reserve("smtp_auth_secret", kNoSecret);
  global.Reserve("smtp_auth_secret_file", kNoSecret);
  global.Reserve("smtp_force_implicit_tls",
                 "is not supported: set force_implicit_tls in email_configs");
  defaults.resolve_timeout = global.PositiveDurationOr("resolve_timeout", defaults.resolve_timeout);
  defaults.http = ReadHttpConfig(global, defaults.http);
  defaults.slack_url = ReadSecretUrl(global, "slack_api_url");
  defaults.slack_token = global.SecretOf("slack_app_token");
  defaults.slack_app_url = global.StringOr("slack_app_url", "");
  defaults.pagerduty_url = global.StringOr("pagerduty_url", defaults.pagerduty_url);
  ReadMailDefaults(global, defaults);
  for (const std::string_view key : kOtherDefaults) {
    if (global.Node(key) != nullptr) notify.diagnostics().NoteSecret(global.PlaceOf(key));
  }
  return defaults;
}

const std::vector<IntegrationKind>& AllIntegrationKinds() {
  static const std::vector<IntegrationKind> kKinds = {
      {"slack", "slack_configs", "messages in Slack's channels", &ReadSlack},
      {"pagerduty", "pagerduty_configs", "events of PagerDuty's Events API v2", &ReadPagerduty},
      {"webhook", "webhook_configs", "JSON, posted to any address", &ReadWebhook},
      {"msteamsv2", "msteamsv2_configs", "cards in Microsoft Teams, through a workflow",
       &ReadMsteamsv2},
      {"email", "email_configs", "mails, through a mail server", &ReadEmail},
      {"stdout", "stdout_configs", "text on standard output, for trying", &ReadStdout}};
  return kKinds;
}

std::string Receiver::Entry::Id() const {
  return fmt::format("{}[{}]", kind, index);
}

std::vector<Receiver> ReadReceivers(YamlMap& notify, const ReceiverDefaults& defaults,
                                    std::vector<std::string>& notes) {
  std::vector<Receiver> receivers;
  std::set<std::string> names;
  for (const YamlNode& node : notify.List("receivers")) {
    const Receiver& receiver =
        receivers.emplace_back(ReadReceiver(node, defaults, notify.diagnostics(), notes));
    if (!receiver.name.empty() && !names.insert(receiver.name).second) {
      notify.diagnostics().Add(node.place,
                               fmt::format("name: \"{}\" is there twice", receiver.name));
    }
  }
  return receivers;
}

}  // namespace tocsin::notify
