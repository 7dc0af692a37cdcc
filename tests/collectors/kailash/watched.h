// A Kailash's database for tests, and a collector that reads it under a clock that the test moves.

#pragma once

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
#include <fmt/format.h>

#include "base/number.h"
#include "base/sqlite.h"
#include "collectors/kailash/collector.h"
#include "collectors/kailash/iso_time.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/sqlite_connection.h"
#include "tests/collectors/dagster/values.h"
#include "tests/collectors/dagster/wiretap.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_server.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::kailash {

using dagster::At;
using dagster::Ran;
using dagster::TappedConnection;
using dagster::Values;
using dagster::ValuesOf;
using dagster::Wiretap;

inline std::string FixtureText(const std::string& name) {
  const std::filesystem::path path = SourceDirectory() / "tests/fixtures/kailash" / name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Empty tables. Statements that change them must be such as both databases understand.
class Instance {
 public:
  virtual ~Instance() = default;
  virtual void Execute(const std::string& statements) = 0;
  virtual Database Open(std::shared_ptr<Wiretap> tap) = 0;
};

class SqliteInstance final : public Instance {
 public:
  SqliteInstance() { Execute(FixtureText("sqlite.sql")); }
  std::filesystem::path File() const { return folder_.path() / "kailash.db"; }
  void Execute(const std::string& statements) override {
    Result<SqliteDatabase> file = SqliteDatabase::Open(File(), SqliteDatabase::Mode::kReadWrite);
    if (!file) throw std::runtime_error(file.error().message);
    if (Status done = file->Execute(statements); !done) {
      throw std::runtime_error(done.error().message);
    }
  }
  Database Open(std::shared_ptr<Wiretap> tap) override {
    return {std::make_shared<TappedConnection>(std::make_unique<SqliteConnection>(File()),
                                               std::move(tap)),
            Dialect::kSqlite, "test"};
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
        "DROP SCHEMA IF EXISTS kailash CASCADE; CREATE SCHEMA kailash;"
        "DO $$ BEGIN CREATE ROLE kailash_reader LOGIN PASSWORD 'reader'; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "ALTER ROLE kailash_reader SET search_path = kailash; "
        "GRANT USAGE ON SCHEMA kailash TO kailash_reader");
    Execute(FixtureText("postgres.sql"));
    Execute("GRANT SELECT ON ALL TABLES IN SCHEMA kailash TO kailash_reader");
  }
  ~PostgresInstance() override { server_.Execute("DROP SCHEMA kailash CASCADE"); }
  PostgresInstance(const PostgresInstance&) = delete;
  PostgresInstance& operator=(const PostgresInstance&) = delete;

  PostgresServer& server() { return server_; }
  void Execute(const std::string& statements) override {
    server_.Execute("SET search_path = kailash; " + statements);
  }
  PostgresOptions Options() const {
    PostgresOptions options;
    options.port = server_.port();
    options.user = "kailash_reader";
    options.password = SecretSource::Inline(Secret("reader"));
    return options;
  }
  Database Open(std::shared_ptr<Wiretap> tap) override {
    return {std::make_shared<TappedConnection>(std::make_unique<PostgresConnection>(Options()),
                                               std::move(tap)),
            Dialect::kPostgres, "test"};
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

inline Settings DatabaseSettings() {
  Settings settings;
  settings.workflow_source = WorkflowSource::kDatabase;
  return settings;
}

/// A collector on a database. Both its clock and the source's are `clock`.
class Watcher {
 public:
  explicit Watcher(Instance& instance, Settings settings = DatabaseSettings(),
                   std::filesystem::path state_file = {})
      : instance_(instance),
        settings_(std::move(settings)),
        environment_{clock, log_, std::move(state_file)} {
    tap->clock = &clock;
    Restart();
  }

  /// A new process on the same state file; the old one gets no chance to do anything.
  void Restart() {
    Sources opened;
    opened.database = instance_.Open(tap);
    collector_ = std::make_unique<KailashCollector>(settings_, std::move(opened), environment_);
  }

  /// One collection, `later` than the one before; what it reports is in `sources` and `parts`.
  Values Collect(Duration later = std::chrono::seconds(15)) {
    clock.Advance(later);
    MetricSink sink({100'000, {}}, nullptr);
    Collection collection{sink};
    const Status status = collector_->Collect(LongAttempt(), collection);
    BOOST_TEST_REQUIRE(static_cast<bool>(status), (status ? "" : status.error().message));
    sources = collection.sources;
    parts = collection.parts;
    for (const std::uint64_t count : sink.dropped()) BOOST_TEST(count == 0U);
    Values values = ValuesOf(*sink.Finish(clock.Now()));
    clock.Advance(Duration(1));  // What the test does next is after the collection.
    return values;
  }

  /// A collection that leaves no source and no part out.
  Values CollectWhole(Duration later = std::chrono::seconds(15)) {
    Values values = Collect(later);
    for (const SourceReport& source : sources) {
      BOOST_TEST(static_cast<bool>(source.status),
                 source.source + (source.status ? "" : source.status.error().message));
    }
    for (const SourceReport& part : parts) {
      BOOST_TEST(false, part.source + ": " + part.status.error().message);
    }
    return values;
  }

  /// The moment `ago` before now as Kailash writes it, quoted; with microseconds unless they are 0.
  std::string Iso(Duration ago = {}) const {
    const Moment moment = clock.Now() - ago;
    const auto fraction = moment - std::chrono::floor<std::chrono::seconds>(moment);
    const std::string second = FormatIsoSecond(moment);
    if (fraction == Microseconds(0)) return "'" + second + "+00:00'";
    return fmt::format("'{}.{:06}+00:00'", second, fraction.count());
  }
  /// The same as Unix seconds.
  std::string Epoch(Duration ago = {}) const {
    return FormatNumber(tocsin::UnixSeconds(clock.Now() - ago));
  }

  FakeClock clock{TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 11 / 21})};
  std::shared_ptr<Wiretap> tap = std::make_shared<Wiretap>();
  std::vector<SourceReport> sources;
  std::vector<SourceReport> parts;

 private:
  Instance& instance_;
  const Settings settings_;
  const Log log_{LogLevel::kError, LogFormat::kLogfmt};
  const Environment environment_;
  std::unique_ptr<KailashCollector> collector_;
};

/// A row of kailash_executions. `completed` is a quoted text, or NULL.
inline std::string Execution(const std::string& run_id, const std::string& status,
                             const std::string& started, const std::string& completed = "NULL",
                             const std::string& error = "",
                             const std::string& workflow = "orders") {
  return fmt::format(
      "INSERT INTO kailash_executions (run_id, workflow_id, status, started_at, completed_at, "
      "error) VALUES ('{}', '{}', '{}', {}, {}, '{}');",
      run_id, workflow, status, started, completed, error);
}

}  // namespace tocsin::collectors::kailash
