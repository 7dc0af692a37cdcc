// promqltest: runs Prometheus' test scripts against tocsin's PromQL engine.

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "tests/promqltest/report.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kUsage =
    "usage: promqltest [--float-only] [--coverage] [--junit FILE] SCRIPT...\n"
    "\n"
    "Runs test scripts of PromQL. Prints each case that fails; the last line is \"N passed, N "
    "failed\".\n"
    "\n"
    "  --float-only  skip cases that need native histograms or start timestamps\n"
    "  --coverage    print instead which cases pass, fail and were skipped, as Markdown\n"
    "  --junit FILE  also write a JUnit report\n";

struct Arguments {
  bool float_only = false;
  bool coverage = false;
  std::string junit;
  std::vector<std::string> scripts;
};

/// Nothing if the arguments are wrong.
std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--float-only") {
      arguments.float_only = true;
    } else if (argument == "--coverage") {
      arguments.coverage = true;
    } else if (argument == "--junit" && i + 1 < argc) {
      arguments.junit = argv[++i];
    } else if (argument.starts_with("-")) {
      return std::nullopt;
    } else {
      arguments.scripts.emplace_back(argument);
    }
  }
  if (arguments.scripts.empty()) return std::nullopt;
  return arguments;
}

void Print(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

bool WriteReport(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  Print(file, text);
  return std::fclose(file) == 0;
}

/// A script that cannot be read has one case, which fails.
ScriptReport RunScript(const std::string& path, bool float_only) {
  const SystemClock clock;
  const auto text = ReadFile(path);
  if (!text) return {path, {{1, "", CaseReport::Outcome::kFailed, text.error().message + '\n'}}};
  return {path, ScriptRunner(clock, float_only).Run(*text)};
}

int Main(int argc, char** argv) {
  const auto arguments = ParseArguments(argc, argv);
  if (!arguments) {
    Print(stderr, kUsage);
    return 2;
  }
  std::vector<ScriptReport> scripts;
  bool failed = false;
  for (const std::string& path : arguments->scripts) {
    scripts.push_back(RunScript(path, arguments->float_only));
    failed |= scripts.back().Count(CaseReport::Outcome::kFailed) > 0;
  }
  if (!arguments->junit.empty() && !WriteReport(arguments->junit, JunitReport(scripts))) {
    Print(stderr, "promqltest: cannot write " + arguments->junit + '\n');
    failed = true;
  }
  Print(stdout, arguments->coverage ? CoveragePage(scripts) : Summary(scripts));
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace tocsin::promql

int main(int argc, char** argv) {
  return tocsin::promql::Main(argc, argv);
}
