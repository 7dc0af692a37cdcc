// An item of `msteamsv2_configs`: adaptive cards for Microsoft Teams' workflows.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/http_client.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// Immutable once read. Source: Alertmanager's documentation, "Configuration", <msteamsv2_config>.
struct Msteamsv2Config final : Integration {
  /// Of a message. Source: Microsoft's documentation, "Create and send messages", limits.
  static constexpr std::size_t kMostBytes = std::size_t{28} * 1024;

  SecretSource webhook_url;
  HttpSettings http;
  MessageText title;
  MessageText text;

  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadMsteamsv2(YamlMap& options, const ReceiverDefaults& defaults);

}  // namespace tocsin::notify
