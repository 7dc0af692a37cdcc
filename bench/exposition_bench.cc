// A server to be scraped: tocsin's exposition or prometheus-cpp's Exposer, with the same series.
// bench/exposition.py starts both and measures them from outside.
//
//     exposition_bench tocsin|prometheus-cpp SERIES
//
// Prints its port, then answers each line on standard input with "done": "step" changes half the
// values (and, for tocsin, collects them), "rehearse" only makes as many new ones. Ends at the end
// of input.

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "base/allocator.h"
#include "base/log.h"
#include "base/metric_sink.h"
#include "exporter/http_server.h"
#include "exporter/metrics_page.h"

namespace tocsin {
namespace {

constexpr std::size_t kFamilies = 10;
constexpr MetricDesc kMetrics[kFamilies] = {
    {.name = "bench_metric_0",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_1",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_2",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_3",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_4",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_5",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_6",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_7",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_8",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
    {.name = "bench_metric_9",
     .help = "A gauge of the benchmark.",
     .labels = {"asset", "instance", "job"}},
};

/// The labels of one series. Series i belongs to family i % kFamilies.
struct SeriesLabels {
  std::string asset;
  std::string instance;
  std::string job;

  explicit SeriesLabels(std::size_t i)
      : asset("asset_" + std::to_string(i / kFamilies)),
        instance("host-" + std::to_string(i % 50) + ":9100"),
        job("team_" + std::to_string(i % 20)) {}
};

/// Values that both servers step through alike: half are integers, half doubles with 53 random
/// bits, and each step changes half of each.
class Values {
 public:
  explicit Values(std::size_t count) : values_(count) {
    for (std::size_t i = 0; i < count; ++i) values_[i] = Next(i);
  }

  /// Changes half the values; `changed(i, value)` is called for each of them.
  template <class Changed>
  void Step(Changed changed) {
    ++step_;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      // By pairs, so that within each family both kinds of values change.
      if ((i / kFamilies / 2 + step_) % 2 != 0) continue;
      values_[i] = Next(i);
      changed(i, values_[i]);
    }
  }

  double operator[](std::size_t i) const { return values_[i]; }
  std::size_t size() const { return values_.size(); }

 private:
  double Next(std::size_t i) {
    const bool integer = i / kFamilies % 2 == 0;
    return integer ? static_cast<double>(random_() % 1'000'000)
                   : static_cast<double>(random_() >> 11) * 0x1p-53;
  }

  std::mt19937_64 random_{42};
  std::vector<double> values_;
  std::size_t step_ = 0;
};

/// "step" changes what is served; "rehearse" does all of that but to hand the values to the server,
/// so that what the orders and the making of values cost can be told from what serving costs.
void ServeStandardInput(std::size_t count, const std::function<void()>& step) {
  Values rehearsed(count);
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "step") step();
    if (line == "rehearse") rehearsed.Step([](std::size_t, double) {});
    std::cout << "done" << std::endl;
  }
}

/// What the scheduler and a collector are in the product: points go through MetricSink into a
/// snapshot.
class SyntheticSource {
 public:
  explicit SyntheticSource(std::size_t count) : values_(count) {
    labels_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) labels_.emplace_back(i);
    auto config = std::make_shared<collectors::InstanceConfig>();
    config->name = "bench";
    config_ = std::move(config);
    Collect();
  }

  void Step() {
    values_.Step([](std::size_t, double) {});
    Collect();
  }

  MetricsPage::Source AsSource() {
    return {[this] { return generation_.load(); },
            [this] { return MetricsPage::Views{view_.load()}; },
            [] { return std::make_shared<const Snapshot>(); }};
  }

 private:
  void Collect() {
    const auto last = view_.load();
    MetricSink sink({.max_series = values_.size(), .constant_labels = {}},
                    last ? last->snapshot : nullptr);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const SeriesLabels& labels = labels_[i];
      sink.Add(kMetrics[i % kFamilies], {labels.asset, labels.instance, labels.job}, values_[i]);
    }
    auto view = std::make_shared<collectors::InstanceView>();
    view->config = config_;
    view->up = true;
    view->snapshot = sink.Finish(SystemClock().Now());
    view_.store(std::move(view));
    ++generation_;
  }

  Values values_;
  std::vector<SeriesLabels> labels_;
  std::shared_ptr<const collectors::InstanceConfig> config_;
  std::atomic<std::shared_ptr<const collectors::InstanceView>> view_;
  std::atomic<std::uint64_t> generation_ = 0;
};

int ServeTocsin(std::size_t count) {
  SyntheticSource source(count);
  MetricsPage page(source.AsSource());
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  auto server =
      HttpServer::Start({.listen = {"127.0.0.1:0"}},
                        {{"/metrics",
                          {"GET"},
                          Waits::kNever,
                          [&](const HttpRequest& request) { return page.Answer(request); }}},
                        log);
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 1;
  }
  const std::string address = (*server)->addresses().front();
  std::cout << address.substr(address.rfind(':') + 1) << std::endl;
  ServeStandardInput(count, [&] { source.Step(); });
  return 0;
}

int ServePeer(std::size_t count) {
  const auto registry = std::make_shared<prometheus::Registry>();
  std::vector<prometheus::Family<prometheus::Gauge>*> families;
  for (const MetricDesc& metric : kMetrics) {
    families.push_back(&prometheus::BuildGauge()
                            .Name(std::string(metric.name))
                            .Help(std::string(metric.help))
                            .Register(*registry));
  }
  Values values(count);
  std::vector<prometheus::Gauge*> gauges;
  for (std::size_t i = 0; i < count; ++i) {
    const SeriesLabels labels(i);
    gauges.push_back(&families[i % kFamilies]->Add(
        {{"asset", labels.asset}, {"instance", labels.instance}, {"job", labels.job}}));
    gauges.back()->Set(values[i]);
  }
  prometheus::Exposer exposer("127.0.0.1:0");
  exposer.RegisterCollectable(registry);
  std::cout << exposer.GetListeningPorts().front() << std::endl;
  ServeStandardInput(
      count, [&] { values.Step([&](std::size_t i, double value) { gauges[i]->Set(value); }); });
  return 0;
}

}  // namespace
}  // namespace tocsin

int main(int argc, char** argv) {
  tocsin::SetUpAllocator();  // For both servers alike.
  const std::string_view which = argc == 3 ? argv[1] : "";
  const std::string_view series = argc == 3 ? argv[2] : "";
  std::size_t count = 0;
  std::from_chars(series.data(), series.data() + series.size(), count);
  if (count != 0 && which == "tocsin") return tocsin::ServeTocsin(count);
  if (count != 0 && which == "prometheus-cpp") return tocsin::ServePeer(count);
  std::cerr << "usage: exposition_bench tocsin|prometheus-cpp SERIES\n";
  return 2;
}
