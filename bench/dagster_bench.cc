// What a collection of the Dagster collector costs the database, beside the obvious query: a
// million runs in a real PostgreSQL, which is started for this and gone afterwards.
//
//     dagster_bench [RUNS [COLLECTIONS]]

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "collectors/dagster/database_source.h"
#include "collectors/dagster/parts.h"
#include "collectors/sql/postgres_connection.h"
#include "tests/collectors/dagster/history.h"
#include "tests/collectors/dagster/instance.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors::dagster {
namespace {

/// The moment of the load, in UTC, as an expression.
const std::string kNow = "(clock_timestamp() AT TIME ZONE 'UTC')";
constexpr int kFinishingPerCollection = 100;
/// What row 27 of the yardsticks demands of the status counts.
constexpr double kMustMs = 0.5;
constexpr double kMustRatio = 130;

/// Time on a CPU of one server process, to the nanosecond.
double CpuMs(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/schedstat");
  double nanoseconds = 0;
  if (!(file >> nanoseconds)) throw std::runtime_error("cannot read the CPU time of " + pid);
  return nanoseconds / 1e6;
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Cost {
  double cpu_ms = 0;   ///< In the server process of the connection.
  double wall_ms = 0;  ///< As the collector waits.
  double statements = 0;
};

/// One connection to the database under test, what goes over it, and what that costs.
class Bench {
 public:
  explicit Bench(PostgresInstance& instance) : database(instance.Open(tap)) {}

  /// The median cost of `collect` over many collections, with `before` ahead of each, unmeasured.
  Cost Measure(int times, const std::function<void()>& before,
               const std::function<void(const Attempt&)>& collect) {
    for (int i = 0; i < 2; ++i) collect(Soon());  // Connects, prepares, begins to count.
    const std::string pid = Pid();
    std::vector<double> cpu;
    std::vector<double> wall;
    std::vector<double> statements;
    for (int i = 0; i < times; ++i) {
      before();
      tap->ran.clear();
      const double cpu_before = CpuMs(pid);
      const auto begin = std::chrono::steady_clock::now();
      collect(Soon());
      const std::chrono::duration<double, std::milli> wall_ms =
          std::chrono::steady_clock::now() - begin;
      wall.push_back(wall_ms.count());
      cpu.push_back(CpuMs(pid) - cpu_before);
      statements.push_back(static_cast<double>(tap->ran.size()));
    }
    return {Median(cpu), Median(wall), Median(statements)};
  }

  static Attempt Soon() { return {SystemClock().SteadyNow() + std::chrono::minutes(1), {}}; }

  /// Of the server process behind `database`.
  std::string Pid() {
    const Result<SqlRows> rows =
        database.connections[0]->Query("SELECT pg_backend_pid()", {}, Soon());
    if (!rows) throw std::runtime_error(rows.error().message);
    return std::string(rows->Text(0, 0));
  }

  SystemClock clock;
  std::shared_ptr<Wiretap> tap = std::make_shared<Wiretap>();
  Database database;
};

void MustWork(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

Cost MeasureNaive(PostgresInstance& instance, int times) {
  Bench bench(instance);
  return bench.Measure(
      times, [] {},
      [&](const Attempt& attempt) {
        const auto rows = bench.database.connections[0]->Query(
            "SELECT status, count(*) FROM runs GROUP BY status", {}, attempt);
        if (!rows) throw std::runtime_error(rows.error().message);
      });
}

/// Unfinished runs by status, and finished ones by watermark: what answers the same question.
Cost MeasureStatusCounts(PostgresInstance& instance, int times,
                         const std::function<void()>& before) {
  Bench bench(instance);
  Settings settings;
  settings.max_active_runs = 0;  // By status only, as the other query: not by job and key.
  const auto active = ActiveRunsPart().make(settings);
  const auto completed = CompletedRunsPart().make(settings);
  return bench.Measure(times, before, [&](const Attempt& attempt) {
    Session session(bench.database, bench.clock, attempt);
    MustWork(session.ReadClock());
    MustWork(active->Read(session));
    MustWork(completed->Read(session));
  });
}

Cost MeasureWhole(PostgresInstance& instance, int times, const std::function<void()>& before) {
  Bench bench(instance);
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const Environment environment{bench.clock, log, {}};
  DatabaseSource source(DagsterDatabaseKind(), {}, bench.database, environment);
  return bench.Measure(times, before, [&](const Attempt& attempt) {
    MetricSink sink({100'000, {}}, nullptr);
    Collection collection{sink};
    MustWork(source.Collect(attempt, collection));
    sink.Finish(bench.clock.Now());
  });
}

void Print(std::string_view what, std::string_view database, const Cost& cost, double naive_cpu_ms,
           bool has_must) {
  const std::string must =
      has_must ? fmt::format("<= {} ms, {}x", kMustMs, kMustRatio) : std::string();
  fmt::print("| {} | {} | {:.0f} | {:.3f} | {:.3f} | {:.0f}x | {} |\n", what, database,
             cost.statements, cost.cpu_ms, cost.wall_ms, naive_cpu_ms / cost.cpu_ms, must);
}

void Run(int runs, int times) {
  PostgresInstance instance;
  // On one process, so that its CPU time can be seen; more of them would share the same work.
  instance.server().Execute("ALTER ROLE dagster_reader SET max_parallel_workers_per_gather = 0");
  instance.Execute(Store::kRuns, History(1, runs, kNow) + Present(kNow));
  instance.server().Execute("VACUUM dagster.runs");

  int batch = 0;
  const auto quiet = [] {};
  const auto busy = [&] {
    instance.Execute(Store::kRuns, FinishedRuns("batch" + std::to_string(++batch),
                                                kFinishingPerCollection, kNow));
  };
  fmt::print("| {} runs | database | statements | CPU ms | wall ms | ratio of CPU | must |\n",
             runs);
  fmt::print("|---|---|--:|--:|--:|--:|---|\n");
  const Cost naive = MeasureNaive(instance, std::max(times / 4, 5));
  Print("`GROUP BY status`", "quiet", naive, naive.cpu_ms, false);
  Print("status counts", "quiet", MeasureStatusCounts(instance, times, quiet), naive.cpu_ms, true);
  Print("whole collection", "quiet", MeasureWhole(instance, times, quiet), naive.cpu_ms, false);
  // With each collection a hundred more are in the overlap: half-way it is as in the middle of a
  // day with a hundred in each fifteen seconds.
  constexpr int kToTwiceTheOverlap = 40;
  Print("status counts", "100 runs finish", MeasureStatusCounts(instance, kToTwiceTheOverlap, busy),
        naive.cpu_ms, false);
  instance.Execute(Store::kRuns, "DELETE FROM runs WHERE run_id LIKE 'batch%'");
  instance.server().Execute("VACUUM dagster.runs");
  Print("whole collection", "100 runs finish", MeasureWhole(instance, kToTwiceTheOverlap, busy),
        naive.cpu_ms, false);
}

int NumberOr(char** arguments, int count, int index, int fallback) {
  return index < count ? std::atoi(arguments[index]) : fallback;
}

}  // namespace
}  // namespace tocsin::collectors::dagster

int main(int count, char** arguments) {
  namespace dagster = tocsin::collectors::dagster;
  if (!tocsin::PostgresServer::IsInstalled()) {
    fmt::print("PostgreSQL is not installed: left out\n");
    return 0;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // It takes minutes; each row shows at once.
  try {
    dagster::Run(dagster::NumberOr(arguments, count, 1, 1'000'000),
                 dagster::NumberOr(arguments, count, 2, 200));
  } catch (const std::exception& error) {
    fmt::print(stderr, "dagster_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
