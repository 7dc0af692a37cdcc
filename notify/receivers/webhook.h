// An item of `webhook_configs`: JSON, posted to any address.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/receiver.h"
#include "notify/receivers/templated_tree.h"

namespace tocsin::notify {

/// Immutable once read. Source: Alertmanager's documentation, "Configuration", <webhook_config>.
struct WebhookConfig final : Integration {
  SecretSource url;
  SecretSource hmac_secret;    ///< Not set: requests are not signed.
  std::size_t max_alerts = 0;  ///< 0: all.
  TemplatedTree payload;       ///< Not set: WebhookBody().
  HttpSettings http;

  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadWebhook(YamlMap& options, const ReceiverDefaults& defaults);

/// The notification in Alertmanager's format, version 4, with at most `max_alerts` alerts (0 for
/// all). Source: Alertmanager's documentation, "Configuration", <webhook_config>; template.Data.
std::string WebhookBody(const Notification& notification, std::string_view external_url,
                        std::size_t max_alerts);

}  // namespace tocsin::notify
