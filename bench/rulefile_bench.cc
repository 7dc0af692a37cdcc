// What evaluating the expressions of a folder of rule files costs, as instant queries over series
// made for each of them (bench/rulefile_series.h), with an hour of samples at 15 s:
//
//     rulefile_bench FOLDER                      the ten slowest, as a table
//     rulefile_bench FOLDER --list               the ten slowest, one a line
//     rulefile_bench --write URL AT EXPRESSION   its series by remote write, the last sample at AT
//
// "first" is what a query costs that is asked for the first time, parsing included: it has yet to
// find its series. "evaluate" is what it costs each time afterwards, as of a rule. Times are of the
// thread, the median of many. The series of one expression are gone before those of the next come.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "bench/remote_write.h"
#include "bench/rulefile_series.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"
#include "rules/rule_file.h"
#include "rules/storage/sample_store.h"

namespace tocsin::bench {
namespace {

constexpr Millis kStep = 15'000;
constexpr std::size_t kSteps = 3'600'000 / kStep + 1;
constexpr Millis kAt = 1'700'000'000'000;
constexpr std::size_t kSlowest = 10;

double ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// The median of so many times.
double Time(int times, const std::function<void()>& what) {
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    const double begin = ThreadNanoseconds();
    what();
    took.push_back(ThreadNanoseconds() - begin);
  }
  std::ranges::nth_element(took, took.begin() + times / 2);
  return took[static_cast<std::size_t>(times) / 2];
}

/// What `series` have at all times, the last of them `at`.
std::vector<SampleStore::Row> RowsOf(const RulefileSeries& series, Millis at) {
  std::vector<SampleStore::Row> rows(kSteps);
  for (std::size_t step = 0; step < kSteps; ++step) {
    rows[step].t = at - static_cast<Millis>(kSteps - 1 - step) * kStep;
    rows[step].values.resize(series.labels().size());
    series.Values(step, rows[step].values);
  }
  return rows;
}

/// A store with the series of one expression.
class Fixture {
 public:
  Fixture(const promql::Query& query, RulefileSeries::Spread spread) {
    const RulefileSeries series(query, spread);
    std::vector<SeriesRef> refs;
    store_.Append(series.labels(), refs, RowsOf(series, kAt));
  }

  promql::PreparedQuery Prepare(const std::string& expression) const {
    return std::get<promql::PreparedQuery>(engine_.Prepare(expression));
  }
  promql::QueryOutcome Evaluate(promql::PreparedQuery& query) const {
    return engine_.Instant(query, kAt, {});
  }

 private:
  SystemClock clock_;
  SampleStore store_{{}};
  promql::Engine engine_{promql::Engine::Settings(), store_, clock_};
};

struct Measured {
  std::string expression;  ///< On one line.
  RulefileSeries::Spread spread = RulefileSeries::Spread::kGroups;
  std::size_t series = 0;
  std::size_t samples = 0;
  double parse_ns = 0;
  double first_ns = 0;
  double evaluate_ns = 0;
  std::string error = {};  ///< Why it has no result.
};

Measured MeasureIn(const Fixture& fixture, const std::string& expression, int times) {
  Measured measured{.expression = expression};
  promql::PreparedQuery query = fixture.Prepare(expression);
  const promql::QueryOutcome outcome = fixture.Evaluate(query);
  if (!outcome) {
    measured.error = outcome.error().message;
    return measured;
  }
  measured.series = query.KeptSeries();
  measured.samples = outcome->samples;
  measured.parse_ns = Time(times, [&] { promql::Parse(expression, {}); });
  measured.first_ns = Time(times, [&] {
    promql::PreparedQuery fresh = fixture.Prepare(expression);
    fixture.Evaluate(fresh);
  });
  measured.evaluate_ns = Time(times, [&] { fixture.Evaluate(query); });
  return measured;
}

/// With labels in groups, or, where that makes a join ambiguous, with unique ones.
Measured Measure(const std::string& expression, int times) {
  const promql::Query query = *promql::Parse(expression, {}).query;
  Measured measured;
  for (const auto spread : {RulefileSeries::Spread::kGroups, RulefileSeries::Spread::kUnique}) {
    measured = MeasureIn(Fixture(query, spread), expression, times);
    measured.spread = spread;
    if (measured.error.empty()) break;
  }
  return measured;
}

/// The expressions of all rule files of a folder, each once, on one line.
std::set<std::string> ReadExpressions(const std::filesystem::path& folder) {
  std::set<std::string> expressions;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".yml" && path.extension() != ".yaml") continue;
    const Result<std::string> text = ReadFile(path);
    if (!text) {
      fmt::print(stderr, "rulefile_bench: {}\n", text.error().message);
      continue;
    }
    Diagnostics diagnostics(path.string());
    std::vector<std::string> warnings;
    const std::vector<RuleGroup> groups =
        ParseRuleFile(*text, path.string(), {.ignore_unknown_fields = true}, diagnostics, warnings);
    if (!diagnostics.empty()) fmt::print(stderr, "{}\n", diagnostics.Text());
    for (const RuleGroup& group : groups) {
      for (const Rule& rule : group.rules) {
        const promql::ParseResult parsed = promql::Parse(rule.expr, {});
        if (parsed) expressions.insert(promql::Print(*parsed.query->root));
      }
    }
  }
  return expressions;
}

void KeepSlowest(std::vector<Measured>& measured, std::size_t count) {
  std::ranges::sort(measured, std::greater<>(), &Measured::evaluate_ns);
  measured.resize(std::min(measured.size(), count));
}

/// Of all expressions, those that seem slowest; says what there is to be said of the others.
std::vector<Measured> LookAtAll(const std::set<std::string>& expressions) {
  constexpr int kTimes = 3;
  std::vector<Measured> all;
  std::size_t failed = 0;
  std::size_t blind = 0;
  double together = 0;
  for (const std::string& expression : expressions) {
    Measured measured = Measure(expression, kTimes);
    if (!measured.error.empty()) {
      ++failed;
      fmt::print(stderr, "no result: {}: {}\n", measured.error, expression);
      continue;
    }
    if (measured.series == 0) {
      ++blind;
      fmt::print(stderr, "no series: {}\n", expression);
    }
    together += measured.evaluate_ns;
    all.push_back(std::move(measured));
  }
  fmt::print(stderr,
             "{} expressions, {} without a result, {} without series; all others once: {:.1f} ms\n",
             expressions.size(), failed, blind, together / 1e6);
  KeepSlowest(all, 2 * kSlowest);
  return all;
}

/// The ten slowest: of those that seem so after a few times, those that are after many.
std::vector<Measured> FindSlowest(const std::set<std::string>& expressions) {
  constexpr int kTimes = 50;
  std::vector<Measured> slowest = LookAtAll(expressions);
  for (Measured& one : slowest) one = Measure(one.expression, kTimes);
  KeepSlowest(slowest, kSlowest);
  return slowest;
}

int Run(const std::filesystem::path& folder, bool only_list) {
  if (!std::filesystem::is_directory(folder)) {
    fmt::print(stderr, "rulefile_bench: there is no folder {}\n", folder.string());
    return 2;
  }
  const std::vector<Measured> slowest = FindSlowest(ReadExpressions(folder));
  if (slowest.empty()) {
    fmt::print(stderr, "rulefile_bench: {} has no rule files\n", folder.string());
    return 2;
  }
  if (!only_list) {
    fmt::print(
        "| expression | series | samples | parse ns | first ns | evaluate ns |\n"
        "|---|--:|--:|--:|--:|--:|\n");
  }
  for (const Measured& one : slowest) {
    if (only_list) {
      fmt::print("{}\n", one.expression);
      continue;
    }
    fmt::print("| `{}` | {} | {} | {:.0f} | {:.0f} | {:.0f} |\n", one.expression, one.series,
               one.samples, one.parse_ns, one.first_ns, one.evaluate_ns);
  }
  return 0;
}

int Write(const std::string& url, Millis at, const std::string& expression) {
  constexpr std::size_t kSeriesPerRequest = 100;
  const promql::ParseResult parsed = promql::Parse(expression, {});
  if (!parsed) {
    fmt::print(stderr, "{}\n", parsed.error.WithCaret(expression));
    return 2;
  }
  const RulefileSeries series(*parsed.query, Measure(expression, 1).spread);
  const std::vector<SampleStore::Row> rows = RowsOf(series, at);
  RemoteWriter writer(url);
  std::string request;
  for (std::size_t i = 0; i < series.labels().size(); ++i) {
    WrittenSeries written;
    for (const Label& label : series.labels()[i]) {
      written.AddLabel(label.name.text(), label.value.text());
    }
    for (const SampleStore::Row& row : rows) written.AddSample(row.t, row.values[i]);
    written.AppendTo(request);
    const bool is_full = (i + 1) % kSeriesPerRequest == 0 || i + 1 == series.labels().size();
    if (!is_full) continue;
    if (!writer.Write(request)) {
      fmt::print(stderr, "rulefile_bench: {} does not take it\n", url);
      return 1;
    }
    request.clear();
  }
  return 0;
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 4 && arguments[0] == "--write") {
    return tocsin::bench::Write(arguments[1], std::atoll(arguments[2].c_str()) * 1000,
                                arguments[3]);
  }
  const bool only_list = arguments.size() == 2 && arguments[1] == "--list";
  if (arguments.size() != 1 && !only_list) {
    fmt::print(stderr,
               "usage: rulefile_bench FOLDER [--list]\n"
               "       rulefile_bench --write URL AT_SECONDS EXPRESSION\n");
    return 2;
  }
  return tocsin::bench::Run(arguments[0], only_list);
}
