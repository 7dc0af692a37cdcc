#include "notify/notify_config.h"

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/http_options.h"
#include "notify/routing_text.h"

namespace tocsin::notify {
namespace {

/// The keys of an Alertmanager configuration, which may stand in `notify` or in a file of theirs.
/// RoutingText() knows which of them decide who is told.
constexpr std::array<std::string_view, 7> kAlertmanagerKeys = {
    "global",         "templates",           "route", "receivers", "inhibit_rules",
    "time_intervals", "mute_time_intervals",
};

/// What Alertmanager's configuration says.
void ReadAlertmanagerKeys(YamlMap& keys, NotifyConfig& config) {
  const ReceiverDefaults defaults = ReadReceiverDefaults(keys, ReadMessageTemplates(keys));
  config.resolve_timeout = defaults.resolve_timeout;
  config.receivers = ReadReceivers(keys, defaults, config.notes);
  config.inhibit_rules = ReadInhibitRules(keys);
  config.time_intervals = ReadTimeIntervals(keys);
  std::set<std::string> receivers;
  for (const Receiver& receiver : config.receivers) receivers.insert(receiver.name);
  std::set<std::string> intervals;
  for (const auto& [name, times] : config.time_intervals) intervals.insert(name);
  config.route = ReadRoute(keys, receivers, intervals);
  if (config.route == nullptr && !config.receivers.empty()) {
    keys.Refuse("receivers", "expected a route beside it: without one nobody is told of anything");
  }
}

void ReadAlertmanagerFile(const std::filesystem::path& file, NotifyConfig& config,
                          std::string& mistakes) {
  const Result<std::string> text = ReadFile(file);
  if (!text) {
    mistakes += fmt::format("{}: {}\n", file.string(), text.error().message);
    return;
  }
  Diagnostics diagnostics(file.string());
  const std::optional<YamlNode> root = ParseYaml(*text, diagnostics);
  if (root && root->kind != YamlNode::Kind::kMap) {
    diagnostics.Add(root->place, "expected the keys of an Alertmanager configuration");
  } else if (root) {
    YamlMap keys(*root, diagnostics);
    ReadAlertmanagerKeys(keys, config);
    if (config.route == nullptr && !keys.Has("route")) {
      diagnostics.Add(root->place, "expected the key \"route\"");
    }
    config.text = RoutingText(*root);
  }
  if (!diagnostics.empty()) mistakes += diagnostics.Text() + "\n";
}

DeadmanConfig ReadDeadman(YamlMap& notify) {
  DeadmanConfig deadman;
  deadman.url = notify.SecretOf("deadman_url");
  deadman.interval = notify.PositiveDurationOr("deadman_interval", deadman.interval);
  return deadman;
}

}  // namespace

NotifyConfig ReadNotify(YamlMap& notify, std::string& file_mistakes) {
  NotifyConfig config;
  config.alertmanagers = ReadAlertmanagers(notify);
  config.deadman = ReadDeadman(notify);
  config.failing_after = notify.DurationOr("receiver_failing_after", config.failing_after);
  const std::filesystem::path file = notify.FileOf("config_file");
  if (!notify.Has("config_file")) {
    ReadAlertmanagerKeys(notify, config);
    config.text = RoutingText(notify.node());
    return config;
  }
  for (const std::string_view key : kAlertmanagerKeys) {
    if (notify.Has(key)) notify.Refuse(key, "stands in the file that config_file names");
    (void)notify.Node(key);
  }
  if (!file.empty()) ReadAlertmanagerFile(file, config, file_mistakes);
  return config;
}

}  // namespace tocsin::notify
