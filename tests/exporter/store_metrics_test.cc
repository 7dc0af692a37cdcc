#include "exporter/store_metrics.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

/// The values of all families that have one, by name.
std::map<std::string, double> Values(const prometheus::Registry& registry) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    const prometheus::ClientMetric& metric = family.metric.front();
    values[family.name] =
        family.type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value;
  }
  return values;
}

/// A store with a history, as one process has them.
struct Process {
  explicit Process(const TemporaryFolder& folder) : store({}) {
    auto opened = History::Open(folder.path(), {}, store, clock, log);
    BOOST_REQUIRE(opened);
    history = std::move(*opened);
  }
  void Append(Millis t) {
    const std::vector<SampleStore::Entry> batch = {{{{"__name__", "a"}}, {t, 1}},
                                                   {{{"__name__", "b"}}, {t, 2}}};
    BOOST_REQUIRE(store.Append(batch).refused() == 0);
  }

  FakeClock clock;
  Log log{LogLevel::kError, LogFormat::kLogfmt};
  SampleStore store;
  std::unique_ptr<History> history;
};

BOOST_AUTO_TEST_SUITE(store_metrics_test)

BOOST_AUTO_TEST_CASE(TheStoreTellsWhatItHolds) {
  SampleStore store({});
  prometheus::Registry registry;
  StoreMetrics metrics(store, registry);
  const std::vector<SampleStore::Entry> batch = {{{{"__name__", "a"}}, {1, 1}},
                                                 {{{"__name__", "a"}}, {2, 1}}};
  BOOST_REQUIRE(store.Append(batch).refused() == 0);
  for (int i = 0; i < 2; ++i) metrics.Update();  // Counters count each sample once.
  const auto values = Values(registry);
  BOOST_TEST(values.size() == StoreMetrics::Descriptions().size());
  BOOST_TEST(values.at("tocsin_storage_series") == 1);
  BOOST_TEST(values.at("tocsin_storage_samples") == 2);
  BOOST_TEST(values.at("tocsin_storage_samples_appended_total") == 2);
}

BOOST_AUTO_TEST_CASE(TheHistoryTellsWhatItReadAndWrites) {
  const TemporaryFolder folder;
  Process(folder).Append(1000);
  Process process(folder);
  prometheus::Registry registry;
  HistoryMetrics metrics(*process.history, registry);
  process.Append(2000);
  process.Append(3000);
  // Writing is another thread's.
  BOOST_TEST(AwaitThat([&] {
    metrics.Update();
    return Values(registry).at("tocsin_storage_history_samples_written_total") == 4;
  }));
  metrics.Update();
  const auto values = Values(registry);
  BOOST_TEST(values.size() == HistoryMetrics::Descriptions().size());
  BOOST_TEST(values.at("tocsin_storage_history_samples_written_total") == 4);
  BOOST_TEST(values.at("tocsin_storage_history_bytes_written_total") > 0);
  BOOST_TEST(values.at("tocsin_storage_history_samples_lost_total") == 0);
  BOOST_TEST(values.at("tocsin_storage_history_replayed_samples") == 2);
  BOOST_TEST(values.at("tocsin_storage_history_replay_lost_records") == 0);
  BOOST_TEST(values.at("tocsin_storage_history_segments") == 1);
  BOOST_TEST(values.at("tocsin_storage_history_bytes") > 0);
  BOOST_TEST(values.at("tocsin_storage_history_failing") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
