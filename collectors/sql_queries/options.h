// The options of the collector `sql`.

#pragma once

#include <memory>

#include "base/yaml.h"
#include "collectors/sql_queries/settings.h"

namespace tocsin::collectors::sql_queries {

/// Reads all options of an instance. Mistakes go to the map's diagnostics.
std::shared_ptr<const Settings> ReadSettings(YamlMap& options);

}  // namespace tocsin::collectors::sql_queries
