// The collector `prometheus`: pages of metrics of other programs, scraped as Prometheus does.

#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/labels.h"
#include "base/metric.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/discovery/discovery.h"
#include "collectors/prometheus/scrape_rules.h"
#include "collectors/prometheus/target_pages.h"
#include "collectors/prometheus/target_reports.h"
#include "collectors/registry.h"

namespace tocsin::collectors::prometheus {

/// The members are the options of the same names.
struct Settings {
  std::shared_ptr<const DiscoveryOptions> discovery = nullptr;
  HttpSettings http = {};
  std::string job_name = {};
  std::string scheme = "http";
  std::string metrics_path = "/metrics";
  /// Name and value; a name may come several times.
  std::vector<std::pair<std::string, std::string>> params = {};
  ScrapeRules rules = {};
};

/// Finds targets and scrapes them at the same time (as many as ParallelHttpClient does), each for
/// at most nine tenths of the time that a collection has, so that one which hangs costs nothing but
/// itself: its `up` is 0, its series end, and it is reported in Collection::parts. The collection
/// fails only if no target is known because discovery has failed.
///
/// Samples get the labels of their target, with `job` and `instance` as in Prometheus.
/// One thread at a time.
class PrometheusCollector final : public Collector {
 public:
  PrometheusCollector(Settings settings, const Environment& environment);
  ~PrometheusCollector() override;

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Target;

  void SetTargets(std::vector<Labels> found, const ConstantLabels& labels);
  void FetchAll(const Attempt& attempt);
  static void Pass(const Target& target, Collection& collection);

  const Settings settings_;
  const Environment environment_;
  const std::unique_ptr<Discovery> discovery_;
  ParallelHttpClient http_;
  SeriesClaims claims_;
  std::optional<std::vector<Labels>> found_;  ///< What `targets_` was made of.
  std::vector<std::unique_ptr<Target>> targets_;
  TargetReports reports_;
};

std::span<const MetricDesc> Metrics();
std::span<const OptionDesc> Options();
/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::prometheus
