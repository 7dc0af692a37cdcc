#include "collectors/dagster/collector.h"

#include <cstdlib>
#include <optional>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"
#include "tests/collectors/dagster/topic.h"
#include "tests/collectors/sql/attempt_for.h"

namespace tocsin::collectors::dagster {
namespace {

const std::string kBackfills = R"(dagster_backfills{status="REQUESTED"})";
const std::string kFailedNightly =
    R"(dagster_runs_failed_total{job_name="nightly",location="__unknown__"})";

/// A run of job "nightly" that failed just now.
std::string FailedRun(const Watcher& watcher) {
  return "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
         "start_time, end_time) VALUES ('a', 'nightly', 'FAILURE', " +
         watcher.Naive() + ", " + watcher.Naive() + ", " + watcher.Epoch() + ", " +
         watcher.Epoch() + ")";
}

/// Keeps everybody from a table of Dagster's, as a migration does.
class LockedTable {
 public:
  LockedTable(PostgresInstance& instance, const std::string& table)
      : server_(instance.server()), table_("dagster." + table) {
    PostgresOptions options = instance.Options();
    options.host = server_.socket_folder();
    options.user = "postgres";
    holder_.emplace(options);
    for (const std::string& statement :
         {std::string("BEGIN READ WRITE"), "LOCK TABLE " + table_ + " IN ACCESS EXCLUSIVE MODE"}) {
      const Result<SqlRows> held = holder_->Query(statement, {}, LongAttempt());
      BOOST_TEST_REQUIRE(static_cast<bool>(held), (held ? "" : held.error().message));
    }
  }
  ~LockedTable() {
    holder_.reset();
    server_.Await(
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = '" +
            table_ + "'::regclass",
        "0");
  }
  LockedTable(const LockedTable&) = delete;
  LockedTable& operator=(const LockedTable&) = delete;

 private:
  const PostgresServer& server_;
  const std::string table_;
  std::optional<PostgresConnection> holder_;
};

/// What is wrong with the options of a collector, as a text.
std::string MistakesIn(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  {
    YamlMap options(*node, diagnostics);
    Configure(options);
  }
  return diagnostics.Text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSoundAndComplete) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST(metric.name.starts_with("dagster_"));
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(!metric.help.empty());
      const bool is_total = metric.name.ends_with("_total");
      BOOST_TEST((metric.type == MetricType::kCounter) == is_total);
    }
  }
  SqliteInstance instance;
  Settings settings;
  settings.compatibility_names = true;
  Watcher watcher(instance, settings);
  for (const auto& [series, value] : watcher.CollectWhole()) {
    std::string name = series.substr(0, series.find('{'));
    for (const std::string suffix : {"_sum", "_count"}) {
      if (!names.contains(name) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    }
    BOOST_TEST(names.contains(name), "not in the catalogue: " + name);
  }
}

BOOST_AUTO_TEST_CASE(AMissingTableCostsItsOwnMetricsOnly) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kEvents, "ALTER TABLE pending_steps RENAME TO gone");
    for (int i = 0; i < 2; ++i) {
      watcher.tap->ran.clear();
      const Values values = watcher.Collect();
      BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
      BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
      BOOST_TEST(watcher.parts[0].source == "concurrency");
      BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kNotFound));
      BOOST_TEST(values.contains(R"(dagster_runs_in_flight{status="QUEUED"})"));
      bool asked = false;
      for (const Ran& ran : watcher.tap->ran) {
        asked = asked || ran.statement.find("pending_steps") != std::string::npos;
      }
      BOOST_TEST(asked == (i == 0));
    }
    instance.Execute(Store::kEvents, "ALTER TABLE gone RENAME TO pending_steps");
    watcher.CollectWhole(std::chrono::minutes(10));
  });
}

BOOST_AUTO_TEST_CASE(ALockedTableCostsItsOwnMetricsOnly,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  Watcher watcher(instance);
  instance.Execute(Store::kRuns,
                   "INSERT INTO daemon_heartbeats (daemon_type, daemon_id, timestamp, body) "
                   "VALUES ('SENSOR', 'd', " +
                       watcher.Naive() + ", '{}')");
  const std::string age = R"(dagster_daemon_heartbeat_age_seconds{daemon_type="SENSOR"})";
  BOOST_TEST(watcher.CollectWhole().contains(kBackfills));

  {
    const LockedTable lock(instance, "bulk_actions");
    const Values values = watcher.Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
    BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
    BOOST_TEST(watcher.parts[0].source == "backfills");
    BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kTimeout));
    BOOST_TEST(values.contains(age));
    BOOST_TEST(!values.contains(kBackfills));
    // The parts after it are read, too.
    BOOST_TEST(HasSeriesLike(values, "dagster_database_connections_max"));
  }
  // At the very next collection.
  BOOST_TEST(watcher.CollectWhole().contains(kBackfills));
}

BOOST_AUTO_TEST_CASE(WhileItIsUnknownWhoseItIsNothingIsCounted,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  instance.Execute(Store::kRuns, "INSERT INTO instance_info (run_storage_id) VALUES ('one')");
  Watcher watcher(instance);
  const auto check_unknown = [&] {
    const Values values = watcher.Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status),
                       (watcher.status ? "" : watcher.status.error().message));
    BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
    BOOST_TEST(watcher.parts[0].source == "instance");
    BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kTimeout));
    BOOST_TEST(values.contains(kBackfills));
    BOOST_TEST(!values.contains("dagster_completion_scan_caught_up"));
  };
  {
    const LockedTable lock(instance, "instance_info");
    check_unknown();
    check_unknown();
  }
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FailedRun(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  {
    const LockedTable lock(instance, "instance_info");
    instance.server().Execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dagster_reader'");
    check_unknown();
  }
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
}

BOOST_AUTO_TEST_CASE(ACollectionEndsWhenItsTimeIsUp,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  Watcher watcher(instance);
  watcher.CollectWhole();
  instance.server().Pause();
  watcher.time_allowed = std::chrono::milliseconds(200);
  watcher.Collect();
  instance.server().Resume();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kTimeout));
}

BOOST_AUTO_TEST_CASE(APartThatFailsForAWhileIsBackAtTheNextCollection) {
  SqliteInstance instance;
  Watcher watcher(instance);
  const std::filesystem::path file = instance.File(Store::kSchedules);
  const std::filesystem::path away = file.string() + ".away";
  std::filesystem::rename(file, away);
  watcher.Collect();
  BOOST_TEST(static_cast<bool>(watcher.status));
  BOOST_TEST(watcher.parts.size() == 2U);  // Ticks and instigators.
  std::filesystem::rename(away, file);
  watcher.CollectWhole();
}

BOOST_AUTO_TEST_CASE(AMissingTableIsLookedForOnANewConnection) {
  SqliteInstance instance;
  Watcher watcher(instance);
  instance.Execute(Store::kSchedules, "ALTER TABLE instigators RENAME TO gone");
  watcher.Collect();
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kNotFound));
  // Another file in its place is noticed in the middle of a collection, by the part before.
  instance.Execute(Store::kSchedules, "ALTER TABLE gone RENAME TO instigators");
  const std::filesystem::path file = instance.File(Store::kSchedules);
  const std::filesystem::path copy = file.string() + ".copy";
  std::filesystem::copy(file, copy);
  std::filesystem::rename(copy, file);
  watcher.CollectWhole();
}

BOOST_AUTO_TEST_CASE(WhoseItIsNeedNotBeReadable, *boost::unit_test::precondition(NeedsPostgres)) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  PostgresInstance instance;
  instance.Execute(Store::kRuns, "INSERT INTO instance_info (run_storage_id) VALUES ('one')");
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FailedRun(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);

  instance.Execute(Store::kRuns, "REVOKE SELECT ON instance_info FROM dagster_reader");
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  instance.Execute(Store::kRuns, "GRANT SELECT ON instance_info TO dagster_reader");
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  // It is still told from another.
  instance.Execute(Store::kRuns, "UPDATE instance_info SET run_storage_id = 'two'");
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 0);
}

BOOST_AUTO_TEST_CASE(CountsOfAnUnknownAreKeptWhenItIsKnown,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  const TemporaryFolder folder;
  PostgresInstance instance;
  instance.Execute(Store::kRuns,
                   "INSERT INTO instance_info (run_storage_id) VALUES ('one');"
                   "REVOKE SELECT ON instance_info FROM dagster_reader");
  Watcher watcher(instance, {}, folder.path() / "state.json");
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FailedRun(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  instance.Execute(Store::kRuns, "GRANT SELECT ON instance_info TO dagster_reader");
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
}

BOOST_AUTO_TEST_CASE(WithoutTheFileOfTheRunsNothingIsKnown) {
  SqliteInstance instance;
  Watcher watcher(instance);
  std::filesystem::remove(instance.File(Store::kSchedules));
  const Values values = watcher.Collect();
  BOOST_TEST(static_cast<bool>(watcher.status));
  BOOST_TEST(watcher.parts.size() == 2U);  // Ticks and instigators.
  BOOST_TEST(values.contains(R"(dagster_runs_in_flight{status="QUEUED"})"));
  std::filesystem::remove(instance.File(Store::kRuns));
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(AStateThatCannotBeKeptIsReportedAndStopsNothing) {
  SqliteInstance instance;
  Watcher watcher(instance, {}, "/proc/no/such/folder/state.json");
  const Values values = watcher.Collect();
  BOOST_TEST(static_cast<bool>(watcher.status));
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].source == "state");
  BOOST_TEST(!values.empty());
}

BOOST_AUTO_TEST_CASE(OptionsAreChecked) {
  const std::string expected = "expected either postgres or sqlite";
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: /srv/dagster}").empty());
  BOOST_TEST(MistakesIn("postgres: {host: db, password: x}\nassets: [a/b]").empty());
  BOOST_TEST(MistakesIn("max_jobs: 3").find(expected) != std::string::npos);
  BOOST_TEST(MistakesIn("postgres: {host: db}\nsqlite: {dagster_home: x}").find(expected) !=
             std::string::npos);
  BOOST_TEST(MistakesIn("postgres: {prot: 1}\nsqlite: {}\nmax_jobs: 0") ==
             "f.yaml:1:12: unknown key \"prot\" (did you mean \"port\"?)\n"
             "f.yaml:2:9: \"dagster_home\" is required\n"
             "f.yaml:2:9: expected either postgres or sqlite, to say where Dagster's storage is\n"
             "f.yaml:3:11: max_jobs: expected a whole number from 1 to 100000, got \"0\"");
  BOOST_TEST(MistakesIn("sqlite: {dagster_hom: x}").find("dagster_home") != std::string::npos);
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: x}\nmax_jobs: 0").find("f.yaml:2:") !=
             std::string::npos);
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: x}\nmax_series: 3000\nmax_jobs: 499").empty());
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: x}\nmax_series: 60").empty());
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: x}\nmax_jobs: 500") ==
             "f.yaml:2:11: max_jobs: 500 jobs may need 3006 series in one metric, and max_series "
             "is 1000");
}

BOOST_AUTO_TEST_CASE(MoreSeriesMakeRoomForMoreJobs) {
  BOOST_TEST(JobsWithin(1000) == Settings().max_jobs);
  BOOST_TEST(JobsWithin(6000) == 999U);
  BOOST_TEST(JobsWithin(1) == 1U);
}

BOOST_AUTO_TEST_CASE(DagsterHomeIsBesideTheConfiguration) {
  SqliteInstance instance;
  const TemporaryFolder folder;
  const std::filesystem::path history = folder.path() / "home" / "history";
  std::filesystem::create_directories(history);
  std::filesystem::copy(instance.File(Store::kRuns), history / "runs.db");
  Diagnostics diagnostics((folder.path() / "tocsin.yaml").string());
  const std::optional<YamlNode> node = ParseYaml("sqlite: {dagster_home: home}", diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  YamlMap options(*node, diagnostics);
  const FakeClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const std::unique_ptr<Collector> collector = Configure(options)({clock, log, {}});
  MetricSink sink({1000, {}}, nullptr);
  Collection collection{sink};
  const Status status = collector->Collect(LongAttempt(), collection);
  BOOST_TEST(static_cast<bool>(status), (status ? "" : status.error().message));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster
