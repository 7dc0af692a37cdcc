// An item of `slack_configs`.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/http_client.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// A column of an attachment.
struct SlackField {
  MessageText title;
  MessageText value;
  bool is_short = false;
};

/// What is asked before a button does something.
struct SlackConfirmation {
  MessageText title;
  MessageText text;
  MessageText ok_text;
  MessageText dismiss_text;
};

/// A button of an attachment.
struct SlackAction {
  MessageText type;
  MessageText text;
  MessageText url;
  MessageText style;
  MessageText name;
  MessageText value;
  std::shared_ptr<const SlackConfirmation> confirm;  ///< Null: nothing is asked.
};

/// Immutable once read. Source: Alertmanager's documentation, "Configuration", <slack_config>.
struct SlackConfig final : Integration {
  /// Where an incoming webhook listens. Not set: the Web API is used.
  SecretSource webhook_url;
  SecretSource token;  ///< For the Web API; not set: `http` authorizes.
  std::string post_url = "https://slack.com/api/chat.postMessage";  ///< Of the Web API.
  HttpSettings http;

  /// The group's message is changed when the group changes, and not followed by another.
  bool updates_message = false;
  /// What has changed is said below the message that is updated.
  bool replies_in_thread = true;
  /// Labels and annotations cannot ping anybody or make links: `& < >` in them are escaped.
  bool escapes = true;

  MessageText channel;
  MessageText username;
  MessageText icon_emoji;
  MessageText icon_url;
  bool link_names = false;
  MessageText color;
  MessageText title;
  MessageText fallback;

  /// The message is an attachment as Alertmanager sends it, with what follows. Else it has blocks.
  bool has_own_format = false;
  MessageText message_text;
  MessageText title_link;
  MessageText pretext;
  MessageText text;
  MessageText footer;
  MessageText callback_id;
  MessageText image_url;
  MessageText thumb_url;
  bool short_fields = false;
  std::vector<SlackField> fields;
  std::vector<SlackAction> actions;
  std::vector<std::string> mrkdwn_in;

  bool uses_web_api() const { return !webhook_url.is_set(); }

  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadSlack(YamlMap& options, const ReceiverDefaults& defaults);

}  // namespace tocsin::notify
