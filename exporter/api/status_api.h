// /api/v1/metadata and /api/v1/status/...

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/snapshot.h"
#include "exporter/http_message.h"
#include "exporter/scheduler.h"
#include "rules/storage/sample_store.h"

namespace tocsin::api {

/// Where the answers come from. All must outlive the routes; the functions are called on the
/// server's threads.
struct StatusSources {
  const SampleStore& store;
  const Clock& clock;
  std::function<InstanceViews()> views;
  std::function<std::shared_ptr<const Snapshot>()> own;  ///< tocsin's own metrics.
  std::function<std::string()> configuration;            ///< As YAML, secrets hidden.
  struct Reload {
    bool successful = true;
    TimePoint last_success;
  };
  std::function<Reload()> last_reload;
  std::function<std::string()> retention;  ///< "6h".
  /// What is in force, by its key in the configuration, whatever that says.
  std::function<std::vector<std::pair<std::string, std::string>>()> in_force;
  std::function<std::uint64_t()> corruptions;  ///< Records of the history lost to damage.
  TimePoint started;
};

/// Source: Prometheus' documentation, "HTTP API", "Querying metric metadata" and "Status".
std::vector<Route> StatusRoutes(const StatusSources& sources);

}  // namespace tocsin::api
