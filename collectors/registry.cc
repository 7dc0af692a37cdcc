#include "collectors/registry.h"

#include <algorithm>
#include <array>

#include "collectors/dagster/collector.h"

namespace tocsin::collectors {

// To add a collector: write its folder beside this file and its tests, and add a row. Sorted by
// name.
std::span<const CollectorEntry> AllCollectors() {
  static const std::array kAll = {
      CollectorEntry{"dagster", "A Dagster instance, from its PostgreSQL database or SQLite files.",
                     dagster::Options(), dagster::Metrics(), dagster::Configure},
  };
  return kAll;
}

const CollectorEntry* FindCollector(std::string_view name) {
  const std::span<const CollectorEntry> all = AllCollectors();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const CollectorEntry& entry) { return entry.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace tocsin::collectors
