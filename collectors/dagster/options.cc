#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/http_options.h"
#include "collectors/dagster/collector.h"
#include "collectors/dagster/contracts.h"
#include "collectors/dagster/database_source.h"
#include "collectors/dagster/leader.h"
#include "collectors/dagster/webserver.h"
#include "collectors/http/target.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/postgres_options.h"
#include "collectors/sql/sqlite_connection.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{
        "sqlite.dagster_home", "text", "",
        "The folder DAGSTER_HOME of a Dagster without a database of its own; instead of postgres."},
    OptionDesc{"required_daemons", "list of texts",
               "[SENSOR, BACKFILL, SCHEDULER, QUEUED_RUN_COORDINATOR]",
               "The daemons that this installation must run."},
    OptionDesc{"compatibility_names", "true/false", "false",
               "Also export names that promtool refuses, and aliases for other dashboards."},
    OptionDesc{"assets", "list of texts", "[]",
               "Keys of assets that get series of their own, such as sales/orders."},
    OptionDesc{"max_jobs", "integer", "165",
               "Most jobs with series of their own; others are summed up as __other__. By default "
               "as many as max_series has room for, six series for each."},
    OptionDesc{"max_active_runs", "integer", "10000",
               "With more unfinished runs than this, they are counted by status only."},
    OptionDesc{
        "watermark_overlap", "duration", "5m",
        "How far back each look for finished runs begins, for late commits and slow clocks."},
};

constexpr std::array kWebserverOptions = {
    OptionDesc{"webserver.url", "text", "",
               "Where Dagster's webserver is, such as http://dagster:3000. Not asked by default."},
    OptionDesc{"webserver.graphql_interval", "duration", "1m",
               "The least time between two GraphQL queries, at least 30s."},
};

constexpr std::array kKubernetesOptions = {
    OptionDesc{
        "kubernetes.api_server", "text", "",
        "URL of the API server to ask for the daemon's lease; by default that of the cluster "
        "around, with the service account. Not asked without kubernetes: {}."},
    OptionDesc{"kubernetes.namespace", "text", "",
               "The lease's namespace; by default that of the service account."},
    OptionDesc{"kubernetes.lease", "text", "dagster-daemon-leader", "The lease's name."},
    OptionDesc{"kubernetes.mode", "text", "single",
               "single, or ha: there must be a lease, and none is as good as one that ran out."},
};

constexpr std::chrono::seconds kLeastGraphqlInterval{30};

// The sources' parts of a collection's time.
constexpr int kDatabaseWeight = 4;
constexpr int kWebserverWeight = 3;
constexpr int kContractsWeight = 2;
constexpr int kKubernetesWeight = 1;
/// What a weight of 1 must come to.
constexpr Duration kLeastShare{50};

/// Adds `options` to `all`, each with `prefix` before its name. To be called once for each prefix,
/// since the names are kept for good.
void AddBelow(std::string_view prefix, std::span<const OptionDesc> options,
              std::vector<OptionDesc>& all) {
  static std::deque<std::string> names;  // References to its elements stay good.
  for (OptionDesc option : options) {
    option.name = names.emplace_back(std::string(prefix) + std::string(option.name));
    all.push_back(option);
  }
}

/// The series of a job in dagster_active_runs, which has the most: one for each unfinished state.
constexpr std::size_t kSeriesPerJob = 6;
constexpr std::size_t kMostJobs = 100'000;

std::size_t ReadMaxJobs(YamlMap& options) {
  const std::size_t max_series = MaxSeriesIn(options);
  const auto most = static_cast<std::int64_t>(JobsWithin(max_series));
  const auto max_jobs = static_cast<std::size_t>(options.IntegerOr("max_jobs", most, 1, kMostJobs));
  const std::size_t needed = (max_jobs + 1) * kSeriesPerJob;  // One more is __other__.
  if (options.Has("max_jobs") && needed > max_series) {
    options.Refuse("max_jobs",
                   fmt::format("{} jobs may need {} series in one metric, and max_series is {}",
                               max_jobs, needed, max_series));
  }
  return max_jobs;
}

Settings ReadSettings(YamlMap& options) {
  Settings settings;
  settings.required_daemons = options.StringsOr("required_daemons", settings.required_daemons);
  settings.compatibility_names =
      options.BoolOr("compatibility_names", settings.compatibility_names);
  settings.assets = options.StringsOr("assets", settings.assets);
  settings.max_jobs = ReadMaxJobs(options);
  settings.max_active_runs =
      options.IntegerOr("max_active_runs", settings.max_active_runs, 0, 10'000'000);
  settings.watermark_overlap =
      options.PositiveDurationOr("watermark_overlap", settings.watermark_overlap);
  return settings;
}

/// Nothing if the map is not there.
std::optional<PostgresOptions> ReadPostgres(YamlMap& options) {
  const YamlNode* const node = options.Node("postgres");
  if (node == nullptr) return std::nullopt;
  YamlMap postgres(*node, options.diagnostics());
  return ReadPostgresOptions(postgres);
}

/// Nothing if the map is not there.
std::optional<std::filesystem::path> ReadDagsterHome(YamlMap& options) {
  const YamlNode* const node = options.Node("sqlite");
  if (node == nullptr) return std::nullopt;
  YamlMap sqlite(*node, options.diagnostics());
  return sqlite.RequiredPath("dagster_home");
}

/// Nothing if the map is not there.
std::optional<WebserverOptions> ReadWebserver(YamlMap& options) {
  const YamlNode* const node = options.Node("webserver");
  if (node == nullptr) return std::nullopt;
  YamlMap map(*node, options.diagnostics());
  WebserverOptions webserver{.target = ReadHttpTarget(map)};
  webserver.graphql_interval =
      map.PositiveDurationOr("graphql_interval", webserver.graphql_interval);
  if (webserver.graphql_interval < kLeastGraphqlInterval) {
    map.Refuse("graphql_interval", "expected at least 30s: each query costs the webserver time");
  }
  return webserver;
}

/// A word that can stand in the path of the API server's URLs.
std::string ReadObjectName(YamlMap& map, std::string_view key, std::string_view otherwise) {
  std::string name = map.StringOr(key, otherwise);
  const bool is_name =
      !name.empty() &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  if (map.Has(key) && !is_name) {
    map.Refuse(key, "expected the name of a Kubernetes object");
  }
  return name;
}

/// Nothing if the map is not there.
std::optional<LeaderOptions> ReadKubernetes(YamlMap& options) {
  const YamlNode* const node = options.Node("kubernetes");
  if (node == nullptr) return std::nullopt;
  YamlMap map(*node, options.diagnostics());
  LeaderOptions leader;
  leader.server = kubernetes::ReadApiServerOptions(map);
  leader.name_space = ReadObjectName(map, "namespace", "");
  leader.lease = ReadObjectName(map, "lease", leader.lease);
  const std::string mode = map.StringOr("mode", "single");
  leader.is_ha = mode == "ha";
  if (!leader.is_ha && mode != "single") map.Refuse("mode", "expected single or ha");
  return leader;
}

/// Nothing if the map is not there.
std::optional<PostgresOptions> ReadContracts(YamlMap& options) {
  const YamlNode* const node = options.Node("contracts");
  if (node == nullptr) return std::nullopt;
  YamlMap map(*node, options.diagnostics());
  std::optional<PostgresOptions> postgres = ReadPostgres(map);
  if (!postgres) {
    options.diagnostics().Add(map.place(),
                              "expected postgres, to say where the contract monitor's tables are");
  }
  return postgres;
}

Database OpenPostgres(const PostgresOptions& options) {
  const auto connection = std::make_shared<PostgresConnection>(options);
  return {Dialect::kPostgres, {connection, connection, connection}};
}

/// Dagster's default layout. Source: dagster/_core/storage/sqlite_storage.py.
Database OpenSqlite(const std::filesystem::path& dagster_home) {
  const std::filesystem::path history = dagster_home / "history";
  return {Dialect::kSqlite,
          {std::make_shared<SqliteConnection>(history / "runs.db"),
           std::make_shared<SqliteConnection>(history / "runs" / "index.db"),
           std::make_shared<SqliteConnection>(dagster_home / "schedules" / "schedules.db")}};
}

/// All that can be configured.
struct Configuration {
  Settings settings = {};
  std::optional<PostgresOptions> postgres = {};
  std::optional<std::filesystem::path> dagster_home = {};
  std::optional<WebserverOptions> webserver = {};
  std::optional<LeaderOptions> kubernetes = {};
  std::optional<PostgresOptions> contracts = {};
};

/// The least time in which each of the configured sources has something of it.
Duration LeastTimeout(const Configuration& from) {
  int weight = kDatabaseWeight;
  Duration overruns = from.postgres ? kCancelGrace : Duration(0);
  if (from.contracts) {
    weight += kContractsWeight;
    overruns += kCancelGrace;
  }
  if (from.webserver) weight += kWebserverWeight;
  if (from.kubernetes) weight += kKubernetesWeight;
  return weight == kDatabaseWeight ? Duration(0) : overruns + kLeastShare * weight;
}

/// Refuses a time that is too short for several sources. Without a timeout the interval may be it;
/// both have been read before, and mistakes in them reported.
void CheckTimeout(YamlMap& options, const Configuration& from) {
  const std::string_view key = options.Has("timeout") ? "timeout" : "interval";
  const YamlNode* const node = options.Node(key);
  if (node == nullptr) return;
  const Result<Duration> time = ParseDuration(node->text);
  const Duration least = LeastTimeout(from);
  if (!time || *time <= Duration(0) || *time >= least) return;
  options.Refuse(key, fmt::format("expected at least {}, of which each source has its part",
                                  FormatDuration(least)));
}

/// What is kept for the contract monitor's database: a file beside that of Dagster's own.
Environment BesideState(Environment environment) {
  if (!environment.state_file.empty()) environment.state_file += ".contracts";
  return environment;
}

std::unique_ptr<Collector> Make(const Configuration& from, const Environment& environment) {
  std::vector<NamedSource> sources;
  sources.push_back(
      {"database", kDatabaseWeight,
       std::make_unique<DatabaseSource>(
           DagsterDatabaseKind(), from.settings,
           from.dagster_home ? OpenSqlite(*from.dagster_home) : OpenPostgres(*from.postgres),
           environment),
       from.dagster_home ? Duration(0) : kCancelGrace});
  if (from.contracts) {
    sources.push_back(
        {"contracts", kContractsWeight,
         std::make_unique<DatabaseSource>(ContractsDatabaseKind(), from.settings,
                                          OpenPostgres(*from.contracts), BesideState(environment)),
         kCancelGrace});
  }
  if (from.webserver) {
    sources.push_back({"webserver", kWebserverWeight,
                       std::make_unique<WebserverSource>(*from.webserver, environment.clock)});
  }
  if (from.kubernetes) {
    sources.push_back({"kubernetes", kKubernetesWeight,
                       std::make_unique<LeaderSource>(*from.kubernetes, environment.clock)});
  }
  return std::make_unique<DagsterCollector>(std::move(sources));
}

}  // namespace

std::size_t JobsWithin(std::size_t max_series) {
  const std::size_t jobs = max_series / kSeriesPerJob;
  return std::clamp<std::size_t>(jobs, 2, kMostJobs + 1) - 1;  // One less, for __other__.
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kPostgresOptions.begin(), kPostgresOptions.end());
    AddBelow("", kOwnOptions, all);
    AddBelow("", kWebserverOptions, all);
    AddBelow("webserver.", kHttpClientOptions, all);
    AddBelow("", kKubernetesOptions, all);
    AddBelow("kubernetes.", kHttpClientOptions, all);
    AddBelow("contracts.", kPostgresOptions, all);
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  // All is read, even where one excludes the other, so that all mistakes are told at once.
  Configuration from{.postgres = ReadPostgres(options), .dagster_home = ReadDagsterHome(options)};
  from.settings = ReadSettings(options);
  from.webserver = ReadWebserver(options);
  from.kubernetes = ReadKubernetes(options);
  from.contracts = ReadContracts(options);
  if (from.webserver) from.webserver->required_daemons = from.settings.required_daemons;
  if (from.postgres.has_value() == from.dagster_home.has_value()) {
    options.diagnostics().Add(
        from.dagster_home ? options.PlaceOf("sqlite") : options.place(),
        "expected either postgres or sqlite, to say where Dagster's storage is");
  }
  CheckTimeout(options, from);
  return [from](const Environment& environment) { return Make(from, environment); };
}

}  // namespace tocsin::collectors::dagster
