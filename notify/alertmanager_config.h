// The Alertmanagers that alerts are pushed to, as the configuration lists them.

#pragma once

#include <string>
#include <vector>

#include "base/http_client.h"
#include "base/relabel.h"
#include "base/yaml.h"

namespace tocsin::notify {

/// One Alertmanager. Immutable once read.
struct AlertmanagerConfig {
  std::string url;  ///< With a path, if it has one; without user, query and a slash at the end.
  HttpSettings http;
  RelabelRules alert_relabel;  ///< After those for all.
};

/// Where alerts are pushed to. Immutable once read.
struct AlertmanagersConfig {
  std::vector<AlertmanagerConfig> alertmanagers;  ///< Each URL once.
  RelabelRules alert_relabel;                     ///< For all of them.
};

/// Reads `alertmanagers` and `alert_relabel_configs` of the map `notify`, which may have other
/// keys, too. docs/alertmanager.md lists the options. Mistakes are reported.
AlertmanagersConfig ReadAlertmanagers(YamlMap& notify);

}  // namespace tocsin::notify
