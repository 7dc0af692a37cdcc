#include "exporter/demo/demo.h"

#include <array>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "base/sqlite.h"
#include "exporter/demo/dagster_files.h"
#include "exporter/demo/installation.h"
#include "tests/support/fake_clock.h"

namespace tocsin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kSeed = 7;
constexpr TimePoint kStart{std::chrono::hours(24 * 365 * 56) + std::chrono::milliseconds(250)};
const std::filesystem::path kRunsFile = "history/runs.db";
const std::filesystem::path kEventsFile = "history/runs/index.db";
const std::filesystem::path kSchedulesFile = "schedules/schedules.db";

/// A folder that goes with its test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-demo-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// The rows of a query on one of the files, columns separated by '|', read as a collector would.
  std::vector<std::string> Rows(const std::filesystem::path& file, std::string_view query) const {
    Result<SqliteDatabase> database =
        SqliteDatabase::Open(path_ / file, SqliteDatabase::Mode::kReadOnly);
    BOOST_REQUIRE(database);
    Result<SqliteStatement> statement = database->Prepare(query);
    BOOST_REQUIRE_MESSAGE(statement, query);
    std::vector<std::string> rows;
    for (;;) {
      const Result<bool> row = statement->Step();
      BOOST_REQUIRE_MESSAGE(row, query);
      if (!*row) return rows;
      std::string& text = rows.emplace_back();
      for (int column = 0; column < statement->columns(); ++column) {
        if (column > 0) text += '|';
        text += statement->Text(column);
      }
    }
  }

  std::string One(const std::filesystem::path& file, std::string_view query) const {
    const std::vector<std::string> rows = Rows(file, query);
    BOOST_REQUIRE_EQUAL(rows.size(), 1U);
    return rows.front();
  }

 private:
  std::filesystem::path path_;
};

demo::Installation Open(const Folder& folder, TimePoint now, std::uint64_t seed = kSeed) {
  Result<demo::DagsterFiles> files = demo::DagsterFiles::Open(folder.path());
  BOOST_REQUIRE(files);
  Result<demo::Installation> installation = demo::Installation::Open(std::move(*files), seed, now);
  BOOST_REQUIRE(installation);
  return std::move(*installation);
}

void Advance(demo::Installation& installation, TimePoint from, Duration by) {
  for (TimePoint now = from + seconds(1); now <= from + by; now += seconds(1)) {
    BOOST_REQUIRE(installation.Advance(now));
  }
}

/// How long each daemon has been silent, in whole seconds.
std::map<std::string, int> Silence(const Folder& folder, TimePoint now) {
  std::map<std::string, int> silence;
  for (const std::string& row :
       folder.Rows(kRunsFile,
                   "SELECT daemon_type, CAST(strftime('%s', timestamp) AS INTEGER) "
                   "FROM daemon_heartbeats")) {
    const std::size_t bar = row.find('|');
    const auto beat = TimePoint(seconds(std::stoll(row.substr(bar + 1))));
    silence[row.substr(0, bar)] =
        static_cast<int>(std::chrono::duration_cast<seconds>(now - beat).count());
  }
  return silence;
}

/// Everything that a folder holds and that could differ.
std::vector<std::string> Everything(const Folder& folder) {
  std::vector<std::string> all;
  const auto add = [&](const std::filesystem::path& file, std::string_view query) {
    for (std::string& row : folder.Rows(file, query)) all.push_back(std::move(row));
  };
  add(kRunsFile, "SELECT * FROM runs");
  add(kRunsFile, "SELECT * FROM run_tags");
  add(kRunsFile, "SELECT * FROM daemon_heartbeats");
  add(kRunsFile, "SELECT * FROM bulk_actions");
  add(kEventsFile, "SELECT * FROM event_logs");
  add(kEventsFile, "SELECT concurrency_key, run_id, deleted FROM concurrency_slots");
  add(kSchedulesFile, "SELECT job_origin_id, status, timestamp, tick_body FROM job_ticks");
  return all;
}

/// Plays a demo on a thread of its own, as the program does.
class RunningDemo {
 public:
  RunningDemo(const Folder& folder, const Clock& clock)
      : thread_([&folder, &clock, this](const std::stop_token& stop) {
          const Log log(LogLevel::kError, LogFormat::kLogfmt);
          const DemoOptions options = {folder.path(), kSeed, [this] { NoteStarted(); }};
          result_ = RunDemo(options, clock, log, stop);
          NoteStarted();
        }) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_; });
  }

  Status Stop() {
    thread_.request_stop();
    thread_.join();
    return result_;
  }

 private:
  void NoteStarted() {
    const std::lock_guard lock(mutex_);
    started_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false;
  Status result_;
  std::jthread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(demo_test)

BOOST_AUTO_TEST_CASE(NaiveTimesAreWrittenAsDagsterWritesThem) {
  BOOST_TEST(demo::NaiveTime(TimePoint{}) == "1970-01-01 00:00:00.000000");
  BOOST_TEST(demo::NaiveTime(TimePoint(std::chrono::milliseconds(1'767'323'045'007))) ==
             "2026-01-02 03:04:05.007000");
}

BOOST_AUTO_TEST_CASE(TheTablesAreThoseOfDagster) {
  const Folder folder;
  const demo::Installation installation = Open(folder, kStart);
  struct Row {
    std::filesystem::path file;
    std::set<std::string> tables;
  };
  const std::array rows = {
      Row{kRunsFile,
          {"alembic_version", "backfill_tags", "bulk_actions", "daemon_heartbeats", "instance_info",
           "kvs", "run_tags", "runs", "secondary_indexes", "snapshots"}},
      Row{kEventsFile,
          {"alembic_version", "asset_check_executions", "asset_event_tags", "asset_keys",
           "concurrency_limits", "concurrency_slots", "dynamic_partitions", "event_logs",
           "pending_steps", "secondary_indexes"}},
      Row{kSchedulesFile,
          {"alembic_version", "asset_daemon_asset_evaluations", "instigators", "job_ticks", "jobs",
           "secondary_indexes"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.file) {
      const std::vector<std::string> tables =
          folder.Rows(row.file, "SELECT name FROM sqlite_master WHERE type = 'table'");
      BOOST_TEST(std::set<std::string>(tables.begin(), tables.end()) == row.tables,
                 boost::test_tools::per_element());
      BOOST_TEST(folder.One(row.file, "SELECT version_num FROM alembic_version") == "29b539ebc72a");
      BOOST_TEST(folder.One(row.file, "PRAGMA journal_mode") == "wal");
    }
  }
}

BOOST_AUTO_TEST_CASE(OneDaemonIsSilentFromTheStartAndTheOthersGoOn) {
  const Folder folder;
  demo::Installation installation = Open(folder, kStart);
  for (const Duration later : {Duration(0), Duration(minutes(2))}) {
    Advance(installation, kStart, later);
    const std::map<std::string, int> silence = Silence(folder, kStart + later);
    BOOST_TEST(silence.size() == 6U);
    for (const auto& [daemon, silent_seconds] : silence) {
      BOOST_TEST_CONTEXT(daemon) {
        BOOST_TEST((silent_seconds > 120) == (daemon == "SENSOR"));
        BOOST_TEST((silent_seconds <= 31) == (daemon != "SENSOR"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(TheDeadDaemonEvaluatesNoSensorUntilItIsRevived) {
  const Folder folder;
  demo::Installation installation = Open(folder, kStart);
  const std::string sensor_ticks = "SELECT count(*) FROM job_ticks WHERE type = 'SENSOR'";
  const std::string daemon_ids = "SELECT count(DISTINCT daemon_id) FROM daemon_heartbeats";
  const std::string before = folder.One(kSchedulesFile, sensor_ticks);
  Advance(installation, kStart, minutes(2));
  BOOST_TEST(folder.One(kSchedulesFile, sensor_ticks) == before);
  BOOST_TEST(folder.One(kRunsFile, daemon_ids) == "1");

  installation.Revive();
  Advance(installation, kStart + minutes(2), minutes(2));
  BOOST_TEST(Silence(folder, kStart + minutes(4))["SENSOR"] <= 31);
  BOOST_TEST(std::stoi(folder.One(kSchedulesFile, sensor_ticks)) > std::stoi(before));
  BOOST_TEST(folder.One(kRunsFile, daemon_ids) == "2");
}

BOOST_AUTO_TEST_CASE(ThereAreRunsInEveryStatusAndTheQueueMoves) {
  const Folder folder;
  demo::Installation installation = Open(folder, kStart);
  std::set<std::string> seen;
  std::set<std::string> depths;
  for (Duration later{}; later < minutes(30); later += seconds(1)) {
    BOOST_REQUIRE(installation.Advance(kStart + later));
    for (std::string& status : folder.Rows(kRunsFile, "SELECT DISTINCT status FROM runs")) {
      seen.insert(std::move(status));
    }
    depths.insert(folder.One(kRunsFile, "SELECT count(*) FROM runs WHERE status = 'QUEUED'"));
  }
  const std::set<std::string> every = {"QUEUED",  "NOT_STARTED", "MANAGED",   "STARTING", "STARTED",
                                       "SUCCESS", "FAILURE",     "CANCELING", "CANCELED"};
  BOOST_TEST(seen == every, boost::test_tools::per_element());
  BOOST_TEST(depths.size() > 5U);
  BOOST_TEST(depths.contains("0"));
}

BOOST_AUTO_TEST_CASE(WhatIsWrittenHangsTogether) {
  const Folder folder;
  demo::Installation installation = Open(folder, kStart);
  Advance(installation, kStart, minutes(30));
  struct Row {
    std::filesystem::path file;
    std::string_view violations;
  };
  const std::array rows = {
      Row{kRunsFile,
          "SELECT count(*) FROM runs WHERE (status IN ('SUCCESS', 'FAILURE', "
          "'CANCELED')) <> (end_time IS NOT NULL)"},
      Row{kRunsFile, "SELECT count(*) FROM runs WHERE end_time < start_time"},
      Row{kRunsFile, "SELECT count(*) FROM runs WHERE status = 'STARTED' AND start_time IS NULL"},
      Row{kRunsFile, "SELECT count(*) FROM run_tags WHERE run_id NOT IN (SELECT run_id FROM runs)"},
      Row{kRunsFile, "SELECT count(*) FROM runs WHERE run_body NOT LIKE '%.' || status || '%'"},
      Row{kRunsFile,
          "SELECT count(*) FROM (SELECT 1 FROM runs WHERE status IN ('STARTING', "
          "'STARTED') LIMIT -1 OFFSET 3)"},
      Row{kRunsFile,
          "SELECT NOT json_valid(body) FROM daemon_heartbeats WHERE NOT json_valid(body)"
          " UNION ALL SELECT 0 LIMIT 1"},
      Row{kRunsFile, "SELECT count(*) FROM bulk_actions WHERE NOT json_valid(body)"},
      Row{kSchedulesFile, "SELECT count(*) FROM instigators WHERE NOT json_valid(instigator_body)"},
      Row{kSchedulesFile,
          "SELECT count(*) FROM job_ticks WHERE NOT json_valid(tick_body) OR "
          "selector_id NOT IN (SELECT selector_id FROM instigators)"},
      Row{kEventsFile, "SELECT abs(count(*) - 2) FROM concurrency_slots"},
      Row{kEventsFile,
          "SELECT count(*) FROM pending_steps WHERE run_id IN (SELECT run_id FROM "
          "concurrency_slots)"},
      Row{kEventsFile, "SELECT abs(count(*) - 3) FROM asset_keys"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.violations) {
      BOOST_TEST(folder.One(row.file, row.violations) == "0");
    }
  }
  BOOST_TEST(folder.Rows(kRunsFile, "SELECT DISTINCT status FROM bulk_actions").size() >= 1U);
}

BOOST_AUTO_TEST_CASE(TheSameSeedGivesTheSameRows) {
  const Folder first;
  const Folder second;
  const Folder other;
  std::vector<demo::Installation> installations;  // Open until the end: readers need the WAL files.
  for (const Folder* const folder : {&first, &second, &other}) {
    installations.push_back(Open(*folder, kStart, folder == &other ? kSeed + 1 : kSeed));
    Advance(installations.back(), kStart, minutes(1));
  }
  BOOST_TEST(Everything(first) == Everything(second), boost::test_tools::per_element());
  BOOST_TEST((Everything(first) != Everything(other)));
}

BOOST_AUTO_TEST_CASE(ASecondStartPlaysOnWithItsRunsAndADeadDaemon) {
  const Folder folder;
  std::string newest;
  {
    demo::Installation installation = Open(folder, kStart);
    installation.Revive();
    Advance(installation, kStart, minutes(1));
    newest = folder.One(kRunsFile, "SELECT max(id) FROM runs");
  }
  const TimePoint again = kStart + minutes(5);
  demo::Installation installation = Open(folder, again);
  Advance(installation, again, minutes(20));
  BOOST_TEST(std::stoi(folder.One(kRunsFile, "SELECT max(id) FROM runs")) > std::stoi(newest));
  BOOST_TEST(Silence(folder, again)["SENSOR"] > 120);
  BOOST_TEST(folder.One(kRunsFile, "SELECT count(*) FROM runs WHERE id <= " + newest +
                                       " AND status IN ('QUEUED', 'STARTING', 'STARTED')") == "0");
}

BOOST_AUTO_TEST_CASE(ARunningDemoIsRevivedFromOutside) {
  const Folder folder;
  FakeClock clock(kStart);
  RunningDemo demo(folder, clock);
  BOOST_TEST(IsDemoRunning(folder.path()));
  BOOST_REQUIRE(ReviveDemo(folder.path()));
  clock.AwaitWaiters(1);
  BOOST_TEST(Silence(folder, clock.Now())["SENSOR"] > 120);
  // The wait for the third step shows that the second is done.
  for (int step = 0; step < 2; ++step) {
    clock.Advance(seconds(31));
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (Silence(folder, clock.Now())["SCHEDULER"] > 0) {
      BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
  }
  BOOST_TEST(Silence(folder, clock.Now())["SENSOR"] <= 31);
  BOOST_TEST(bool(demo.Stop()));
  BOOST_TEST(!IsDemoRunning(folder.path()));
}

BOOST_AUTO_TEST_CASE(TwoDemosDoNotShareAFolder) {
  const Folder folder;
  FakeClock clock(kStart);
  RunningDemo first(folder, clock);
  RunningDemo second(folder, clock);
  const Status refused = second.Stop();
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == ErrorCode::kInvalidInput));
  BOOST_TEST(refused.error().message.find(folder.path().string()) != std::string::npos);
  BOOST_TEST(bool(first.Stop()));
}

BOOST_AUTO_TEST_CASE(WhatDoesNotRunCannotBeRevived) {
  const Folder folder;
  for (const std::filesystem::path& where : {folder.path(), folder.path() / "missing"}) {
    const Status revived = ReviveDemo(where);
    BOOST_REQUIRE(!revived);
    BOOST_TEST((revived.error().code == ErrorCode::kNotFound));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
