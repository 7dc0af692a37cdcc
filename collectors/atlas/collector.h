// The Atlas collector: the contract of its production guide, as whoever deploys it has built it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "collectors/atlas/database.h"
#include "collectors/atlas/nginx.h"
#include "collectors/atlas/request_rate.h"
#include "collectors/atlas/worker_watch.h"
#include "collectors/collector.h"
#include "collectors/http/pods.h"
#include "collectors/http/target.h"
#include "collectors/prometheus/pass_through.h"
#include "collectors/redis/connection.h"
#include "collectors/registry.h"

namespace tocsin::collectors::atlas {

/// What there is beside the pods is optional.
struct Settings {
  std::shared_ptr<const PodOptions> pods;
  std::optional<DatabaseSettings> database;
  std::optional<RedisOptions> redis;
  NginxSettings nginx;
  std::shared_ptr<const HttpTarget> kong;  ///< Its page of metrics; null: none.
};

/// Asks all pods, and Kong, at the same time, then Redis, then PostgreSQL, and reads what is new in
/// nginx' logs. Each source has a share of the time and is reported by itself. A pod that does not
/// answer is data (atlas_up 0), and what is wrong with it is told in Collection::parts. One thread
/// at a time.
class AtlasCollector final : public Collector {
 public:
  AtlasCollector(Settings settings, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  /// What is remembered of a pod from one collection to the next.
  struct Memory {
    WorkerWatch watch = {};
    RequestRate rate = {};
    std::uint64_t flaps = 0;
    std::optional<SteadyPoint> flapped_at = std::nullopt;
  };

  Status CollectHttp(const Attempt& attempt, Collection& collection);
  void Take(const PodQuestions& asked, Collection& collection);
  static bool TakeReadiness(const std::string& pod, const HttpOutcome& probe, MetricSink& points);
  std::optional<Page> TakePages(const PodQuestions& asked, Memory& memory,
                                std::vector<SourceReport>& unread);
  void PassOn(const std::string& pod, const Page& page, Collection& collection);
  void PublishRate(const std::string& pod, std::span<const PageSample> requests, Memory& memory,
                   MetricSink& points);
  static Status TakeKong(HttpOutcome& outcome, Collection& collection);
  Status CollectRedis(const Attempt& attempt, MetricSink& points);

  const Settings settings_;
  const Environment environment_;
  PodFinder finder_;
  ParallelHttpClient client_;
  PassThrough passed_;
  std::map<std::string, Memory> memories_;  // By pod.
  std::size_t pod_count_ = 0;
  std::optional<DatabasePool> database_;
  std::unique_ptr<RedisConnection> redis_;
  Nginx nginx_;
};

/// For the registry.
std::span<const MetricDesc> Metrics();
std::span<const OptionDesc> Options();
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::atlas
