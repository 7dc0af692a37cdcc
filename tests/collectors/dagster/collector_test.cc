#include "collectors/dagster/collector.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"
#include "tests/collectors/dagster/topic.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/test_server.h"

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

/// A source that does what a test says.
class ScriptedSource final : public Source {
 public:
  using Script = std::function<Status(const Attempt&, Collection&)>;
  explicit ScriptedSource(Script script) : script_(std::move(script)) {}

  Status Collect(const Attempt& attempt, Collection& collection) override {
    return script_(attempt, collection);
  }

 private:
  Script script_;
};

constexpr MetricDesc kSome = {.name = "dagster_some", .help = "Some."};
const Error kGone{ErrorCode::kUnavailable, "gone"};

ScriptedSource::Script Says(double skew_seconds) {
  return [=](const Attempt& /*attempt*/, Collection& collection) -> Status {
    collection.points.Add(kSome, {}, 1);
    collection.clock_skew_seconds = skew_seconds;
    return {};
  };
}

Status Fails(const Attempt& /*attempt*/, Collection& /*collection*/) {
  return kGone;
}

DagsterCollector CollectorOf(std::vector<ScriptedSource::Script> scripts) {
  constexpr std::array<std::string_view, 3> kNames = {"first", "second", "third"};
  std::vector<NamedSource> sources;
  for (ScriptedSource::Script& script : scripts) {
    sources.push_back({kNames.at(sources.size()), static_cast<int>(sources.size()) + 1,
                       std::make_unique<ScriptedSource>(std::move(script))});
  }
  return DagsterCollector(std::move(sources));
}

/// A collector that is configured by `yaml`.
std::unique_ptr<Collector> Configured(const std::string& yaml, const Environment& environment) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  MakeCollector make;
  {
    YamlMap options(*node, diagnostics);
    make = Configure(options);
  }
  BOOST_TEST_REQUIRE(diagnostics.empty(), diagnostics.Text());
  return make(environment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSoundAndComplete) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST((metric.name.starts_with("dagster_") || metric.name.starts_with("floe_")));
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
      const auto& missing = watcher.parts[0].metrics;
      BOOST_TEST((std::find(missing.begin(), missing.end(), "dagster_concurrency_slots") !=
                  missing.end()));
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

BOOST_AUTO_TEST_CASE(ATableThatAnOlderDagsterLacksIsNoFault) {
  SqliteInstance instance;
  instance.Execute(Store::kEvents, "ALTER TABLE pending_steps RENAME TO gone");
  instance.Execute(Store::kRuns, "ALTER TABLE bulk_actions RENAME TO gone");
  Watcher watcher(instance);
  watcher.Collect();
  BOOST_TEST_REQUIRE(watcher.parts.size() == 2U);
  BOOST_TEST(watcher.parts[0].source == "concurrency");
  BOOST_TEST(!watcher.parts[0].is_fault);
  // Every Dagster has backfills.
  BOOST_TEST(watcher.parts[1].source == "backfills");
  BOOST_TEST(watcher.parts[1].is_fault);
  instance.Execute(Store::kEvents, "ALTER TABLE gone RENAME TO pending_steps");
  watcher.clock.Advance(std::chrono::minutes(10));
  watcher.Collect();
  BOOST_TEST(watcher.parts.size() == 1U);
  // What was there once should be there.
  instance.Execute(Store::kEvents, "ALTER TABLE pending_steps RENAME TO gone");
  watcher.clock.Advance(std::chrono::minutes(10));
  watcher.Collect();
  BOOST_TEST_REQUIRE(watcher.parts.size() == 2U);
  BOOST_TEST(watcher.parts[0].is_fault);
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

BOOST_AUTO_TEST_CASE(OneSourceIsNotReported) {
  MetricSink sink({10, {}}, nullptr);
  Collection collection{sink};
  BOOST_TEST(static_cast<bool>(CollectorOf({Says(1.5)}).Collect(LongAttempt(), collection)));
  BOOST_TEST(collection.sources.empty());
  BOOST_TEST(collection.clock_skew_seconds.value() == 1.5);

  const Status failed = CollectorOf({Fails}).Collect(LongAttempt(), collection);
  BOOST_TEST_REQUIRE(!failed);
  BOOST_TEST((failed.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(collection.sources.empty());
}

BOOST_AUTO_TEST_CASE(EachOfSeveralSourcesFailsApart) {
  MetricSink sink({10, {}}, nullptr);
  Collection collection{sink};
  BOOST_TEST(
      static_cast<bool>(CollectorOf({Fails, Says(1.5), Fails}).Collect(LongAttempt(), collection)));
  BOOST_TEST_REQUIRE(collection.sources.size() == 3U);
  BOOST_TEST(collection.sources[0].source == "first");
  BOOST_TEST(!collection.sources[0].status);
  BOOST_TEST(!collection.sources[0].clock_skew_seconds.has_value());
  BOOST_TEST(static_cast<bool>(collection.sources[1].status));
  BOOST_TEST(collection.sources[1].clock_skew_seconds.value() == 1.5);
  BOOST_TEST(!collection.sources[2].status);
  BOOST_TEST(!collection.clock_skew_seconds.has_value());
  BOOST_TEST(sink.Finish(TimePoint())->families.size() == 1U);
}

BOOST_AUTO_TEST_CASE(ASourceThatHangsLeavesTheOthersTheirTime) {
  const Attempt attempt = LongAttempt();
  std::vector<SteadyPoint> deadlines;
  const auto note = [&](const Attempt& own, Collection& /*collection*/) -> Status {
    deadlines.push_back(own.deadline);
    return {};
  };
  MetricSink sink({10, {}}, nullptr);
  Collection collection{sink};
  BOOST_TEST(static_cast<bool>(CollectorOf({note, note, note}).Collect(attempt, collection)));
  BOOST_TEST_REQUIRE(deadlines.size() == 3U);
  const SteadyPoint begin = attempt.deadline - std::chrono::seconds(60);
  // By their weights of 1, 2 and 3, of 57 seconds. That they began later than the attempt was made
  // is not much.
  const Duration slack = std::chrono::seconds(5);
  const std::array<Duration, 3> shares = {std::chrono::milliseconds(9500), std::chrono::seconds(19),
                                          std::chrono::milliseconds(28500)};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    BOOST_TEST((deadlines[i] - begin > shares.at(i) - slack));
    BOOST_TEST((deadlines[i] - begin < shares.at(i) + slack));
  }
}

BOOST_AUTO_TEST_CASE(ASourceThatOverrunsTakesTheTimeOfNobodyElse) {
  const Duration overrun(500);
  const Attempt attempt = AttemptFor(std::chrono::seconds(1));
  std::vector<NamedSource> sources;
  sources.push_back(
      {"database", 4,
       std::make_unique<ScriptedSource>([&](const Attempt& own, Collection& /*collection*/) {
         std::this_thread::sleep_until(own.deadline + overrun);
         return kGone;
       }),
       overrun});
  Duration left{};
  SteadyPoint deadline{};
  sources.push_back(
      {"webserver", 3,
       std::make_unique<ScriptedSource>([&](const Attempt& own, Collection& /*collection*/) {
         left = std::chrono::duration_cast<Duration>(attempt.deadline -
                                                     std::chrono::steady_clock::now());
         deadline = own.deadline;
         return Status();
       })});
  MetricSink sink({10, {}}, nullptr);
  Collection collection{sink};
  DagsterCollector collector(std::move(sources));
  BOOST_TEST(static_cast<bool>(collector.Collect(attempt, collection)));
  // Three parts of seven of the 450 ms beside the overrun and the reserve.
  BOOST_TEST((left >= Duration(150)));
  BOOST_TEST((deadline <= attempt.deadline));
}

BOOST_AUTO_TEST_CASE(TheWebserverIsASourceOfItsOwn) {
  SqliteInstance instance;
  const TemporaryFolder folder;
  const std::filesystem::path home = folder.path() / "home";
  std::filesystem::create_directories(home / "history" / "runs");
  std::filesystem::create_directories(home / "schedules");
  std::filesystem::copy(instance.File(Store::kRuns), home / "history" / "runs.db");
  const TestServer server([](const TestServer::Request& request) {
    return request.line().starts_with("GET /server_info")
               ? TestServer::Answer(200, R"({"dagster_webserver_version":"1"})")
               : TestServer::Answer(500);
  });
  const FakeClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const std::unique_ptr<Collector> collector = Configured(
      "sqlite: {dagster_home: " + home.string() + "}\nwebserver: {url: '" + server.url() + "'}",
      {clock, log, {}});
  const auto collect = [&](bool database_is_up) {
    MetricSink sink({1000, {}}, nullptr);
    Collection collection{sink};
    BOOST_TEST(static_cast<bool>(collector->Collect(LongAttempt(), collection)));
    BOOST_TEST_REQUIRE(collection.sources.size() == 2U);
    BOOST_TEST(collection.sources[0].source == "database");
    BOOST_TEST(static_cast<bool>(collection.sources[0].status) == database_is_up);
    BOOST_TEST(collection.sources[1].source == "webserver");
    BOOST_TEST(static_cast<bool>(collection.sources[1].status));
    const Values values = ValuesOf(*sink.Finish(TimePoint()));
    BOOST_TEST(At(values, "dagster_webserver_up") == 1);
    BOOST_TEST(HasSeriesLike(values, "dagster_runs_in_flight") == database_is_up);
  };
  collect(true);
  std::filesystem::rename(home / "history" / "runs.db", home / "away.db");
  collect(false);
  std::filesystem::rename(home / "away.db", home / "history" / "runs.db");
  collect(true);
}

BOOST_AUTO_TEST_CASE(OptionsOfNeighboursAreChecked) {
  const std::string home = "sqlite: {dagster_home: x}\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"webserver: {url: 'http://dagster:3000/floe'}", ""},
      {"webserver: {}", "f.yaml:2:12: \"url\" is required"},
      {"webserver: {url: 'http://d', graphql_interval: 15s}",
       "f.yaml:2:48: graphql_interval: expected at least 30s: each query costs the webserver time"},
      {"webserver: {url: 'http://d', graphq_interval: 1m}",
       "f.yaml:2:30: unknown key \"graphq_interval\" (did you mean \"graphql_interval\"?)"},
      {"kubernetes: {}", ""},
      {"kubernetes: {mode: ha, namespace: floe, lease: other}", ""},
      {"kubernetes: {api_server: 'https://10.0.0.1:6443', authorization: {credentials: t}}", ""},
      {"kubernetes: {mode: many}", "f.yaml:2:20: mode: expected single or ha"},
      {"kubernetes: {namespace: a/b}",
       "f.yaml:2:25: namespace: expected the name of a Kubernetes object"},
      {"kubernetes: {lease: ''}", "f.yaml:2:21: lease: expected the name of a Kubernetes object"},
      {"contracts: {postgres: {host: db, database: floe_monitoring}}", ""},
      {"contracts: {}",
       "f.yaml:2:12: expected postgres, to say where the contract monitor's tables are"},
      {"contracts: {postgres: {}}\nwebserver: {url: 'http://d'}\ntimeout: 950ms", ""},
      {"contracts: {postgres: {}}\nwebserver: {url: 'http://d'}\ntimeout: 949ms",
       "f.yaml:4:10: timeout: expected at least 950ms, of which each source has its part"},
      {"contracts: {postgres: {}}\ninterval: 500ms",
       "f.yaml:3:11: interval: expected at least 800ms, of which each source has its part"},
      {"timeout: 1ms", ""},
      {"contracts: {postgres: {prot: 1}}",
       "f.yaml:2:24: unknown key \"prot\" (did you mean \"port\"?)"},
  };
  for (const auto& [yaml, mistakes] : table) {
    BOOST_TEST_CONTEXT(yaml) {
      BOOST_TEST(MistakesIn(home + yaml) == mistakes);
    }
  }
}

BOOST_AUTO_TEST_CASE(EachOptionIsListedOnce) {
  std::set<std::string_view> names;
  for (const OptionDesc& option : Options()) BOOST_TEST(names.insert(option.name).second);
  for (const std::string_view name :
       {"postgres.host", "contracts.postgres.host", "webserver.url",
        "webserver.basic_auth.password", "kubernetes.tls_config.ca_file"}) {
    BOOST_TEST(names.contains(name), name);
  }
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
