// What reading expressions costs: lexing, parsing and checking types, and printing.
//
//     promql_parse_bench FILE [--benchmark_...]
//
// FILE has one expression on a line. Measures all of them together, and each of the ten slowest.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/file.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

constexpr ParseOptions kOptions = {.experimental = true};
constexpr std::size_t kSlowest = 10;
/// Of the name of a benchmark, as much as a table bears.
constexpr std::size_t kShown = 60;

using Expressions = std::vector<std::string>;

std::size_t Bytes(const Expressions& expressions) {
  std::size_t bytes = 0;
  for (const std::string& expression : expressions) bytes += expression.size();
  return bytes;
}

void CountItems(benchmark::State& state, const Expressions& expressions) {
  const std::int64_t runs = state.iterations();
  state.SetItemsProcessed(runs * static_cast<std::int64_t>(expressions.size()));
  state.SetBytesProcessed(runs * static_cast<std::int64_t>(Bytes(expressions)));
}

void ParseAll(benchmark::State& state, const Expressions& expressions) {
  for (auto _ : state) {
    for (const std::string& expression : expressions) {
      ParseResult result = Parse(expression, kOptions);
      benchmark::DoNotOptimize(result);
    }
  }
  CountItems(state, expressions);
}

void PrintAll(benchmark::State& state, const Expressions& expressions) {
  std::vector<Query> queries;
  for (const std::string& expression : expressions) {
    queries.push_back(*std::move(Parse(expression, kOptions).query));
  }
  for (auto _ : state) {
    for (const Query& query : queries) {
      std::string text = Print(*query.root);
      benchmark::DoNotOptimize(text);
    }
  }
  CountItems(state, expressions);
}

/// The shortest of several times.
std::chrono::nanoseconds TimeToParse(const std::string& expression) {
  constexpr int kTimes = 20;
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ParseResult result = Parse(expression, kOptions);
    benchmark::DoNotOptimize(result);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
  }
  return best;
}

Expressions Slowest(const Expressions& expressions) {
  std::vector<std::pair<std::chrono::nanoseconds, std::string>> timed;
  for (const std::string& expression : expressions) {
    timed.emplace_back(TimeToParse(expression), expression);
  }
  std::ranges::sort(timed, std::greater<>());
  timed.resize(std::min(timed.size(), kSlowest));
  Expressions slowest;
  for (auto& [time, expression] : timed) slowest.push_back(std::move(expression));
  return slowest;
}

/// The lines that parse; of the others says why not.
Expressions ReadExpressions(std::string_view text) {
  Expressions expressions;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const ParseResult result = Parse(line, kOptions);
    if (result) {
      expressions.push_back(line);
    } else {
      std::fprintf(stderr, "%s\n", result.error.WithCaret(line).c_str());
    }
  }
  return expressions;
}

int Run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: promql_parse_bench FILE [--benchmark_...]\n");
    return 2;
  }
  const Result<std::string> text = ReadFile(argv[1]);
  if (!text) {
    std::fprintf(stderr, "promql_parse_bench: %s\n", text.error().message.c_str());
    return 1;
  }
  const Expressions expressions = ReadExpressions(*text);
  if (expressions.empty()) {
    std::fprintf(stderr, "promql_parse_bench: %s has no expression\n", argv[1]);
    return 1;
  }
  benchmark::RegisterBenchmark("parse/all", ParseAll, expressions);
  benchmark::RegisterBenchmark("print/all", PrintAll, expressions);
  for (const std::string& expression : Slowest(expressions)) {
    const std::string name = "parse/" + expression.substr(0, kShown);
    benchmark::RegisterBenchmark(name.c_str(), ParseAll, Expressions{expression});
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace tocsin::promql

int main(int argc, char** argv) {
  return tocsin::promql::Run(argc, argv);
}
