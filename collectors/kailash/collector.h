// The Kailash collector: what a Kailash application's server, Redis and database tell about it.

#pragma once

#include <memory>
#include <optional>
#include <span>

#include "collectors/collector.h"
#include "collectors/kailash/database_source.h"
#include "collectors/kailash/redis_source.h"
#include "collectors/kailash/server_client.h"
#include "collectors/kailash/server_source.h"
#include "collectors/kailash/settings.h"
#include "collectors/redis/connection.h"
#include "collectors/registry.h"

namespace tocsin::collectors::kailash {

/// Where one Kailash application is seen. Each is optional, and at least one is there.
struct Sources {
  std::unique_ptr<ServerClient> http = nullptr;
  ServerUrls urls = {};  ///< With `http`.
  std::unique_ptr<RedisConnection> redis = nullptr;
  std::optional<Database> database = std::nullopt;
};

/// Reads Redis, the server and the database, one after the other, and reports each: "redis",
/// "http" with "probes", "postgres" or "sqlite". One that cannot be read costs its own metrics
/// only, and no more than its share of the time: Redis a third, the server half of what is left if
/// a database comes after it, and the database the rest. One thread at a time.
class KailashCollector final : public Collector {
 public:
  KailashCollector(Settings settings, Sources sources, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  void CollectRedis(const Attempt& attempt, Collection& collection);
  void CollectServer(const Attempt& attempt, Collection& collection);
  void CollectDatabase(const Attempt& attempt, Collection& collection);

  const Settings settings_;
  std::optional<RedisSource> redis_;
  std::optional<ServerSource> server_;
  std::optional<DatabaseSource> database_;
  Dialect dialect_ = Dialect::kPostgres;
};

/// The options, for the registry; the metrics are in metrics.h.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::kailash
