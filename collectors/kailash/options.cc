#include "collectors/redis/options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/http_options.h"
#include "collectors/http/target.h"
#include "collectors/kailash/collector.h"
#include "collectors/nested_options.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/postgres_options.h"
#include "collectors/sql/sqlite_connection.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr std::array kHttpOptions = {
    OptionDesc{"http.url", "text", "", "Address of the Kailash server, such as http://app:8000."},
    OptionDesc{"http.metrics_url", "text", "",
               "Address of the page of metrics, if it is not /metrics of the server."},
    OptionDesc{"http.probes_url", "text", "",
               "What /health/live and /health/ready follow, if not the server's address."},
    OptionDesc{"http.timeout", "duration", "2s", "How long each request may take."},
};

constexpr std::array kOwnOptions = {
    OptionDesc{"sqlite.path", "text", "",
               "The file of Kailash's records, of one that keeps them in SQLite; instead of "
               "postgres."},
    OptionDesc{"breakers", "list of texts", "[]",
               "Names of the distributed circuit breakers, which Redis cannot list."},
    OptionDesc{"queues", "list of texts", "[default]", "Names of the task queues in Redis."},
    OptionDesc{"redis_workers", "true/false", "true", "Whether to look at the workers in Redis."},
    OptionDesc{"pools[].name", "text", "", "Name of a connection pool, as the server reports it."},
    OptionDesc{"pools[].max_connections", "integer", "",
               "Its largest size, 0 if it is not known; by default max_pool_connections."},
    OptionDesc{"pools[].application_name", "text", "",
               "Counts its connections in use in pg_stat_activity, by this application name."},
    OptionDesc{"pools[].user", "text", "", "Counts them there by this role."},
    OptionDesc{"max_pool_connections", "integer", "10",
               "Largest size of pools without an entry; Kailash's default. 0: not known."},
    OptionDesc{"workflows_from", "text", "",
               "Where finished executions are counted: http or database. By default http, if there "
               "is one."},
    OptionDesc{"max_workflows", "integer", "100",
               "Most workflows with series of their own; others are summed up as __other__."},
    OptionDesc{"watermark_overlap", "duration", "5m",
               "How far back each look for new rows begins, for late commits and slow clocks."},
    OptionDesc{"worker_timeout", "duration", "5m",
               "After how long without a heartbeat a worker in the database counts as dead. "
               "PostgreSQL keeps heartbeats in steps of 128 s, so no less than 5m there."},
    OptionDesc{"task_table", "text", "kailash_task_queue",
               "The table of the task queue, \"\" if there is none."},
    OptionDesc{"worker_table", "text", "kailash_worker_registry",
               "The table of the worker registry, \"\" if there is none."},
};

constexpr std::int64_t kMostConnections = 1'000'000;
constexpr std::int64_t kMostWorkflows = 100'000;
constexpr std::size_t kMostNameBytes = 63;  // PostgreSQL's.

struct HttpOptions {
  HttpSettings settings;
  ServerUrls urls;
};

/// What Configure() has read.
struct Configured {
  Settings settings;
  std::optional<HttpOptions> http;
  std::optional<RedisOptions> redis;
  std::optional<PostgresOptions> postgres;
  std::optional<std::filesystem::path> sqlite;
};

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

std::string UrlOr(YamlMap& map, std::string_view key, const std::string& otherwise) {
  return map.Has(key) ? WithoutSlash(ReadHttpUrl(map, key)) : otherwise;
}

std::optional<HttpOptions> ReadHttp(YamlMap& options) {
  const YamlNode* const node = options.Node("http");
  if (node == nullptr) return std::nullopt;
  YamlMap http(*node, options.diagnostics());
  HttpTarget target = ReadHttpTarget(http);
  target.settings.timeout = http.PositiveDurationOr("timeout", std::chrono::seconds(2));
  const std::string base = WithoutSlash(target.url);
  ServerUrls urls{base, UrlOr(http, "metrics_url", base + "/metrics"),
                  UrlOr(http, "probes_url", base)};
  return HttpOptions{std::move(target.settings), std::move(urls)};
}

std::optional<RedisOptions> ReadRedis(YamlMap& options) {
  const YamlNode* const node = options.Node("redis");
  if (node == nullptr) return std::nullopt;
  YamlMap redis(*node, options.diagnostics());
  return ReadRedisOptions(redis);
}

std::optional<PostgresOptions> ReadPostgres(YamlMap& options) {
  const YamlNode* const node = options.Node("postgres");
  if (node == nullptr) return std::nullopt;
  YamlMap postgres(*node, options.diagnostics());
  return ReadPostgresOptions(postgres);
}

std::optional<std::filesystem::path> ReadSqlite(YamlMap& options) {
  const YamlNode* const node = options.Node("sqlite");
  if (node == nullptr) return std::nullopt;
  YamlMap sqlite(*node, options.diagnostics());
  return sqlite.RequiredPath("path");
}

/// 0 stands for a size that is not known.
std::optional<double> ReadSize(YamlMap& map, std::string_view key,
                               std::optional<double> otherwise) {
  const std::int64_t size =
      map.IntegerOr(key, static_cast<std::int64_t>(otherwise.value_or(0)), 0, kMostConnections);
  return size == 0 ? std::nullopt : std::optional(static_cast<double>(size));
}

std::vector<Pool> ReadPools(YamlMap& options, std::optional<double> otherwise) {
  std::vector<Pool> pools;
  for (const YamlNode& node : options.List("pools")) {
    YamlMap map(node, options.diagnostics());
    Pool pool{.name = map.RequiredString("name"),
              .max_connections = ReadSize(map, "max_connections", otherwise),
              .application_name = map.StringOr("application_name", ""),
              .user = map.StringOr("user", "")};
    const bool is_known = std::any_of(pools.begin(), pools.end(), [&](const Pool& other) {
      return PoolLabel(other.name) == PoolLabel(pool.name);
    });
    if (is_known) map.Refuse("name", "another pool has this name ('-' and ' ' count as '_')");
    pools.push_back(std::move(pool));
  }
  return pools;
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name of a table, as it stands in statements.
std::string ReadTable(YamlMap& options, std::string_view key, std::string_view otherwise) {
  std::string name = options.StringOr(key, std::string(otherwise));
  const bool is_name = name.size() <= kMostNameBytes &&
                       std::all_of(name.begin(), name.end(), IsPlain) &&
                       (name.empty() || name.front() < '0' || name.front() > '9');
  if (!is_name) options.Refuse(key, "expected a name of letters, digits and '_'");
  return is_name ? name : std::string(otherwise);
}

WorkflowSource ReadWorkflowSource(YamlMap& options, bool has_http, bool has_database) {
  const std::string source = options.StringOr("workflows_from", has_http ? "http" : "database");
  if (source != "http" && source != "database") {
    options.Refuse("workflows_from", "expected http or database");
  } else if (options.Has("workflows_from") && !(source == "http" ? has_http : has_database)) {
    options.Refuse("workflows_from", fmt::format("there is no {} to count them in",
                                                 source == "http" ? "http" : "postgres or sqlite"));
  }
  return source == "http" ? WorkflowSource::kPage : WorkflowSource::kDatabase;
}

Settings ReadSettings(YamlMap& options) {
  Settings settings;
  settings.breakers = options.StringsOr("breakers", settings.breakers);
  settings.queues = options.StringsOr("queues", settings.queues);
  settings.redis_workers = options.BoolOr("redis_workers", settings.redis_workers);
  settings.max_connections = ReadSize(options, "max_pool_connections", settings.max_connections);
  settings.pools = ReadPools(options, settings.max_connections);
  settings.max_workflows = static_cast<std::size_t>(options.IntegerOr(
      "max_workflows", static_cast<std::int64_t>(settings.max_workflows), 1, kMostWorkflows));
  settings.watermark_overlap =
      options.PositiveDurationOr("watermark_overlap", settings.watermark_overlap);
  settings.worker_timeout = options.PositiveDurationOr("worker_timeout", settings.worker_timeout);
  settings.task_table = ReadTable(options, "task_table", settings.task_table);
  settings.worker_table = ReadTable(options, "worker_table", settings.worker_table);
  return settings;
}

/// Reports sources that are missing, or too many.
void CheckSources(YamlMap& options, const Configured& configured) {
  const Settings& settings = configured.settings;
  const bool has_database = configured.postgres || configured.sqlite;
  if (!configured.http && !configured.redis && !has_database) {
    options.diagnostics().Add(options.place(),
                              "expected at least one of http, redis, postgres and sqlite");
  }
  if (configured.postgres && configured.sqlite) {
    options.Refuse("sqlite", "expected either postgres or sqlite");
  }
  for (const std::string_view key : {"breakers", "queues"}) {
    if (options.Has(key) && !configured.redis) {
      options.Refuse(key, "these are read from redis, which is not there");
    }
  }
  RefuseRepeated(options, "breakers", settings.breakers);
  RefuseRepeated(options, "queues", settings.queues);
  const bool counts_sessions = std::any_of(settings.pools.begin(), settings.pools.end(),
                                           [](const Pool& pool) { return pool.from_database(); });
  if (counts_sessions && !configured.postgres) {
    options.Refuse("pools", "connections are counted in postgres, which is not there");
  }
}

Database OpenDatabase(const Configured& configured) {
  if (configured.sqlite) {
    return {std::make_shared<SqliteConnection>(*configured.sqlite), Dialect::kSqlite,
            "sqlite:" + configured.sqlite->string()};
  }
  const PostgresOptions& postgres = *configured.postgres;
  return {std::make_shared<PostgresConnection>(postgres), Dialect::kPostgres,
          fmt::format("postgres:{}:{}/{}", postgres.host, postgres.port, postgres.database)};
}

}  // namespace

std::span<const OptionDesc> Options() {
  static const std::vector<std::string> kHttpNames = [] {
    std::vector<std::string> names;
    names.reserve(kHttpClientOptions.size());
    for (const OptionDesc& option : kHttpClientOptions) {
      names.push_back("http." + std::string(option.name));
    }
    return names;
  }();
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kHttpOptions.begin(), kHttpOptions.end());
    for (std::size_t i = 0; i < kHttpNames.size(); ++i) {
      OptionDesc option = kHttpClientOptions[i];
      option.name = kHttpNames[i];
      all.push_back(option);
    }
    all.insert(all.end(), kRedisOptions.begin(), kRedisOptions.end());
    all.insert(all.end(), kPostgresOptions.begin(), kPostgresOptions.end());
    all.insert(all.end(), kOwnOptions.begin(), kOwnOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  // All is read, even where one excludes the other, so that all mistakes are told at once.
  Configured configured;
  configured.http = ReadHttp(options);
  configured.redis = ReadRedis(options);
  configured.postgres = ReadPostgres(options);
  configured.sqlite = ReadSqlite(options);
  configured.settings = ReadSettings(options);
  const bool has_database = configured.postgres || configured.sqlite;
  configured.settings.workflow_source =
      ReadWorkflowSource(options, configured.http.has_value(), has_database);
  CheckSources(options, configured);
  return [configured = std::move(configured)](const Environment& environment) {
    Sources sources;
    if (configured.http) {
      sources.http = MakeServerClient(configured.http->settings);
      sources.urls = configured.http->urls;
    }
    if (configured.redis) sources.redis = MakeRedisConnection(*configured.redis);
    if (configured.postgres || configured.sqlite) sources.database = OpenDatabase(configured);
    return std::make_unique<KailashCollector>(configured.settings, std::move(sources), environment);
  };
}

}  // namespace tocsin::collectors::kailash
