#include "collectors/registry.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/number.h"
#include "collectors/atlas/collector.h"
#include "collectors/container/collector.h"
#include "collectors/dagster/collector.h"
#include "collectors/dashflow/collector.h"
#include "collectors/host/collector.h"
#include "collectors/http/collector.h"
#include "collectors/instance.h"
#include "collectors/kailash/collector.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kubernetes/collector.h"
#include "collectors/miroir/collector.h"
#include "collectors/pgbouncer/collector.h"
#include "collectors/postgres/collector.h"
#include "collectors/prometheus/collector.h"
#include "collectors/redis/collector.h"
#include "collectors/sql_queries/collector.h"

namespace tocsin::collectors {

// To add a collector: write its folder beside this file and its tests, and add a row. Sorted by
// name.
std::span<const CollectorEntry> AllCollectors() {
  static const std::array kAll = {
      CollectorEntry{"atlas", "An Atlas optimisation service: its pods, pool, Redis and proxy.",
                     atlas::Options(), atlas::Metrics(), atlas::Configure},
      CollectorEntry{"container",
                     "What containers use, from control groups of this host or from a kubelet.",
                     container::Options(), container::Metrics(), container::Configure},
      CollectorEntry{"dagster", "A Dagster instance, from its database, webserver and lease.",
                     dagster::Options(), dagster::Metrics(), dagster::Configure},
      CollectorEntry{"dashflow", "A DashFlow service: its pods' metrics and probes.",
                     dashflow::Options(), dashflow::Metrics(), dashflow::Configure},
      CollectorEntry{"host", "The machine that tocsin runs on, from /proc, /sys and text files.",
                     host::Options(), host::Metrics(), host::Configure},
      CollectorEntry{"http", "Health probes of HTTP servers: status, latency, TLS, body, JSON.",
                     http::Options(), http::Metrics(), http::Configure},
      CollectorEntry{"kailash",
                     "A Kailash application, from its server, its Redis and its database.",
                     kailash::Options(), kailash::Metrics(), kailash::Configure},
      CollectorEntry{"kubernetes",
                     "Pods, workloads and leases of a Kubernetes cluster, from its API server.",
                     kubernetes::Options(), kubernetes::Metrics(), kubernetes::Configure},
      CollectorEntry{"miroir", "A Miroir: its task store in Redis or SQLite, and its pods.",
                     miroir::Options(), miroir::Metrics(), miroir::Configure},
      CollectorEntry{"pgbouncer", "PgBouncer, from its admin console.", pgbouncer::Options(),
                     pgbouncer::Metrics(), pgbouncer::Configure},
      CollectorEntry{"postgres", "A PostgreSQL server, from its statistics views.",
                     postgres::Options(), postgres::Metrics(), postgres::Configure},
      CollectorEntry{"prometheus",
                     "Pages of metrics of other programs, scraped as Prometheus does.",
                     prometheus::Options(), prometheus::Metrics(), prometheus::Configure},
      CollectorEntry{"redis", "A Redis server: INFO, and keys, streams and leases in it.",
                     redis::Options(), redis::Metrics(), redis::Configure},
      CollectorEntry{"sql",
                     "Your own queries against PostgreSQL or SQLite.",
                     sql_queries::Options(),
                     {},
                     sql_queries::Configure},
  };
  return kAll;
}

const CollectorEntry* FindCollector(std::string_view name) {
  const std::span<const CollectorEntry> all = AllCollectors();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const CollectorEntry& entry) { return entry.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::size_t MaxSeriesIn(YamlMap& options) {
  const YamlNode* const node = options.Node("max_series");
  const std::optional<double> number = node == nullptr ? std::nullopt : ParseNumber(node->text);
  return number && *number >= 1 && *number <= 1e9 ? static_cast<std::size_t>(*number)
                                                  : InstanceConfig().max_series;
}

}  // namespace tocsin::collectors
