// The routing tree as YAML that every Alertmanager understands.

#pragma once

#include <string>

#include "base/yaml.h"

namespace tocsin::notify {

/// Of a map with the keys of an Alertmanager configuration what decides who is told of what: the
/// routes, inhibition and time intervals; of receivers their names alone. amtool reads a
/// configuration strictly, and there are kinds of receivers and keys that only tocsin has, or only
/// newer Alertmanagers. None of that is a secret. Empty if there is nothing of that.
std::string RoutingText(const YamlNode& configuration);

}  // namespace tocsin::notify
