// Dagster databases for tests, and a collector that reads one under a clock that the test moves.

#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/number.h"
#include "base/sqlite.h"
#include "collectors/dagster/collector.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/sqlite_connection.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors::dagster {

/// A folder that is gone when the test is.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tocsin-dagster-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string FixtureText(const std::string& name) {
  const std::filesystem::path path =
      std::filesystem::path(TOCSIN_SOURCE_DIR) / "tests/fixtures/dagster" / name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A statement as the collector ran it.
struct Ran {
  std::string statement;
  std::vector<SqlParameter> parameters;
};

/// What tests share about the connections that they hand to a collector.
struct Wiretap {
  std::vector<Ran> ran;
  /// The source's clock, if the test rules it.
  const FakeClock* clock = nullptr;
  /// How far the source's clock is ahead of `clock`.
  Duration ahead{};
  /// By how much it is set once the next statement has been answered.
  Duration step{};
};

/// `text` with each `from` in it made `to`.
inline std::string Replaced(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Passes statements on and notes them. What they select as the source's clock is made the test's,
/// if it rules that.
class TappedConnection final : public SqlConnection {
 public:
  TappedConnection(std::unique_ptr<SqlConnection> inner, std::shared_ptr<Wiretap> tap)
      : inner_(std::move(inner)), tap_(std::move(tap)) {}

  Result<SqlRows> Query(const std::string& statement, std::span<const SqlParameter> parameters,
                        const Attempt& attempt) override {
    tap_->ran.push_back({statement, {parameters.begin(), parameters.end()}});
    if (tap_->clock == nullptr) return inner_->Query(statement, parameters, attempt);
    const std::string now = FormatNumber(tocsin::UnixSeconds(tap_->clock->Now() + tap_->ahead));
    std::string text = statement;
    for (const std::string_view clock : kSourceClocks) text = Replaced(text, clock, now);
    const Result<SqlRows> rows = inner_->Query(text, parameters, attempt);
    tap_->ahead += std::exchange(tap_->step, Duration(0));
    return rows;
  }
  bool is_open() const override { return inner_->is_open(); }
  std::uint64_t generation() const override { return inner_->generation(); }

 private:
  /// How a statement asks the source for the time.
  static constexpr std::array<std::string_view, 2> kSourceClocks = {
      "extract(epoch FROM clock_timestamp())::float8", "(julianday('now') - 2440587.5) * 86400.0"};

  std::unique_ptr<SqlConnection> inner_;
  std::shared_ptr<Wiretap> tap_;
};

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

/// Values by series, as in `name{label="value"}`; histograms by their `name_sum` and `name_count`.
using Values = std::map<std::string, double>;

inline Values ValuesOf(const Snapshot& snapshot) {
  Values values;
  for (const FamilyPoints& family : snapshot.families) {
    const std::size_t width = family.shape->values_per_series();
    for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
      std::string labels;
      std::istringstream texts{std::string(family.shape->series(i))};
      for (const std::string& name : family.shape->label_names) {
        std::string text;
        std::getline(texts, text, FamilyShape::kDelimiter);
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, text);
      }
      if (!labels.empty()) labels = "{" + labels + "}";
      const std::string& name = family.shape->name;
      const double* const at = &family.values[i * width];
      if (family.shape->type == MetricType::kHistogram) {
        values[name + "_count" + labels] = at[width - 2];
        values[name + "_sum" + labels] = at[width - 1];
      } else {
        values[name + labels] = at[0];
      }
    }
  }
  return values;
}

/// A collector on an instance. Both its clock and the source's are `clock`.
class Watcher {
 public:
  explicit Watcher(Instance& instance, Settings settings = {},
                   std::filesystem::path state_file = {})
      : instance_(instance),
        settings_(std::move(settings)),
        environment_{clock, log_, std::move(state_file)} {
    tap->clock = &clock;
    Restart();
  }

  /// A new process on the same state file; the old one gets no chance to do anything.
  void Restart() {
    collector_ = std::make_unique<DagsterCollector>(settings_, instance_.Open(tap), environment_);
  }

  /// One collection; the status is kept in `status`, reports in `parts`.
  Values Collect() {
    MetricSink sink({100'000, {}}, nullptr);
    Collection collection{sink};
    const Attempt attempt{std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()) +
                              std::chrono::seconds(60),
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
  Status status;
  std::vector<SourceReport> parts;
  double skew = 0;
  std::uint64_t dropped = 0;

 private:
  Instance& instance_;
  const Settings settings_;
  const Log log_{LogLevel::kError, LogFormat::kLogfmt};
  const Environment environment_;
  std::unique_ptr<DagsterCollector> collector_;
};

/// The value of a series; a series that is not there fails the test.
inline double At(const Values& values, const std::string& series) {
  const auto found = values.find(series);
  BOOST_TEST_REQUIRE((found != values.end()), "no series " + series);
  return found->second;
}

}  // namespace tocsin::collectors::dagster
