// The part of the configuration that says who is told of alerts, and how.

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/alertmanager_config.h"
#include "notify/inhibition.h"
#include "notify/receiver.h"
#include "notify/route.h"
#include "notify/time_interval.h"

namespace tocsin::notify {

/// A URL that is called after each full evaluation of the rules, by which somebody else learns that
/// tocsin is dead.
struct DeadmanConfig {
  SecretSource url;                             ///< Not set: nobody is called.
  Duration interval = std::chrono::minutes(1);  ///< At most once in this time.
  HttpSettings http;
};

/// Immutable once read.
struct NotifyConfig {
  AlertmanagersConfig alertmanagers;
  DeadmanConfig deadman;

  /// Of the built-in notifier. Null: there is none.
  std::shared_ptr<const Route> route;
  std::vector<Receiver> receivers;
  std::vector<InhibitRule> inhibit_rules;
  TimeIntervals time_intervals;
  Duration resolve_timeout = std::chrono::minutes(5);  ///< Of alerts posted without an end.
  /// How long a receiver may fail until the others are told of that; 0 for never.
  Duration failing_after = std::chrono::minutes(15);

  /// Who is told of what as YAML, wherever it stands: see RoutingText().
  std::string text;
  std::vector<std::string> notes;  ///< For the operator: what was understood and left out.
};

/// Reads the map `notify`. `config_file` in it names an Alertmanager configuration, whose keys then
/// do not stand here. Mistakes are reported; those in that file are added to `file_mistakes`, a
/// line each.
NotifyConfig ReadNotify(YamlMap& notify, std::string& file_mistakes);

}  // namespace tocsin::notify
