// An item of `email_configs`.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receiver.h"
#include "notify/receivers/mail_client.h"
#include "notify/receivers/mail_message.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {

/// Immutable once read. Source: Alertmanager's documentation, "Configuration", <email_config>.
struct EmailConfig final : Integration {
  MailServer server;
  MessageText to;
  MessageText from;
  MessageText html;
  MessageText text;
  NamedTexts headers;       ///< Also those that are always there, unless they are set.
  bool has_threads = true;  ///< `threading`: a group's mails refer to the same one.

  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadEmail(YamlMap& options, const ReceiverDefaults& defaults);

}  // namespace tocsin::notify
