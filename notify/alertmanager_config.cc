#include "notify/alertmanager_config.h"

#include <set>
#include <string_view>
#include <utility>

#include "base/http_options.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kAlertsPath = "/api/v2/alerts";

std::string ReadUrl(YamlMap& options) {
  std::string url = ReadHttpUrl(options, "url");
  while (url.ends_with('/')) url.pop_back();
  if (url.find_first_of("?#") != std::string::npos) {
    options.Refuse("url", "expected no query and no fragment");
  } else if (url.ends_with(kAlertsPath)) {
    options.Refuse("url", "expected the address without /api/v2/alerts, which is added");
  }
  return url;
}

AlertmanagerConfig ReadAlertmanager(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  AlertmanagerConfig config;
  config.url = ReadUrl(options);
  config.http = ReadHttpSettings(options);
  config.http.timeout = options.PositiveDurationOr("timeout", config.http.timeout);
  config.alert_relabel = ReadRelabelRules(options, "alert_relabel_configs");
  return config;
}

}  // namespace

AlertmanagersConfig ReadAlertmanagers(YamlMap& notify) {
  AlertmanagersConfig config;
  std::set<std::string> seen;
  for (const YamlNode& node : notify.List("alertmanagers")) {
    AlertmanagerConfig& read =
        config.alertmanagers.emplace_back(ReadAlertmanager(node, notify.diagnostics()));
    if (!read.url.empty() && !seen.insert(read.url).second) {
      notify.diagnostics().Add(node.place, "url: the same Alertmanager is there twice");
    }
  }
  config.alert_relabel = ReadRelabelRules(notify, "alert_relabel_configs");
  return config;
}

}  // namespace tocsin::notify
