#include "collectors/pgbouncer/collector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"
#include "collectors/sql/cell.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/postgres_options.h"

namespace tocsin::collectors::pgbouncer {
namespace {

using enum MetricType;

// Names are those of prometheus-community/pgbouncer_exporter.
// Source of the columns: PgBouncer's documentation, "Usage", "Admin console", versions 1.12
// to 1.24.

constexpr LabelNames kPool = {"database", "user"};
constexpr double kMicroseconds = 1e-6;

constexpr std::array kPools = {
    ColumnMetric{"cl_active",
                 {"pgbouncer_pools_client_active_connections", kGauge,
                  "Clients that have a server connection or need none now.", kPool}},
    ColumnMetric{"cl_waiting",
                 {"pgbouncer_pools_client_waiting_connections", kGauge,
                  "Clients that have sent a query and wait for a server connection.", kPool}},
    ColumnMetric{"cl_active_cancel_req",
                 {"pgbouncer_pools_client_active_cancel_connections", kGauge,
                  "Clients whose cancellation the server is about to answer.", kPool}},
    ColumnMetric{"cl_waiting_cancel_req",
                 {"pgbouncer_pools_client_waiting_cancel_connections", kGauge,
                  "Clients whose cancellation has not been passed on yet.", kPool}},
    ColumnMetric{"sv_active",
                 {"pgbouncer_pools_server_active_connections", kGauge,
                  "Server connections that a client has.", kPool}},
    ColumnMetric{"sv_active_cancel",
                 {"pgbouncer_pools_server_active_cancel_connections", kGauge,
                  "Server connections that pass on a cancellation.", kPool}},
    ColumnMetric{"sv_being_canceled",
                 {"pgbouncer_pools_server_being_canceled_connections", kGauge,
                  "Server connections that wait for the end of a cancellation.", kPool}},
    ColumnMetric{"sv_idle",
                 {"pgbouncer_pools_server_idle_connections", kGauge,
                  "Server connections that are free.", kPool}},
    ColumnMetric{"sv_used",
                 {"pgbouncer_pools_server_used_connections", kGauge,
                  "Server connections that are idle and must be checked before use.", kPool}},
    ColumnMetric{"sv_tested",
                 {"pgbouncer_pools_server_testing_connections", kGauge,
                  "Server connections that are being reset or checked.", kPool}},
    ColumnMetric{"sv_login",
                 {"pgbouncer_pools_server_login_connections", kGauge,
                  "Server connections that are logging in.", kPool}},
    ColumnMetric{"maxwait_s",
                 {"pgbouncer_pools_client_maxwait_seconds", kGauge,
                  "How long the client that waits longest has waited.", kPool}},
};

constexpr LabelNames kDatabase = {"database"};

constexpr std::array kTotals = {
    ColumnMetric{"query_count",
                 {"pgbouncer_stats_totals_queries_pooled_total", kCounter, "Queries.", kDatabase}},
    ColumnMetric{"query_time",
                 {"pgbouncer_stats_totals_queries_duration_seconds_total", kCounter,
                  "Time that servers spent on queries.", kDatabase},
                 kMicroseconds},
    ColumnMetric{"xact_count",
                 {"pgbouncer_stats_totals_sql_transactions_pooled_total", kCounter, "Transactions.",
                  kDatabase}},
    ColumnMetric{"xact_time",
                 {"pgbouncer_stats_totals_server_in_transaction_seconds_total", kCounter,
                  "Time that server connections were in a transaction.", kDatabase},
                 kMicroseconds},
    ColumnMetric{"wait_time",
                 {"pgbouncer_stats_totals_client_wait_seconds_total", kCounter,
                  "Time that clients waited for a server connection.", kDatabase},
                 kMicroseconds},
    ColumnMetric{"bytes_received",
                 {"pgbouncer_stats_totals_received_bytes_total", kCounter,
                  "Bytes received from clients.", kDatabase}},
    ColumnMetric{
        "bytes_sent",
        {"pgbouncer_stats_totals_sent_bytes_total", kCounter, "Bytes sent to clients.", kDatabase}},
    ColumnMetric{"client_parse_count",
                 {"pgbouncer_stats_totals_client_parses_total", kCounter,
                  "Statements that clients prepared; from version 1.24 on.", kDatabase}},
    ColumnMetric{"server_parse_count",
                 {"pgbouncer_stats_totals_server_parses_total", kCounter,
                  "Statements that were prepared on servers; from version 1.24 on.", kDatabase}},
    ColumnMetric{"bind_count",
                 {"pgbouncer_stats_totals_binds_total", kCounter,
                  "Executions of prepared statements; from version 1.24 on.", kDatabase}},
};

constexpr LabelNames kTarget = {"name", "host", "port", "database", "force_user", "pool_mode"};

constexpr std::array kDatabases = {
    ColumnMetric{"pool_size",
                 {"pgbouncer_databases_pool_size", kGauge,
                  "Most server connections of each of its pools.", kTarget}},
    ColumnMetric{"reserve_pool",
                 {"pgbouncer_databases_reserve_pool", kGauge,
                  "More server connections for clients that have waited long.", kTarget}},
    ColumnMetric{"max_connections",
                 {"pgbouncer_databases_max_connections", kGauge,
                  "Most server connections in all its pools; 0 for no limit.", kTarget}},
    ColumnMetric{"current_connections",
                 {"pgbouncer_databases_current_connections", kGauge,
                  "Server connections in all its pools.", kTarget}},
    ColumnMetric{
        "paused",
        {"pgbouncer_databases_paused", kGauge, "1 if the database is paused, else 0.", kTarget}},
    ColumnMetric{"disabled",
                 {"pgbouncer_databases_disabled", kGauge, "1 if the database is disabled, else 0.",
                  kTarget}},
};

// Of answers that have a row, and not a column, for each of these.
constexpr std::array kLists = {
    ColumnMetric{"databases", {"pgbouncer_databases", kGauge, "Databases."}},
    ColumnMetric{"users", {"pgbouncer_users", kGauge, "Users."}},
    ColumnMetric{"pools", {"pgbouncer_pools", kGauge, "Pools."}},
    ColumnMetric{"free_clients", {"pgbouncer_free_clients", kGauge, "Free places for clients."}},
    ColumnMetric{"used_clients", {"pgbouncer_used_clients", kGauge, "Clients."}},
    ColumnMetric{"login_clients",
                 {"pgbouncer_login_clients", kGauge, "Clients that are logging in."}},
    ColumnMetric{"free_servers",
                 {"pgbouncer_free_servers", kGauge, "Free places for server connections."}},
    ColumnMetric{"used_servers", {"pgbouncer_used_servers", kGauge, "Server connections."}},
    ColumnMetric{"dns_names",
                 {"pgbouncer_cached_dns_names", kGauge, "Names of hosts that are remembered."}},
    ColumnMetric{"dns_zones",
                 {"pgbouncer_cached_dns_zones", kGauge, "Zones of hosts that are remembered."}},
    ColumnMetric{"dns_queries",
                 {"pgbouncer_in_flight_dns_queries", kGauge, "Names that are being looked up."}},
};

constexpr std::array kSettings = {
    ColumnMetric{"max_client_conn",
                 {"pgbouncer_config_max_client_connections", kGauge, "Most clients."}},
    ColumnMetric{"max_user_connections",
                 {"pgbouncer_config_max_user_connections", kGauge,
                  "Most server connections of a user; 0 for no limit."}},
    ColumnMetric{"default_pool_size",
                 {"pgbouncer_config_default_pool_size", kGauge,
                  "Most server connections of a pool that has no size of its own."}},
};

constexpr MetricDesc kUp = {"pgbouncer_up", kGauge, "1 whenever PgBouncer has answered."};
constexpr MetricDesc kVersion = {
    "pgbouncer_version_info", kGauge, "1, with the version of PgBouncer.", {"version"}};

/// What is asked, and what is made of the answer.
struct Show {
  std::string_view name;  ///< Says what is missing when it fails.
  std::string_view statement;
  std::span<const ColumnMetric> metrics;
  /// Makes another table of the answer; may be null.
  SqlRows (*turn)(const SqlRows& rows);
};

/// With a column for the two of `maxwait`: whole seconds, and the microseconds beyond them, which
/// old versions do not tell.
SqlRows WithMaxwait(const SqlRows& rows) {
  std::vector<std::string> names = rows.names();
  names.emplace_back("maxwait_s");
  SqlRows out(std::move(names));
  const std::optional<std::size_t> whole = rows.Find("maxwait");
  const std::optional<std::size_t> rest = rows.Find("maxwait_us");
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < rows.columns(); ++i) out.Append(rows.At(row, i));
    const std::optional<double> seconds = whole ? rows.Number(row, *whole) : std::nullopt;
    const double more = rest ? rows.Number(row, *rest).value_or(0) * kMicroseconds : 0;
    out.Append(seconds ? SqlRows::Cell(FormatNumber(*seconds + more)) : std::nullopt);
  }
  return out;
}

/// With the name that a column had before version 1.24.
SqlRows WithReservePool(const SqlRows& rows) {
  std::vector<std::string> names = rows.names();
  std::replace(names.begin(), names.end(), std::string("reserve_pool_size"),
               std::string("reserve_pool"));
  SqlRows out(std::move(names));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < rows.columns(); ++i) out.Append(rows.At(row, i));
  }
  return out;
}

/// A row for each name, with the value beside it, as one row with a column for each name. The
/// columns are called differently in different answers and versions, but these two come first.
SqlRows AsOneRow(const SqlRows& rows) {
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) names.emplace_back(rows.Text(row, 0));
  SqlRows out(std::move(names));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    out.Append(rows.columns() > 1 ? rows.At(row, 1) : std::nullopt);
  }
  return out;
}

constexpr std::array kShows = {
    Show{"pools", "SHOW POOLS", kPools, WithMaxwait},
    Show{"stats", "SHOW STATS_TOTALS", kTotals, nullptr},
    Show{"databases", "SHOW DATABASES", kDatabases, WithReservePool},
    Show{"lists", "SHOW LISTS", kLists, AsOneRow},
    Show{"config", "SHOW CONFIG", kSettings, AsOneRow},
};

/// What is the same as for a database; the console has a name of its own and no settings.
constexpr std::array kOptions = {
    OptionDesc{"pgbouncer.host", "text", "127.0.0.1",
               "Name, address, or folder of the Unix socket of PgBouncer."},
    OptionDesc{"pgbouncer.port", "integer", "6432", "Its port."},
    OptionDesc{"pgbouncer.database", "text", "pgbouncer", "The name of its admin console."},
    OptionDesc{"pgbouncer.user", "text", "pgbouncer",
               "The user to log in as, one of stats_users or admin_users."},
    OptionDesc{"pgbouncer.password", "secret", "",
               "Its password, or password_file: a file that is read again at each connect."},
    OptionDesc{"pgbouncer.sslmode", "text", "prefer",
               "disable, allow, prefer, require, verify-ca or verify-full, as in libpq."},
    OptionDesc{"pgbouncer.sslrootcert", "text", "", "File of the certificates to trust."},
    OptionDesc{"pgbouncer.sslcert", "text", "", "File of the client's certificate."},
    OptionDesc{"pgbouncer.sslkey", "text", "", "File of the client's private key."},
};

constexpr std::uint16_t kDefaultPort = 6432;

constexpr std::string_view kShowVersion = "SHOW VERSION";

bool EndsCollection(const Attempt& attempt, const SqlConnection& connection) {
  return IsOver(attempt) || !connection.is_open();
}

}  // namespace

Status PgbouncerCollector::Collect(const Attempt& attempt, Collection& collection) {
  const Result<SqlRows> version = connection_->Query(std::string(kShowVersion), {}, attempt);
  if (!version && EndsCollection(attempt, *connection_)) return version.error();
  if (version && !version->empty()) {
    collection.points.Add(kVersion, {version->Text(0, 0)}, 1);
  }
  for (const Show& show : kShows) {
    const Result<SqlRows> rows = connection_->Query(std::string(show.statement), {}, attempt);
    if (!rows && EndsCollection(attempt, *connection_)) {
      return rows.error().Within(std::string(show.statement));
    }
    const Status added = rows ? AddColumns(show.turn == nullptr ? *rows : show.turn(*rows),
                                           show.metrics, collection.points)
                              : Status(rows.error());
    if (!added) collection.parts.push_back({std::string(show.name), added.error()});
  }
  collection.points.Add(kUp, {}, 1);
  return {};
}

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all = {kUp, kVersion};
    for (const Show& show : kShows) {
      for (const ColumnMetric& metric : show.metrics) all.push_back(metric.desc);
    }
    return all;
  }();
  return kAll;
}

std::span<const OptionDesc> Options() {
  return kOptions;
}

MakeCollector Configure(YamlMap& options) {
  PostgresOptions console;
  console.port = kDefaultPort;
  console.database = "pgbouncer";
  console.user = "pgbouncer";
  console.protocol = PostgresProtocol::kSimple;
  static const YamlNode kDefaults;
  const YamlNode* const node = options.Node("pgbouncer");
  YamlMap map(node == nullptr ? kDefaults : *node, options.diagnostics());
  for (const char* key : {"statement_timeout", "lock_timeout"}) {
    map.Reserve(key, "does not exist for the admin console");
  }
  console = ReadPostgresOptions(map, std::move(console));
  return [console](const Environment& /*environment*/) {
    return std::make_unique<PgbouncerCollector>(std::make_unique<PostgresConnection>(console));
  };
}

}  // namespace tocsin::collectors::pgbouncer
