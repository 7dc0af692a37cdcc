// What addresses and commands do with the notifier, without knowing it.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/result.h"
#include "notify/notifier.h"
#include "notify/notify_store.h"
#include "notify/silence.h"

namespace tocsin {

/// The functions of notify::Notifier and notify::NotifyStore with the same names. They may be
/// called by any thread, and may wait for a disk.
struct NotifierAccess {
  std::function<std::vector<notify::Notifier::AlertView>()> alerts;
  std::function<std::optional<notify::Notifier::AlertView>(std::uint64_t fingerprint)> find_alert;
  std::function<std::vector<notify::Notifier::GroupView>()> groups;
  std::function<void(std::vector<Alert>)> post;
  std::function<notify::AlertNaming()> naming;

  std::function<std::vector<notify::Silence>()> silences;
  std::function<std::optional<notify::Silence>(std::string_view id)> find_silence;
  std::function<Result<std::string>(notify::Silence)> set_silence;
  std::function<Status(std::string_view id)> expire_silence;

  std::function<Result<std::vector<notify::HistoryRecord>>(
      const notify::NotifyStore::HistoryQuery&)>
      history;
  std::function<Result<std::vector<notify::DeadLetter>>(std::size_t limit)> dead_letters;

  /// Names, in the order of the configuration.
  std::function<std::vector<std::string>()> receivers;
  /// The map `notify` of the configuration in YAML, its secrets hidden.
  std::function<std::string()> configuration;
  /// How others reach this server, without a slash at the end.
  std::function<std::string()> external_url;
};

}  // namespace tocsin
