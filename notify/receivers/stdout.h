// An item of `stdout_configs`: for trying what would be sent.

#pragma once

#include <memory>

#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// Writes each notification to standard output. Immutable once read.
struct StdoutConfig final : Integration {
  MessageText text;

  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadStdout(YamlMap& options, const ReceiverDefaults& defaults);

}  // namespace tocsin::notify
