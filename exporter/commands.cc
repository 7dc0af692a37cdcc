#include "exporter/commands.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/nearest_word.h"
#include "collectors/registry.h"
#include "exporter/api_client.h"
#include "exporter/check_sources.h"
#include "exporter/config.h"
#include "exporter/demo/demo.h"
#include "exporter/metrics_lint.h"
#include "exporter/metrics_text.h"
#include "exporter/quickstart.h"
#include "exporter/signals.h"
#include "exporter/storage.h"

namespace tocsin {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kLintFindings = 3;

constexpr std::string_view kStandardInput = "-";
constexpr Duration kHealthcheckPatience = std::chrono::seconds(5);

void PrintOptions(const collectors::CollectorEntry& collector) {
  std::cout
      << "\nOptions, beside type, name, interval, timeout, stale_after, max_series and labels:\n";
  for (const collectors::OptionDesc& option : collector.options) {
    std::cout << fmt::format("  {} ({}{}{})\n      {}\n", option.name, option.type,
                             option.default_value.empty() ? "" : ", default ", option.default_value,
                             option.help);
  }
}

void PrintMetrics(const collectors::CollectorEntry& collector) {
  std::cout << "\nMetrics:\n";
  for (const MetricDesc& metric : collector.metrics) {
    const std::string labels =
        metric.labels.size() == 0 ? "" : fmt::format("{{{}}}", fmt::join(metric.labels, ","));
    const char* const when =
        metric.exported == Exported::kAlways ? "" : ", with compatibility_names only";
    std::cout << fmt::format("  {}{} ({}{})\n      {}\n", metric.name, labels, Name(metric.type),
                             when, metric.help);
  }
}

Result<std::string> ReadInput(const std::string& file) {
  if (file != kStandardInput) return ReadFile(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

/// Whether the file is good, and with `connect` its sources, too.
bool CheckConfigFile(const std::filesystem::path& file, bool connect) {
  const Result<Config> config = LoadConfig(file);
  if (!config) {
    std::cerr << config.error().message << '\n';
    return false;
  }
  for (const std::string& note : config->notify->notes) std::cerr << fmt::format("{}\n", note);
  for (const std::string& warning : config->rules.warnings) std::cerr << warning << '\n';
  if (const Status storage = CheckStorage(config->storage.path); !storage) {
    std::cerr << fmt::format("{}: warning: as this user tocsin would not start: {}\n",
                             file.string(), storage.error().message);
  }
  const std::size_t count = config->collectors.size();
  const std::size_t failed = connect ? CheckSources(config->collectors, file.string()) : 0;
  if (failed > 0) {
    std::cerr << fmt::format("{}: {} of {} collector{} cannot collect\n", file.string(), failed,
                             count, count == 1 ? "" : "s");
    return false;
  }
  std::cout << fmt::format("{}: good, {} collector{}\n", file.string(), count,
                           count == 1 ? "" : "s");
  return true;
}

}  // namespace

int CheckConfig(const CheckConfigFlags& flags) {
  int answer = kDone;
  for (const std::filesystem::path& file : flags.files) {
    if (!CheckConfigFile(file, flags.connect)) answer = kFailed;
  }
  return answer;
}

int CheckMetrics(const CheckMetricsFlags& flags) {
  const Result<std::string> text = ReadInput(flags.file);
  if (!text) {
    std::cerr << text.error().message << '\n';
    return kFailed;
  }
  const auto families =
      ParseMetricsText(*text, flags.file == kStandardInput ? "<stdin>" : flags.file);
  if (!families) {
    std::cerr << families.error().message << '\n';
    return kFailed;
  }
  const std::vector<std::string> findings = LintMetrics(*families);
  for (const std::string& finding : findings) std::cerr << finding << '\n';
  return findings.empty() ? kDone : kLintFindings;
}

int ListCollectors(const CollectorsFlags& flags) {
  if (flags.name.empty()) {
    for (const collectors::CollectorEntry& collector : collectors::AllCollectors()) {
      std::cout << fmt::format("{:<12} {}\n", collector.name, collector.summary);
    }
    std::cout << "\n'tocsin collectors NAME' shows the options and the metrics of one.\n";
    return kDone;
  }
  const collectors::CollectorEntry* const collector = collectors::FindCollector(flags.name);
  if (collector == nullptr) {
    std::vector<std::string_view> names;
    for (const collectors::CollectorEntry& entry : collectors::AllCollectors()) {
      names.push_back(entry.name);
    }
    std::cerr << fmt::format("tocsin: no collector is called '{}'{}; see 'tocsin collectors'\n",
                             flags.name, DidYouMean(flags.name, names));
    return kWrongUsage;
  }
  std::cout << fmt::format("{}: {}\n", collector->name, collector->summary);
  PrintOptions(*collector);
  PrintMetrics(*collector);
  return kDone;
}

int Healthcheck(const HealthcheckFlags& flags) {
  OutgoingRequest request;
  request.url = WithScheme(flags.url);
  const Result<HttpAnswer> answer =
      MakeCommandClient(kHealthcheckPatience)->Send(request, std::stop_token());
  if (answer && answer->ok()) return kDone;
  std::cerr << (answer ? fmt::format("tocsin: {}: HTTP {}\n", WithoutPassword(request.url),
                                     answer->status)
                       : fmt::format("tocsin: {}\n", answer.error().message));
  return kFailed;
}

int PlayDemo(const DemoFlags& flags) {
  const Signals signals;
  const Log log(LogLevel::kInfo, LogFormat::kLogfmt);
  const SystemClock clock;
  Status played;
  std::jthread player([&](const std::stop_token& stop) {
    DemoOptions options;
    options.folder = flags.folder;
    options.started = &ReportDemoStarted;
    played = RunDemo(options, clock, log, stop);
    signals.RequestStop();
  });
  while (signals.Wait() != Signals::Request::kStop) continue;
  player.request_stop();
  player.join();
  if (played) return kDone;
  log.Error("the demo cannot go on", {{"error", played.error().message}});
  return kFailed;
}

int ReviveDemo(const DemoFlags& flags) {
  const Status asked = ReviveDemo(flags.folder);
  if (asked) {
    std::cout << "the sensor daemon lives again: its age falls within 15 seconds\n";
    return kDone;
  }
  std::cerr << fmt::format("tocsin: {}\n", asked.error().message);
  return kFailed;
}

}  // namespace tocsin
