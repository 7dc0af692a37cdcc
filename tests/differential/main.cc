// promql_diff: asks tocsin's PromQL engine and a real Prometheus the same things.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"
#include "tests/differential/expressions.h"
#include "tests/differential/prometheus_client.h"
#include "tests/differential/samples.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kUsage =
    "usage: promql_diff --url URL [--seed N] [--count N] [--first N]\n"
    "\n"
    "Writes generated samples to a Prometheus by remote write and to tocsin's own store, and asks\n"
    "both for generated expressions. Prints those on which they differ.\n"
    "\n"
    "  --url URL   an empty Prometheus 2.42 with --web.enable-remote-write-receiver\n"
    "  --seed N    of samples and expressions; 1 by default\n"
    "  --count N   how many expressions; 1000 by default\n"
    "  --first N   the number of the first one, to see one again; 0 by default\n";

struct Arguments {
  std::string url;
  std::uint64_t seed = 1;
  std::uint64_t count = 1000;
  std::uint64_t first = 0;
};

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  const std::map<std::string_view, std::uint64_t*> numbers = {
      {"--seed", &arguments.seed}, {"--count", &arguments.count}, {"--first", &arguments.first}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view value = argv[i + 1];
    const auto number = numbers.find(argv[i]);
    if (number != numbers.end()) {
      const char* const end = value.data() + value.size();
      if (std::from_chars(value.data(), end, *number->second).ptr != end) return std::nullopt;
    } else if (argv[i] == std::string_view("--url")) {
      arguments.url = value;
    } else {
      return std::nullopt;
    }
  }
  if (arguments.url.empty() || argc % 2 == 0) return std::nullopt;
  return arguments;
}

/// As an ordinary Prometheus has it.
Engine::Settings Ordinary() {
  Engine::Settings settings;
  settings.lookback = Duration{5 * 60'000};
  settings.default_subquery_step = Duration{60'000};
  return settings;
}

/// Whether two values differ by no more than a thousand-millionth.
bool SameValue(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

bool SameSeries(const Found::Series& a, const Found::Series& b) {
  if (a.labels != b.labels || a.samples.t != b.samples.t) return false;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    if (!SameValue(a.samples.v[i], b.samples.v[i])) return false;
  }
  return true;
}

bool SameResult(Found a, Found b, bool ordered) {
  if (a.kind != b.kind || a.series.size() != b.series.size()) return false;
  if (a.kind == Found::Kind::kScalar) return SameValue(a.scalar, b.scalar);
  const auto by_labels = [](const Found::Series& x, const Found::Series& y) {
    return x.labels < y.labels;
  };
  for (Found* const found : {&a, &b}) {
    if (!ordered) std::ranges::sort(found->series, by_labels);
  }
  for (std::size_t i = 0; i < a.series.size(); ++i) {
    if (!SameSeries(a.series[i], b.series[i])) return false;
  }
  return true;
}

/// Both engines, with the same samples.
class Comparison {
 public:
  explicit Comparison(const Arguments& arguments)
      : arguments_(arguments),
        store_(SampleStore::Settings{}),
        engine_(Ordinary(), store_, clock_),
        prometheus_(arguments.url) {}

  Status Load() {
    const auto series = MakeSamples(arguments_.seed);
    for (const GeneratedSeries& one : series) {
      std::vector<SampleStore::Entry> batch;
      for (std::size_t i = 0; i < one.samples.size(); ++i) {
        batch.push_back({one.labels, {one.samples.t[i], one.samples.v[i]}});
      }
      if (store_.Append(batch).refused() > 0) {
        return Error{ErrorCode::kInvalidInput, "tocsin's store refused samples"};
      }
    }
    return prometheus_.Write(series);
  }

  /// Asks both. Fails if Prometheus does not answer.
  Status Compare(std::uint64_t number) {
    const GeneratedQuery query = MakeQuery(arguments_.seed, number);
    const auto remote = prometheus_.Query(query.expr, query.steps, query.range);
    if (!remote) return remote.error();
    std::string refusal;
    const auto local = Ask(query, refusal);
    ++asked_;
    refused_ += remote->refused && !local ? 1U : 0U;
    const bool empty = local && local->kind != Found::Kind::kScalar && local->series.empty();
    empty_ += empty && !remote->refused ? 1U : 0U;
    if (remote->refused ? !local : local && SameResult(*local, remote->found, query.ordered)) {
      return {};
    }
    ++different_;
    Report(query, number, local ? local->ToString() : "refused: " + refusal + '\n',
           remote->refused ? "refused: " + remote->error + '\n' : remote->found.ToString());
    return {};
  }

  void Summarize() const {
    std::printf("seed %llu: %zu expressions, %zu different; %zu empty, %zu refused by both\n",
                static_cast<unsigned long long>(arguments_.seed), asked_, different_, empty_,
                refused_);
  }
  bool same() const { return different_ == 0; }

 private:
  std::optional<Found> Ask(const GeneratedQuery& query, std::string& refusal) {
    auto prepared = engine_.Prepare(query.expr);
    if (const auto* const error = std::get_if<ParseError>(&prepared)) {
      refusal = error->ToString(query.expr);
      return std::nullopt;
    }
    auto& plan = std::get<PreparedQuery>(prepared);
    const QueryOutcome outcome = query.range ? engine_.Range(plan, query.steps, {})
                                             : engine_.Instant(plan, query.steps.start, {});
    if (!outcome) {
      refusal = outcome.error().message;
      return std::nullopt;
    }
    return Simplify(*outcome, query.range);
  }

  void Report(const GeneratedQuery& query, std::uint64_t number, const std::string& local,
              const std::string& remote) const {
    std::printf("--seed %llu --first %llu --count 1\n  %s\n  from %lld, %zu steps of %lld ms\n",
                static_cast<unsigned long long>(arguments_.seed),
                static_cast<unsigned long long>(number), query.expr.c_str(),
                static_cast<long long>(query.steps.start), query.steps.count,
                static_cast<long long>(query.steps.step));
    std::printf("tocsin:\n%sPrometheus:\n%s\n", local.c_str(), remote.c_str());
  }

  const Arguments arguments_;
  const SystemClock clock_;
  SampleStore store_;
  Engine engine_;
  PrometheusClient prometheus_;
  std::size_t asked_ = 0;
  std::size_t different_ = 0;
  std::size_t empty_ = 0;
  std::size_t refused_ = 0;
};

Status Run(const Arguments& arguments, bool& same) {
  Comparison comparison(arguments);
  if (Status loaded = comparison.Load(); !loaded) return loaded;
  for (std::uint64_t i = 0; i < arguments.count; ++i) {
    if (Status compared = comparison.Compare(arguments.first + i); !compared) return compared;
  }
  comparison.Summarize();
  same = comparison.same();
  return {};
}

int Main(int argc, char** argv) {
  const auto arguments = ParseArguments(argc, argv);
  if (!arguments) {
    std::fwrite(kUsage.data(), 1, kUsage.size(), stderr);
    return 2;
  }
  bool same = false;
  const Status ran = Run(*arguments, same);
  if (!ran) std::fprintf(stderr, "promql_diff: %s\n", ran.error().message.c_str());
  return ran && same ? 0 : 1;
}

}  // namespace
}  // namespace tocsin::promql

int main(int argc, char** argv) {
  return tocsin::promql::Main(argc, argv);
}
