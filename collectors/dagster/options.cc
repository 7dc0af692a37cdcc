#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/number.h"
#include "collectors/dagster/collector.h"
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

/// The series of a job in dagster_active_runs, which has the most: one for each unfinished state.
constexpr std::size_t kSeriesPerJob = 6;
constexpr std::size_t kMostJobs = 100'000;

/// max_series has been read before; a mistake in it has been reported.
std::size_t MaxSeries(YamlMap& options) {
  const YamlNode* const node = options.Node("max_series");
  const std::optional<double> number = node == nullptr ? std::nullopt : ParseNumber(node->text);
  return number && *number >= 1 && *number <= 1e9 ? static_cast<std::size_t>(*number) : 1000;
}

std::size_t ReadMaxJobs(YamlMap& options) {
  const std::size_t max_series = MaxSeries(options);
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

}  // namespace

std::size_t JobsWithin(std::size_t max_series) {
  const std::size_t jobs = max_series / kSeriesPerJob;
  return std::clamp<std::size_t>(jobs, 2, kMostJobs + 1) - 1;  // One less, for __other__.
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kPostgresOptions.begin(), kPostgresOptions.end());
    all.insert(all.end(), kOwnOptions.begin(), kOwnOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  // All is read, even where one excludes the other, so that all mistakes are told at once.
  const std::optional<PostgresOptions> postgres = ReadPostgres(options);
  const std::optional<std::filesystem::path> dagster_home = ReadDagsterHome(options);
  const Settings settings = ReadSettings(options);
  if (postgres.has_value() == dagster_home.has_value()) {
    options.diagnostics().Add(
        dagster_home ? options.PlaceOf("sqlite") : options.place(),
        "expected either postgres or sqlite, to say where Dagster's storage is");
  }
  return [settings, postgres, dagster_home](const Environment& environment) {
    return std::make_unique<DagsterCollector>(
        settings, dagster_home ? OpenSqlite(*dagster_home) : OpenPostgres(*postgres), environment);
  };
}

}  // namespace tocsin::collectors::dagster
