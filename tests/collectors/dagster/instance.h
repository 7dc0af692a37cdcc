// Dagster databases for tests, and a collector that reads one under a clock that the test moves.

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "base/sqlite.h"
#include "collectors/dagster/collector.h"
#include "collectors/dagster/database_source.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/sqlite_connection.h"
#include "tests/collectors/dagster/values.h"
#include "tests/collectors/dagster/wiretap.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_server.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::dagster {

inline std::string FixtureText(const std::string& name) {
  const std::filesystem::path path = SourceDirectory() / "tests/fixtures/dagster" / name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// An empty Dagster database. Statements that change it must be such as both databases understand.
class Instance {
 public:
  virtual ~Instance() = default;
  virtual Dialect dialect() const = 0;
  virtual void Execute(Store store, const std::string& statements) = 0;
  virtual Database Open(std::shared_ptr<Wiretap> tap) = 0;
};

/// Three files, as in a DAGSTER_HOME.
class SqliteInstance final : public Instance {
 public:
  SqliteInstance() {
    Execute(Store::kRuns, FixtureText("sqlite_runs.sql"));
    Execute(Store::kEvents, FixtureText("sqlite_events.sql"));
    Execute(Store::kSchedules, FixtureText("sqlite_schedules.sql"));
  }
  Dialect dialect() const override { return Dialect::kSqlite; }
  std::filesystem::path File(Store store) const {
    constexpr std::array kNames = {"runs.db", "index.db", "schedules.db"};
    return folder_.path() / kNames[static_cast<std::size_t>(store)];
  }
  void Execute(Store store, const std::string& statements) override {
    Result<SqliteDatabase> file =
        SqliteDatabase::Open(File(store), SqliteDatabase::Mode::kReadWrite);
    if (!file) throw std::runtime_error(file.error().message);
    const Status done = file->Execute(statements);
    if (!done) throw std::runtime_error(done.error().message);
  }
  Database Open(std::shared_ptr<Wiretap> tap) override {
    Database database{Dialect::kSqlite, {}};
    for (std::size_t store = 0; store < kStores; ++store) {
      database.connections[store] = std::make_shared<TappedConnection>(
          std::make_unique<SqliteConnection>(File(static_cast<Store>(store))), tap);
    }
    return database;
  }

 private:
  TemporaryFolder folder_;
};

/// A schema of its own on the test program's server, read by a role that may only SELECT.
class PostgresInstance final : public Instance {
 public:
  PostgresInstance() : server_(PostgresServer::Shared()) {
    server_.Start();
    server_.Execute(
        "DROP SCHEMA IF EXISTS dagster CASCADE; CREATE SCHEMA dagster;"
        "DO $$ BEGIN CREATE ROLE dagster_reader LOGIN PASSWORD 'reader'; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "ALTER ROLE dagster_reader SET search_path = dagster; GRANT USAGE ON SCHEMA dagster TO "
        "dagster_reader");
    Execute(Store::kRuns, FixtureText("postgres.sql"));
    Execute(Store::kRuns, "GRANT SELECT ON ALL TABLES IN SCHEMA dagster TO dagster_reader");
  }
  ~PostgresInstance() override { server_.Execute("DROP SCHEMA dagster CASCADE"); }
  PostgresInstance(const PostgresInstance&) = delete;
  PostgresInstance& operator=(const PostgresInstance&) = delete;

  Dialect dialect() const override { return Dialect::kPostgres; }
  PostgresServer& server() { return server_; }
  void Execute(Store /*store*/, const std::string& statements) override {
    server_.Execute("SET search_path = dagster; SET TimeZone = UTC; " + statements);
  }
  PostgresOptions Options() const {
    PostgresOptions options;
    options.host = "127.0.0.1";
    options.port = server_.port();
    options.user = "dagster_reader";
    options.password = SecretSource::Inline(Secret("reader"));
    options.database = "postgres";
    return options;
  }
  Database Open(std::shared_ptr<Wiretap> tap) override {
    const auto connection = std::make_shared<TappedConnection>(
        std::make_unique<PostgresConnection>(Options()), std::move(tap));
    return {Dialect::kPostgres, {connection, connection, connection}};
  }

 private:
  PostgresServer& server_;
};

/// Runs `test` on an empty database of each kind; on PostgreSQL only where a server is installed.
template <class Test>
void OnEachDatabase(const Test& test) {
  BOOST_TEST_CONTEXT("SQLite") {
    SqliteInstance instance;
    test(instance);
  }
  if (!PostgresServer::IsInstalled()) return;
  BOOST_TEST_CONTEXT("PostgreSQL") {
    PostgresInstance instance;
    test(instance);
  }
}

/// A collector on an instance. Both its clock and the source's are `clock`.
class Watcher {
 public:
  explicit Watcher(Instance& instance, Settings settings = {},
                   std::filesystem::path state_file = {},
                   const DatabaseKind& kind = DagsterDatabaseKind())
      : instance_(instance),
        kind_(kind),
        settings_(std::move(settings)),
        environment_{clock, log_, std::move(state_file)} {
    tap->clock = &clock;
    Restart();
  }

  /// A new process on the same state file; the old one gets no chance to do anything.
  void Restart() {
    std::vector<NamedSource> sources;
    sources.push_back(
        {"database", 1,
         std::make_unique<DatabaseSource>(kind_, settings_, instance_.Open(tap), environment_)});
    collector_ = std::make_unique<DagsterCollector>(std::move(sources));
  }

  /// One collection; the status is kept in `status`, reports in `parts`.
  Values Collect() {
    MetricSink sink({max_series, {}}, nullptr);
    Collection collection{sink};
    const Attempt attempt{
        std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()) + time_allowed,
        {}};
    status = collector_->Collect(attempt, collection);
    parts = collection.parts;
    skew = collection.clock_skew_seconds.value_or(0);
    for (const std::uint64_t count : sink.dropped()) dropped += count;
    return ValuesOf(*sink.Finish(clock.Now()));
  }

  /// A collection that has to succeed and to leave no part out, `later` than the one before.
  Values CollectWhole(Duration later = std::chrono::seconds(15)) {
    clock.Advance(later);
    Values values = Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(status), (status ? "" : status.error().message));
    for (const SourceReport& part : parts) {
      BOOST_TEST(false, part.source + ": " + part.status.error().message);
    }
    BOOST_TEST(dropped == 0U);
    clock.Advance(Duration(1));  // What the test does next is after the collection.
    return values;
  }

  /// The moment `ago` before now as a naive column shows it, quoted.
  std::string Naive(Duration ago = {}) const { return "'" + FormatNaive(clock.Now() - ago) + "'"; }
  /// The same as Unix seconds.
  std::string Epoch(Duration ago = {}) const {
    return FormatNumber(tocsin::UnixSeconds(clock.Now() - ago));
  }

  FakeClock clock{TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1})};
  std::shared_ptr<Wiretap> tap = std::make_shared<Wiretap>();
  /// How long a collection may take, by the real clock.
  Duration time_allowed = std::chrono::seconds(60);
  Status status;
  std::vector<SourceReport> parts;
  double skew = 0;
  std::size_t max_series = 100'000;
  std::uint64_t dropped = 0;

 private:
  Instance& instance_;
  const DatabaseKind& kind_;
  const Settings settings_;
  const Log log_{LogLevel::kError, LogFormat::kLogfmt};
  const Environment environment_;
  std::unique_ptr<DagsterCollector> collector_;
};

}  // namespace tocsin::collectors::dagster
