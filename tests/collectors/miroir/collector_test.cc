#include "collectors/miroir/collector.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/runner.h"
#include "tests/collectors/miroir/stores.h"
#include "tests/support/recorded_log.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::miroir {
namespace {

using redis::At;
using redis::MistakesIn;
using redis::Values;

const std::string kLatencyCount =
    R"(miroir_task_store_latency_seconds_count{operation="get",backend="redis"})";
const std::string kLatencySum =
    R"(miroir_task_store_latency_seconds_sum{operation="get",backend="redis"})";

/// A collector of a canned store and perhaps of pods.
struct Watched {
  explicit Watched(const Settings& settings = {}, std::unique_ptr<Pods> pods = nullptr,
                   const std::filesystem::path& state = {})
      : collector(settings, MakeRedisStore({}, std::make_unique<CannedConnection>(server), clock),
                  std::move(pods), Environment{clock, log.log(), state}) {
    server.replies["EXISTS miroir:schema_version"] = IntegerReply(1);
    server.replies["SCARD miroir:jobs:_queued"] = IntegerReply(7);
  }

  Values Collect(const Attempt& attempt = LongAttempt()) {
    MetricSink points({1000, {}}, nullptr);
    Collection collection{points};
    const Status status = collector.Collect(attempt, collection);
    BOOST_TEST(static_cast<bool>(status));
    sources = std::move(collection.sources);
    parts = std::move(collection.parts);
    return redis::ValuesOf(*points.Finish(clock.Now()));
  }

  /// "probe up, task_store down".
  std::string Sources() const {
    std::string text;
    for (const SourceReport& report : sources) {
      text += (text.empty() ? "" : ", ") + report.source + (report.status ? " up" : " down");
    }
    return text;
  }

  FakeClock clock;
  RecordedLog log;
  CannedRedis server;
  MiroirCollector collector;
  std::vector<SourceReport> sources;
  std::vector<SourceReport> parts;
};

/// Lets everybody wait for as long as they may.
class StalledStore final : public TaskStore {
 public:
  std::string_view backend() const override { return "redis"; }
  std::span<const std::string_view> operations() const override { return kOperations; }
  Status MakeReady(const Attempt& attempt) override { return Wait(attempt); }
  Status Probe(std::string_view /*operation*/, const Attempt& attempt) override {
    return Wait(attempt);
  }
  Result<Reading> Read(const Attempt& attempt) override { return Wait(attempt).error(); }

 private:
  static constexpr std::array<std::string_view, 2> kOperations = {"ping", "get"};

  static Status Wait(const Attempt& attempt) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, attempt.stop, attempt.deadline, [] { return false; });
    return Error{ErrorCode::kTimeout, "no answer in time"};
  }
};

/// Finds what it is told.
class KnownTargets final : public Discovery {
 public:
  explicit KnownTargets(std::vector<Labels> targets) : targets_(std::move(targets)) {}
  std::vector<Labels> Find(const Attempt& /*attempt*/,
                           std::vector<SourceReport>& reports) override {
    reports.push_back({"static", {}});
    return targets_;
  }

 private:
  std::vector<Labels> targets_;
};

/// The pods that listen at `addresses`, called pod-0, pod-1 ...; none of them is asked whether it
/// is ready.
std::unique_ptr<Pods> PodsAt(const std::vector<std::string>& addresses,
                             std::uint16_t ready_port = 0) {
  std::vector<Labels> targets;
  for (const std::string& address : addresses) {
    targets.push_back(
        Labels({{"__address__", address}, {"pod", "pod-" + std::to_string(targets.size())}}));
  }
  return std::make_unique<Pods>(PodSettings{.ready_port = ready_port},
                                std::make_unique<KnownTargets>(std::move(targets)));
}

TestServer::Reply PageOf(std::string_view text) {
  return TestServer::Answer(200, text, "Content-Type: text/plain; version=0.0.4\r\n");
}

std::string AddressOf(const TestServer& server) {
  return server.url().substr(std::string("http://").size());
}

constexpr std::string_view kPage =
    "# TYPE miroir_requests_in_flight gauge\nmiroir_requests_in_flight 3\n"
    "# TYPE miroir_background_queue_depth gauge\nmiroir_background_queue_depth{job_type=\"x\"} 9\n"
    "# TYPE miroir_leader gauge\nmiroir_leader{scope=\"global\"} 1\n"
    "# TYPE miroir_cpu_throttled_seconds_total counter\nmiroir_cpu_throttled_seconds_total 99\n"
    "# TYPE miroir_degraded_shards_total gauge\nmiroir_degraded_shards_total 2\n"
    "# TYPE miroir_idempotency_cache_size gauge\nmiroir_idempotency_cache_size 12\n"
    "# TYPE miroir_session_active_count gauge\nmiroir_session_active_count 5\n"
    "# TYPE process_open_fds gauge\nprocess_open_fds 8\n"
    "# TYPE miroir_request_duration_seconds histogram\n"
    "miroir_request_duration_seconds_bucket{method=\"GET\",le=\"1\"} 4\n"
    "miroir_request_duration_seconds_bucket{method=\"GET\",le=\"+Inf\"} 5\n"
    "miroir_request_duration_seconds_sum{method=\"GET\"} 2.5\n"
    "miroir_request_duration_seconds_count{method=\"GET\"} 5\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(miroir_collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSound) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST(metric.name.starts_with("miroir_"));
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(!metric.help.empty());
      BOOST_TEST((metric.type == MetricType::kCounter) == metric.name.ends_with("_total"));
    }
  }
}

BOOST_AUTO_TEST_CASE(TheStoreIsProbedAndRead) {
  Watched miroir;
  miroir.server.replies["INFO ALL"] = TextReply(
      "used_memory:12\r\nevicted_keys:3\r\nlatency_percentiles_usec_get:p50=1,p99.9=2000\r\n");
  Values values = miroir.Collect();
  BOOST_TEST(miroir.Sources() == "probe up, task_store up");
  BOOST_TEST(At(values, "miroir_background_queue_depth") == 7);
  BOOST_TEST(At(values, R"(miroir_task_store_up{backend="redis"})") == 1);
  BOOST_TEST(At(values, kLatencyCount) == 1);
  BOOST_TEST(At(values, R"(miroir_leader_lease_held{scope="drift_reconciler"})") == 0);
  BOOST_TEST(At(values, "miroir_redis_evicted_keys_total") == 3);
  BOOST_TEST(At(values, R"(miroir_task_store_command_percentile_seconds{)"
                        R"(command="get",percentile="99.9"})") == 0.002);
  BOOST_TEST(!values.contains("miroir_max_concurrent_requests"));
  BOOST_TEST(At(miroir.Collect(), kLatencyCount) == 2);
}

BOOST_AUTO_TEST_CASE(AStoreThatIsGoneIsDownAndNotOld) {
  Watched miroir;
  miroir.Collect();
  miroir.server.failure = Error{ErrorCode::kUnavailable, "connection refused"};
  const Values values = miroir.Collect();
  BOOST_TEST(miroir.Sources() == "probe up, task_store down");
  BOOST_TEST(At(values, R"(miroir_task_store_up{backend="redis"})") == 0);
  BOOST_TEST(At(values, kLatencyCount) == 1);  // A refusal has no latency.
  BOOST_TEST(!values.contains("miroir_background_queue_depth"));
  BOOST_TEST(!values.contains(R"(miroir_leader_lease_held{scope="drift_reconciler"})"));
  miroir.server.failure.reset();
  BOOST_TEST(At(miroir.Collect(), R"(miroir_task_store_up{backend="redis"})") == 1);
}

BOOST_AUTO_TEST_CASE(ATimeOutCountsWithTheTimeAllowed) {
  Settings settings;
  settings.probe_timeout = std::chrono::milliseconds(250);
  Watched miroir(settings);
  miroir.server.failure = Error{ErrorCode::kTimeout, "no answer in time"};
  Values values = miroir.Collect();
  BOOST_TEST(At(values, kLatencyCount) == 1);
  BOOST_TEST(At(values, kLatencySum) == 0.25);
  std::stop_source stop;
  stop.request_stop();
  values = miroir.Collect(AttemptFor(std::chrono::seconds(60), stop.get_token()));
  BOOST_TEST(At(values, kLatencyCount) == 1);  // The end of tocsin is no fault of the store.
}

BOOST_AUTO_TEST_CASE(AStalledStoreIsDownThoughTheProbeMayTakeAllTheTime) {
  static constexpr std::chrono::milliseconds kAll(500);
  auto config = std::make_shared<InstanceConfig>();
  config->kind = FindCollector("miroir");
  config->name = "miroir";
  config->interval = config->timeout = kAll;
  config->stale_after = std::chrono::minutes(1);
  config->make = [](const Environment& environment) {
    Settings settings;
    settings.reads_store = false;
    settings.probe_timeout = kAll;
    return std::make_unique<MiroirCollector>(settings, std::make_unique<StalledStore>(), nullptr,
                                             environment);
  };
  const SystemClock clock;
  const RecordedLog log;
  std::mutex mutex;
  std::condition_variable published;
  std::shared_ptr<const Snapshot> snapshot;
  Runner runner(config, {clock, log.log(), {}}, [&](const InstanceView& view) {
    const std::lock_guard lock(mutex);
    snapshot = view.snapshot;
    published.notify_all();
  });
  const std::jthread thread([&](const std::stop_token& stop) { runner.Run(stop); });
  std::unique_lock lock(mutex);
  BOOST_TEST_REQUIRE(
      published.wait_for(lock, std::chrono::seconds(20), [&] { return snapshot != nullptr; }));
  const Values values = redis::ValuesOf(*snapshot);
  BOOST_TEST(At(values, R"(miroir_task_store_up{backend="redis"})") == 0);
  BOOST_TEST(At(values, kLatencyCount) >= 1);
  BOOST_TEST(At(values, kLatencySum) >= 0.3);
}

BOOST_AUTO_TEST_CASE(ATimeOutAtTheDeadlineIsNoEndOfTocsin) {
  Probe probe{std::chrono::seconds(60)};
  probe.Restore(nullptr);
  StalledStore store;
  std::stop_source stop;
  stop.request_stop();
  // As the runner does it: the stop comes with the deadline.
  BOOST_TEST(!probe.Run(store, AttemptFor(Duration(0), stop.get_token())));
  MetricSink points({1000, {}}, nullptr);
  probe.Publish(store, points);
  BOOST_TEST(At(redis::ValuesOf(*points.Finish(TimePoint())), kLatencyCount) == 1);
}

BOOST_AUTO_TEST_CASE(WhoeverOnlyProbesIsToldWhy) {
  Settings settings;
  settings.reads_store = false;
  Watched miroir(settings);
  const Values values = miroir.Collect();
  BOOST_TEST(!values.contains("miroir_background_queue_depth"));
  miroir.server.failure = Error{ErrorCode::kDenied, "WRONGPASS"};
  miroir.Collect();
  BOOST_TEST(miroir.Sources() == "probe up");
  BOOST_TEST_REQUIRE(miroir.parts.size() == 1U);
  BOOST_TEST(miroir.parts[0].source == "task_store");
}

BOOST_AUTO_TEST_CASE(TotalsSurviveARestart) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  const std::string lease = "GET miroir:lease:drift_reconciler";
  const std::string changes = R"(miroir_leader_changes_total{scope="drift_reconciler"})";
  {
    Watched miroir({}, nullptr, state);
    miroir.server.replies[lease] = TextReply("pod-0");
    miroir.Collect();
    miroir.server.replies[lease] = TextReply("pod-1");
    BOOST_TEST(At(miroir.Collect(), changes) == 1);
  }
  Watched miroir({}, nullptr, state);
  miroir.server.replies[lease] = TextReply("pod-2");
  const Values values = miroir.Collect();
  BOOST_TEST(At(values, changes) == 2);
  BOOST_TEST(At(values, kLatencyCount) == 3);
  BOOST_TEST(At(values, R"(miroir_leader_info{scope="drift_reconciler",holder="pod-2"})") == 1);
}

BOOST_AUTO_TEST_CASE(WhileTheStateCannotBeReadTotalsAreLeftOut) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  std::filesystem::create_directory(state);  // Reading a folder fails.
  Watched miroir({}, nullptr, state);
  Values values = miroir.Collect();
  BOOST_TEST(!values.contains(kLatencyCount));
  BOOST_TEST(At(values, "miroir_background_queue_depth") == 7);
  BOOST_TEST_REQUIRE(miroir.parts.size() == 1U);
  BOOST_TEST(miroir.parts[0].source == "state");
  std::filesystem::remove(state);
  values = miroir.Collect();
  BOOST_TEST(At(values, kLatencyCount) == 2);
}

BOOST_AUTO_TEST_CASE(PodsArePassedOnAndRepaired) {
  TestServer first([](const TestServer::Request&) { return PageOf(kPage); });
  TestServer second([](const TestServer::Request&) { return PageOf(kPage); });
  Watched miroir({}, PodsAt({AddressOf(first), AddressOf(second)}));
  const Values values = miroir.Collect();
  BOOST_TEST(miroir.Sources() == "probe up, task_store up, static up, pods up");
  const std::vector<std::pair<std::string, double>> expected = {
      {R"(miroir_up{pod="pod-0"})", 1},
      {R"(miroir_up{pod="pod-1"})", 1},
      {R"(miroir_requests_in_flight{pod="pod-1"})", 3},
      {R"(miroir_leader_pods_claiming{scope="global"})", 2},
      {R"(miroir_degraded_shards{pod="pod-0"})", 2},
      {R"(miroir_degraded_shards_total{pod="pod-0"})", 2},
      {R"(miroir_idempotency_cache_entries{pod="pod-0"})", 12},
      {R"(miroir_idempotency_cache_size{pod="pod-0"})", 12},
      {R"(miroir_session_pinning_active_sessions{pod="pod-0"})", 5},
      {"miroir_background_queue_depth", 7},
      {"miroir_max_concurrent_requests", 500},
  };
  for (const auto& [series, value] : expected) BOOST_TEST(At(values, series) == value);
  for (const auto& [series, value] : values) {
    BOOST_TEST(!series.starts_with("miroir_cpu_throttled"));
    BOOST_TEST(!series.starts_with("miroir_leader{"));
    BOOST_TEST(!series.starts_with("process_"));
  }
  BOOST_TEST(At(values, R"(miroir_request_duration_seconds_count{method="GET",pod="pod-0"})") == 5);
}

BOOST_AUTO_TEST_CASE(APodThatCannotBeReadCostsItsOwnSeries) {
  TestServer good([](const TestServer::Request&) { return PageOf(kPage); });
  TestServer html([](const TestServer::Request&) {
    return TestServer::Answer(200, "<html></html>", "Content-Type: text/html\r\n");
  });
  Watched miroir({}, PodsAt({AddressOf(good), AddressOf(html)}));
  const Values values = miroir.Collect();
  BOOST_TEST(miroir.Sources() == "probe up, task_store up, static up, pods up");
  BOOST_TEST(At(values, R"(miroir_up{pod="pod-1"})") == 0);
  BOOST_TEST(At(values, R"(miroir_requests_in_flight{pod="pod-0"})") == 3);
  BOOST_TEST(!values.contains(R"(miroir_requests_in_flight{pod="pod-1"})"));
  BOOST_TEST_REQUIRE(miroir.parts.size() == 1U);
  BOOST_TEST(miroir.parts[0].source == "pod pod-1");

  Watched without_good({}, PodsAt({AddressOf(html)}));
  without_good.Collect();
  BOOST_TEST(without_good.Sources() == "probe up, task_store up, static up, pods down");
}

BOOST_AUTO_TEST_CASE(APodThatHangsCostsItsOwnSeriesOnly) {
  TestServer good([](const TestServer::Request&) { return PageOf(kPage); });
  TestServer hung([](const TestServer::Request&) {
    return TestServer::Reply{"", TestServer::Reply::Then::kHang};
  });
  Watched miroir({}, PodsAt({AddressOf(good), AddressOf(hung)}));
  const Attempt attempt = AttemptFor(std::chrono::seconds(2));
  const Values values = miroir.Collect(attempt);
  BOOST_TEST((std::chrono::steady_clock::now() < attempt.deadline));
  BOOST_TEST(At(values, R"(miroir_up{pod="pod-0"})") == 1);
  BOOST_TEST(At(values, R"(miroir_up{pod="pod-1"})") == 0);
  BOOST_TEST(At(values, R"(miroir_requests_in_flight{pod="pod-0"})") == 3);
  BOOST_TEST_REQUIRE(miroir.parts.size() == 1U);
  BOOST_TEST((miroir.parts[0].status.error().code == ErrorCode::kTimeout));
}

BOOST_AUTO_TEST_CASE(APodIsReadyWhenItsApiSaysSo) {
  for (const int status : {200, 503}) {
    TestServer pod([&](const TestServer::Request& request) {
      return request.line().find("/_miroir/ready") != std::string_view::npos
                 ? TestServer::Answer(status, R"({"code":"miroir_not_ready"})")
                 : PageOf(kPage);
    });
    const std::string address = AddressOf(pod);
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    Watched miroir({}, PodsAt({address}, port));
    BOOST_TEST(At(miroir.Collect(), R"(miroir_ready{pod="pod-0"})") == (status == 200 ? 1 : 0));
  }
}

BOOST_AUTO_TEST_CASE(MistakesInTheOptionsAreTold) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"{}", "expected redis or sqlite"},
      {"redis: {host: a}\nsqlite: {file: b}", "expected either redis or sqlite"},
      {"sqlite: {}", "file"},
      {"redis: {host: a}\nparts: [probes]", "expected probe, task_store or pods"},
      {"redis: {host: a}\nparts: [pods]", "pods: expected where they are, in pods"},
      {"pods: {static_configs: [{targets: ['a:1']}]}\nparts: [probe]",
       "probe: expected redis or sqlite"},
      {"redis: {host: a}\ncursors: [{sink: s}]", "index"},
      {"redis: {host: a}\npods: {ready_port: 70000}", "ready_port"},
      {"redis: {host: a}\nmax_concurrent_requests: 0", "max_concurrent_requests"},
      {"redis: {host: a}\nscopes: [ilm]", "unknown"},
      {"redis: {host: a}\ncanaries: [a, b, a]", "a is there twice"},
      {"redis: {host: a}\nsinks: [s, s]", "s is there twice"},
      {"redis: {host: a}\nlease_scopes: [ilm, ilm]", "ilm is there twice"},
      {"redis: {host: a}\noperation_scopes: [ilm, ilm]", "ilm is there twice"},
      {"redis: {host: a}\ncursors: [{sink: s, index: i}, {sink: s, index: i}]",
       "another cursor has this sink and this index"},
      {"sqlite: {file: a}\nprefix: p", "only a task store in Redis has this"},
      {"sqlite: {file: a}\nsinks: [s]", "only a task store in Redis has this"},
      {"sqlite: {file: a}\ncursors: [{sink: s, index: i}]", "only a task store in Redis has this"},
      {"sqlite: {file: a}\nsample_queue: true", "only a task store in Redis has this"},
  };
  for (const auto& [yaml, mistake] : table) {
    BOOST_TEST_CONTEXT(yaml) {
      const std::string found = MistakesIn(yaml, [](YamlMap& options) { Configure(options); });
      BOOST_TEST(found.find(mistake) != std::string::npos, "found: " + found);
    }
  }
  const auto accepted = [](const std::string& yaml) {
    return MistakesIn(yaml, [](YamlMap& options) { Configure(options); });
  };
  BOOST_TEST(accepted("redis: {host: a}") == "");
  BOOST_TEST(accepted("redis: {host: a}\ncursors: [{sink: s, index: i}, {sink: s, index: j}]") ==
             "");
  BOOST_TEST(accepted("sqlite: {file: a}\nparts: [probe]") == "");
  BOOST_TEST(accepted("pods: {static_configs: [{targets: ['a:1']}]}") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::miroir
