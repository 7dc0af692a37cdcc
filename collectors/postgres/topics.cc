#include "collectors/postgres/topics.h"

#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace tocsin::collectors::postgres {
namespace {

using std::chrono::minutes;
using enum MetricType;

// Names are those of prometheus-community/postgres_exporter where it has the metric. Of its
// counters, those without _total, and its gauges with _count, have no type here: a typed one would
// be refused by `promtool check metrics`.

constexpr int kVersion17 = 170000;

// --- The server itself ---

constexpr std::array kServerMetrics = {
    ColumnMetric{"up", {"pg_up", kGauge, "1 whenever the server has answered."}},
    ColumnMetric{"is_replica",
                 {"pg_replication_is_replica", kGauge, "1 if the server is a replica, else 0."}},
    ColumnMetric{"lag",
                 {"pg_replication_lag_seconds", kGauge,
                  "Age of the last transaction that a replica has replayed; 0 if it has replayed "
                  "all that it received, and on a primary."}},
    ColumnMetric{
        "started",
        {"pg_postmaster_start_time_seconds", kGauge, "Unix time at which the server started."}},
};

std::string ServerStatement(const Server& /*server*/) {
  return "SELECT extract(epoch FROM clock_timestamp())::float8 AS now_s, 1 AS up, "
         "pg_is_in_recovery() AS is_replica, "
         "extract(epoch FROM pg_postmaster_start_time())::float8 AS started, "
         "CASE WHEN NOT pg_is_in_recovery() THEN 0 "
         "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
         "ELSE greatest(0, extract(epoch FROM clock_timestamp() - "
         "pg_last_xact_replay_timestamp())::float8) END AS lag";
}

// --- Connections ---

constexpr std::array kActivityMetrics = {
    ColumnMetric{"count",
                 {"pg_stat_activity_count",
                  kUnknown,
                  "Connections; the state of other roles' is \"unknown\" without "
                  "pg_read_all_stats.",
                  {"datname", "state"}}},
    ColumnMetric{"max_tx_duration",
                 {"pg_stat_activity_max_tx_duration",
                  kGauge,
                  "Age of the oldest open transaction, in seconds; 0 if there is none.",
                  {"datname", "state"}}},
    ColumnMetric{"waiting",
                 {"pg_stat_activity_lock_waiters",
                  kGauge,
                  "Connections that wait for a lock, of rows or of anything else.",
                  {"datname"}}},
};

/// Zeros for every state of every database. What has no state belongs to another role.
std::string ActivityStatement(const Server& /*server*/) {
  return "WITH seen AS (SELECT datname, coalesce(state, 'unknown') AS state, count(*) AS n, "
         "count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting, "
         "max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS longest "
         "FROM pg_stat_activity WHERE datname IS NOT NULL GROUP BY 1, 2) "
         "SELECT d.datname, s.state, "
         "CASE WHEN s.state = 'unknown' THEN n ELSE coalesce(n, 0) END AS count, "
         "CASE WHEN s.state = 'active' THEN coalesce(waiting, 0) END AS waiting, "
         "CASE WHEN s.state <> 'unknown' THEN greatest(0, coalesce(longest, 0)) END "
         "AS max_tx_duration "
         "FROM pg_database AS d CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'), "
         "('idle in transaction (aborted)'), ('fastpath function call'), ('disabled'), "
         "('unknown')) "
         "AS s(state) LEFT JOIN seen ON seen.datname = d.datname AND seen.state = s.state "
         "WHERE d.datallowconn";
}

constexpr std::array kApplicationMetrics = {
    ColumnMetric{"count",
                 {"pg_application_connections",
                  kGauge,
                  "Connections of clients by the name that they give themselves: how much of a "
                  "pool is in use. The hundred largest groups.",
                  {"application_name", "state"}}},
};

std::string ApplicationStatement(const Server& /*server*/) {
  return "SELECT coalesce(application_name, '') AS application_name, "
         "coalesce(state, 'unknown') AS state, count(*) AS count FROM pg_stat_activity "
         "WHERE datname IS NOT NULL AND coalesce(backend_type, 'client backend') = "
         "'client backend' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100";
}

// --- Locks ---

constexpr std::array kLockMetrics = {
    ColumnMetric{"count",
                 {"pg_locks_count",
                  kUnknown,
                  "Locks on tables and other objects, held and waited for.",
                  {"datname", "mode"}}},
};

std::string LockStatement(const Server& /*server*/) {
  return "SELECT d.datname, m.mode, coalesce(n, 0) AS count FROM pg_database AS d CROSS JOIN "
         "(VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'), "
         "('shareupdateexclusivelock'), ('sharelock'), ('sharerowexclusivelock'), "
         "('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) AS m(mode) LEFT JOIN "
         "(SELECT database, lower(mode) AS mode, count(*) AS n FROM pg_locks "
         "WHERE database IS NOT NULL GROUP BY 1, 2) AS held "
         "ON held.database = d.oid AND held.mode = m.mode WHERE d.datallowconn";
}

// --- Databases ---

constexpr LabelNames kDatabaseLabels = {"datid", "datname"};
constexpr double kMilliseconds = 1e-3;

constexpr std::array kDatabaseMetrics = {
    ColumnMetric{
        "numbackends",
        {"pg_stat_database_numbackends", kGauge, "Connections to the database.", kDatabaseLabels}},
    ColumnMetric{"xact_commit",
                 {"pg_stat_database_xact_commit", kUnknown, "Transactions that were committed.",
                  kDatabaseLabels}},
    ColumnMetric{"xact_rollback",
                 {"pg_stat_database_xact_rollback", kUnknown, "Transactions that were rolled back.",
                  kDatabaseLabels}},
    ColumnMetric{"blks_read",
                 {"pg_stat_database_blks_read", kUnknown,
                  "Blocks that were read because they were not in the buffers.", kDatabaseLabels}},
    ColumnMetric{"blks_hit",
                 {"pg_stat_database_blks_hit", kUnknown, "Blocks that were found in the buffers.",
                  kDatabaseLabels}},
    ColumnMetric{
        "tup_returned",
        {"pg_stat_database_tup_returned", kUnknown, "Rows that scans came upon.", kDatabaseLabels}},
    ColumnMetric{"tup_fetched",
                 {"pg_stat_database_tup_fetched", kUnknown, "Rows that index scans fetched.",
                  kDatabaseLabels}},
    ColumnMetric{"tup_inserted",
                 {"pg_stat_database_tup_inserted", kUnknown, "Rows inserted.", kDatabaseLabels}},
    ColumnMetric{"tup_updated",
                 {"pg_stat_database_tup_updated", kUnknown, "Rows updated.", kDatabaseLabels}},
    ColumnMetric{"tup_deleted",
                 {"pg_stat_database_tup_deleted", kUnknown, "Rows deleted.", kDatabaseLabels}},
    ColumnMetric{
        "conflicts",
        {"pg_stat_database_conflicts", kUnknown,
         "Queries that were cancelled because recovery on a replica needed it.", kDatabaseLabels}},
    ColumnMetric{"temp_files",
                 {"pg_stat_database_temp_files", kUnknown, "Temporary files that queries made.",
                  kDatabaseLabels}},
    ColumnMetric{"temp_bytes",
                 {"pg_stat_database_temp_bytes", kUnknown, "Bytes written to temporary files.",
                  kDatabaseLabels}},
    ColumnMetric{
        "deadlocks",
        {"pg_stat_database_deadlocks", kUnknown, "Deadlocks that were found.", kDatabaseLabels}},
    ColumnMetric{"checksum_failures",
                 {"pg_stat_database_checksum_failures", kUnknown,
                  "Pages whose checksum was wrong; only with data checksums.", kDatabaseLabels}},
    ColumnMetric{
        "blk_read_time",
        {"pg_stat_database_blk_read_time", kUnknown,
         "Milliseconds that were spent reading; 0 without track_io_timing.", kDatabaseLabels}},
    ColumnMetric{
        "blk_write_time",
        {"pg_stat_database_blk_write_time", kUnknown,
         "Milliseconds that were spent writing; 0 without track_io_timing.", kDatabaseLabels}},
    // From version 14 on.
    ColumnMetric{"active_time",
                 {"pg_stat_database_active_time_seconds_total", kCounter,
                  "Time that sessions spent executing statements.", kDatabaseLabels},
                 kMilliseconds},
    ColumnMetric{"idle_in_transaction_time",
                 {"pg_stat_database_idle_in_transaction_time_seconds_total", kCounter,
                  "Time that sessions spent idle in a transaction.", kDatabaseLabels},
                 kMilliseconds},
    ColumnMetric{"sessions",
                 {"pg_stat_database_sessions_total", kCounter, "Sessions that were begun.",
                  kDatabaseLabels}},
    ColumnMetric{"sessions_abandoned",
                 {"pg_stat_database_sessions_abandoned_total", kCounter,
                  "Sessions whose client was lost.", kDatabaseLabels}},
    ColumnMetric{"sessions_fatal",
                 {"pg_stat_database_sessions_fatal_total", kCounter,
                  "Sessions that ended by an error.", kDatabaseLabels}},
    ColumnMetric{"sessions_killed",
                 {"pg_stat_database_sessions_killed_total", kCounter,
                  "Sessions that an operator ended.", kDatabaseLabels}},
};

/// All columns, since versions differ in them. The row without a name is about shared objects.
std::string DatabaseStatement(const Server& /*server*/) {
  return "SELECT * FROM pg_stat_database WHERE datname IS NOT NULL";
}

// --- Replication ---

constexpr LabelNames kReplicationLabels = {"application_name", "client_addr", "state"};

constexpr std::array kReplicationMetrics = {
    ColumnMetric{"lsn_diff",
                 {"pg_stat_replication_pg_wal_lsn_diff", kGauge,
                  "Bytes of WAL that the replica has not replayed yet.", kReplicationLabels}},
    ColumnMetric{"write_lag",
                 {"pg_stat_replication_write_lag_seconds", kGauge,
                  "Time until the replica had written recent WAL.", kReplicationLabels}},
    ColumnMetric{"flush_lag",
                 {"pg_stat_replication_flush_lag_seconds", kGauge,
                  "Time until the replica had flushed recent WAL.", kReplicationLabels}},
    ColumnMetric{"replay_lag",
                 {"pg_stat_replication_replay_lag_seconds", kGauge,
                  "Time until the replica had replayed recent WAL.", kReplicationLabels}},
};

/// The server forgets the lag of a replica that has caught up: that is 0, and not unknown.
std::string ReplicationStatement(const Server& /*server*/) {
  return "SELECT application_name, client_addr::text AS client_addr, state, "
         "max(pg_wal_lsn_diff(here.lsn, replay_lsn))::float8 AS lsn_diff, "
         "max(CASE WHEN write_lsn = here.lsn THEN 0 ELSE extract(epoch FROM write_lag)::float8 "
         "END) "
         "AS write_lag, "
         "max(CASE WHEN flush_lsn = here.lsn THEN 0 ELSE extract(epoch FROM flush_lag)::float8 "
         "END) "
         "AS flush_lag, "
         "max(CASE WHEN replay_lsn = here.lsn THEN 0 ELSE extract(epoch FROM replay_lag)::float8 "
         "END) AS replay_lag "
         "FROM pg_stat_replication, (SELECT CASE WHEN pg_is_in_recovery() THEN "
         "pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS here "
         "GROUP BY 1, 2, 3 LIMIT 100";
}

constexpr std::array kSlotMetrics = {
    ColumnMetric{"active",
                 {"pg_replication_slot_slot_is_active",
                  kGauge,
                  "1 if somebody reads from the replication slot, else 0.",
                  {"slot_name", "slot_type"}}},
    ColumnMetric{"retained",
                 {"pg_replication_slot_retained_wal_bytes",
                  kGauge,
                  "WAL that the server must keep for the replication slot.",
                  {"slot_name", "slot_type"}}},
};

std::string SlotStatement(const Server& /*server*/) {
  return "SELECT slot_name, slot_type, active, "
         "pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() "
         "ELSE pg_current_wal_lsn() END, restart_lsn)::float8 AS retained "
         "FROM pg_replication_slots LIMIT 100";
}

// --- Writing ---

constexpr std::array kWriterMetrics = {
    ColumnMetric{"checkpoints_timed",
                 {"pg_stat_bgwriter_checkpoints_timed_total", kCounter,
                  "Checkpoints that were due by time; until version 16."}},
    ColumnMetric{"checkpoints_req",
                 {"pg_stat_bgwriter_checkpoints_req_total", kCounter,
                  "Checkpoints that were requested; until version 16."}},
    ColumnMetric{"checkpoint_write_time",
                 {"pg_stat_bgwriter_checkpoint_write_time_total", kCounter,
                  "Milliseconds that checkpoints spent writing; until version 16."}},
    ColumnMetric{"checkpoint_sync_time",
                 {"pg_stat_bgwriter_checkpoint_sync_time_total", kCounter,
                  "Milliseconds that checkpoints spent synchronizing; until version 16."}},
    ColumnMetric{"buffers_checkpoint",
                 {"pg_stat_bgwriter_buffers_checkpoint_total", kCounter,
                  "Buffers written by checkpoints; until version 16."}},
    ColumnMetric{"buffers_clean",
                 {"pg_stat_bgwriter_buffers_clean_total", kCounter,
                  "Buffers written by the background writer."}},
    ColumnMetric{"maxwritten_clean",
                 {"pg_stat_bgwriter_maxwritten_clean_total", kCounter,
                  "Times that the background writer stopped because it had written enough."}},
    ColumnMetric{"buffers_backend",
                 {"pg_stat_bgwriter_buffers_backend_total", kCounter,
                  "Buffers that clients' processes had to write; until version 16."}},
    ColumnMetric{"buffers_backend_fsync",
                 {"pg_stat_bgwriter_buffers_backend_fsync_total", kCounter,
                  "Times that clients' processes had to synchronize; until version 16."}},
    ColumnMetric{"buffers_alloc",
                 {"pg_stat_bgwriter_buffers_alloc_total", kCounter, "Buffers allocated."}},
    ColumnMetric{"num_timed",
                 {"pg_stat_checkpointer_num_timed_total", kCounter,
                  "Checkpoints that were due by time; from version 17 on."}},
    ColumnMetric{"num_requested",
                 {"pg_stat_checkpointer_num_requested_total", kCounter,
                  "Checkpoints that were requested; from version 17 on."}},
    ColumnMetric{"restartpoints_timed",
                 {"pg_stat_checkpointer_restartpoints_timed_total", kCounter,
                  "Restartpoints that were due by time; from version 17 on."}},
    ColumnMetric{"restartpoints_req",
                 {"pg_stat_checkpointer_restartpoints_req_total", kCounter,
                  "Restartpoints that were requested; from version 17 on."}},
    ColumnMetric{"restartpoints_done",
                 {"pg_stat_checkpointer_restartpoints_done_total", kCounter,
                  "Restartpoints that were made; from version 17 on."}},
    ColumnMetric{"write_time",
                 {"pg_stat_checkpointer_write_time_total", kCounter,
                  "Milliseconds that checkpoints spent writing; from version 17 on."}},
    ColumnMetric{"sync_time",
                 {"pg_stat_checkpointer_sync_time_total", kCounter,
                  "Milliseconds that checkpoints spent synchronizing; from version 17 on."}},
    ColumnMetric{"buffers_written",
                 {"pg_stat_checkpointer_buffers_written_total", kCounter,
                  "Buffers written by checkpoints; from version 17 on."}},
};

std::string WriterStatement(const Server& server) {
  return server.version >= kVersion17 ? "SELECT * FROM pg_stat_bgwriter, pg_stat_checkpointer"
                                      : "SELECT * FROM pg_stat_bgwriter";
}

constexpr std::array kArchiverMetrics = {
    ColumnMetric{"archived_count",
                 {"pg_stat_archiver_archived_count", kUnknown, "WAL files that were archived."}},
    ColumnMetric{
        "failed_count",
        {"pg_stat_archiver_failed_count", kUnknown, "Failed attempts to archive a WAL file."}},
    ColumnMetric{"age",
                 {"pg_stat_archiver_last_archive_age", kGauge,
                  "Seconds since a WAL file was archived; none if none ever was."}},
};

std::string ArchiverStatement(const Server& /*server*/) {
  return "SELECT archived_count, failed_count, greatest(0, extract(epoch FROM clock_timestamp() - "
         "last_archived_time)::float8) AS age FROM pg_stat_archiver";
}

// --- What changes slowly ---

constexpr std::array kSettingMetrics = {
    ColumnMetric{"info",
                 {"pg_static", kGauge, "1, with the version.", {"short_version", "version"}}},
    ColumnMetric{
        "max_connections",
        {"pg_settings_max_connections", kGauge, "Most connections that the server allows."}},
    ColumnMetric{"superuser_reserved_connections",
                 {"pg_settings_superuser_reserved_connections", kGauge,
                  "Connections of these that only superusers get."}},
    ColumnMetric{"max_wal_senders",
                 {"pg_settings_max_wal_senders", kGauge, "Most replicas at a time."}},
    ColumnMetric{"max_replication_slots",
                 {"pg_settings_max_replication_slots", kGauge, "Most replication slots."}},
    ColumnMetric{
        "max_prepared_transactions",
        {"pg_settings_max_prepared_transactions", kGauge, "Most prepared transactions at a time."}},
    ColumnMetric{"max_worker_processes",
                 {"pg_settings_max_worker_processes", kGauge, "Most background processes."}},
    ColumnMetric{"autovacuum_freeze_max_age",
                 {"pg_settings_autovacuum_freeze_max_age", kGauge,
                  "Age in transactions at which a table is vacuumed whatever else is set."}},
    ColumnMetric{"shared_buffers",
                 {"pg_settings_shared_buffers_bytes", kGauge, "Size of the shared buffers."}},
    ColumnMetric{"effective_cache_size",
                 {"pg_settings_effective_cache_size_bytes", kGauge,
                  "What the planner believes to be cached."}},
    ColumnMetric{"work_mem",
                 {"pg_settings_work_mem_bytes", kGauge, "Memory of one sort or hash table."}},
    ColumnMetric{"maintenance_work_mem",
                 {"pg_settings_maintenance_work_mem_bytes", kGauge, "Memory of one vacuum."}},
};

std::string SettingStatement(const Server& /*server*/) {
  std::string statement =
      "SELECT 1 AS info, version() AS version, current_setting('server_version') AS short_version";
  for (const std::string_view name :
       {"max_connections", "superuser_reserved_connections", "max_wal_senders",
        "max_replication_slots", "max_prepared_transactions", "max_worker_processes",
        "autovacuum_freeze_max_age"}) {
    statement += fmt::format(", current_setting('{0}') AS {0}", name);
  }
  for (const std::string_view name :
       {"shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem"}) {
    statement += fmt::format(", pg_size_bytes(current_setting('{0}')) AS {0}", name);
  }
  return statement;
}

constexpr std::array kSizeMetrics = {
    ColumnMetric{"size",
                 {"pg_database_size_bytes",
                  kGauge,
                  "Size of the database on disk; only where the role may connect, or has "
                  "pg_read_all_stats.",
                  {"datname"}}},
    ColumnMetric{"connection_limit",
                 {"pg_database_connection_limit",
                  kGauge,
                  "Most connections to the database; -1 for no limit of its own.",
                  {"datname"}}},
    ColumnMetric{"frozen_age",
                 {"pg_database_frozen_xid_age",
                  kGauge,
                  "Transactions since the oldest that may be unfrozen; at two thousand million the "
                  "server stops.",
                  {"datname"}}},
};

std::string SizeStatement(const Server& /*server*/) {
  return "SELECT datname, datconnlimit AS connection_limit, age(datfrozenxid) AS frozen_age, "
         "CASE WHEN has_database_privilege(oid, 'CONNECT') OR "
         "pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(oid) END AS size "
         "FROM pg_database WHERE datallowconn";
}

// --- Statements ---

constexpr LabelNames kStatementLabels = {"user", "datname", "queryid"};

constexpr std::array kStatementMetrics = {
    ColumnMetric{"calls",
                 {"pg_stat_statements_calls_total", kCounter, "Times that the statement ran.",
                  kStatementLabels}},
    ColumnMetric{
        "seconds",
        {"pg_stat_statements_seconds_total", kCounter, "Time that it took.", kStatementLabels}},
    ColumnMetric{"rows",
                 {"pg_stat_statements_rows_total", kCounter, "Rows that it gave or changed.",
                  kStatementLabels}},
    ColumnMetric{"read_seconds",
                 {"pg_stat_statements_block_read_seconds_total", kCounter,
                  "Time that it spent reading; 0 without track_io_timing.", kStatementLabels}},
    ColumnMetric{"write_seconds",
                 {"pg_stat_statements_block_write_seconds_total", kCounter,
                  "Time that it spent writing; 0 without track_io_timing.", kStatementLabels}},
};

/// The view would read all the texts from disk, which nobody wants here: the function does not.
std::string StatementsStatement(const Server& server) {
  if (server.statements_version == 0 || server.top_statements == 0) return {};
  const char* const total = server.statements_version >= 1008 ? "total_exec_time" : "total_time";
  const char* const blocks = server.statements_version >= 1011 ? "shared_blk" : "blk";
  return fmt::format(
      "SELECT pg_get_userbyid(s.userid) AS \"user\", d.datname, s.queryid, sum(s.calls) AS calls, "
      "sum(s.{0}) / 1000 AS seconds, sum(s.rows) AS rows, "
      "sum(s.{1}_read_time) / 1000 AS read_seconds, sum(s.{1}_write_time) / 1000 AS write_seconds "
      "FROM {2}.pg_stat_statements(false) AS s JOIN pg_database AS d ON d.oid = s.dbid "
      "WHERE s.queryid IS NOT NULL GROUP BY s.userid, d.datname, s.queryid "
      "ORDER BY 5 DESC LIMIT {3}",
      total, blocks, SqlIdentifier(server.statements_schema), server.top_statements);
}

}  // namespace

std::span<const Topic> Topics() {
  static constexpr std::array kTopics = {
      Topic{"server", Duration(0), kServerMetrics, ServerStatement},
      Topic{"activity", Duration(0), kActivityMetrics, ActivityStatement},
      Topic{"applications", Duration(0), kApplicationMetrics, ApplicationStatement},
      Topic{"locks", Duration(0), kLockMetrics, LockStatement},
      Topic{"databases", Duration(0), kDatabaseMetrics, DatabaseStatement},
      Topic{"replication", Duration(0), kReplicationMetrics, ReplicationStatement},
      Topic{"bgwriter", Duration(0), kWriterMetrics, WriterStatement},
      Topic{"archiver", minutes(1), kArchiverMetrics, ArchiverStatement},
      Topic{"slots", minutes(1), kSlotMetrics, SlotStatement},
      Topic{"statements", minutes(1), kStatementMetrics, StatementsStatement},
      Topic{"settings", minutes(5), kSettingMetrics, SettingStatement},
      Topic{"sizes", minutes(5), kSizeMetrics, SizeStatement},
  };
  return kTopics;
}

int ExtensionVersion(std::string_view text) {
  int major = 0;
  int minor = 0;
  const char* const end = text.data() + text.size();
  const auto [dot, bad_major] = std::from_chars(text.data(), end, major);
  if (bad_major != std::errc() || dot == end || *dot != '.') return 0;
  const auto [rest, bad_minor] = std::from_chars(dot + 1, end, minor);
  return bad_minor != std::errc() || rest != end ? 0 : major * 1000 + minor;
}

}  // namespace tocsin::collectors::postgres
