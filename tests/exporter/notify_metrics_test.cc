#include "exporter/notify_metrics.h"

#include <map>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using notify::DeliveryStats;

/// Counters, gauges and the counts of histograms: "name reason receiver target", without the
/// receiver for an Alertmanager.
std::map<std::string, double> Values(const prometheus::Registry& registry) {
  std::map<std::string, double> values;
  for (const auto& family : registry.Collect()) {
    for (const auto& metric : family.metric) {
      std::string key = family.name;
      for (const auto& label : metric.label) {
        if (label.value != "alertmanager") key += ' ' + label.value;
      }
      values[key] = metric.counter.value + metric.gauge.value +
                    static_cast<double>(metric.histogram.sample_count);
    }
  }
  return values;
}

constexpr TimePoint kNow{std::chrono::seconds(1000)};

DeliveryStats Stats(const std::string& target, std::uint64_t sent) {
  DeliveryStats stats;
  stats.target = target;
  stats.sent = sent;
  stats.queue_capacity = 10'000;
  return stats;
}

BOOST_AUTO_TEST_SUITE(notify_metrics_test)

BOOST_AUTO_TEST_CASE(FollowTheStats) {
  prometheus::Registry registry;
  NotifyMetrics metrics(registry);
  DeliveryStats stats = Stats("http://a", 5);
  stats.failed[static_cast<std::size_t>(notify::FailureReason::kTimeout)] = 4;
  stats.retried = 3;
  stats.dropped_full = 2;
  stats.dropped_expired = 1;
  stats.queue_length = 7;
  stats.latency.Add(0.03);
  stats.latency.Add(99);
  metrics.Update({stats}, kNow);
  stats.sent = 6;
  metrics.Update({stats}, kNow);
  const auto values = Values(registry);
  BOOST_TEST(values.at("tocsin_notifications_sent_total http://a") == 6);
  BOOST_TEST(values.at("tocsin_notifications_failed_total timeout http://a") == 4);
  BOOST_TEST(values.at("tocsin_notifications_failed_total auth http://a") == 0);
  BOOST_TEST(values.at("tocsin_notifications_retried_total http://a") == 3);
  BOOST_TEST(values.at("tocsin_notifications_dropped_total queue_full http://a") == 2);
  BOOST_TEST(values.at("tocsin_notifications_dropped_total expired http://a") == 1);
  BOOST_TEST(values.at("tocsin_notifications_queue_length http://a") == 7);
  BOOST_TEST(values.at("tocsin_notifications_queue_capacity http://a") == 10'000);
  BOOST_TEST(values.at("tocsin_notification_latency_seconds http://a") == 2);
}

BOOST_AUTO_TEST_CASE(AnEntryOfAReceiverHasAnOutbox) {
  prometheus::Registry registry;
  NotifyMetrics metrics(registry);
  DeliveryStats stats;
  stats.receiver = "team";
  stats.target = "slack[0]";
  stats.sent = 3;
  stats.superseded = 2;
  stats.given_up = 1;
  stats.queue_length = 4;
  stats.oldest = kNow - std::chrono::seconds(90);
  stats.delay.Add(0.2);
  metrics.Update({stats, Stats("http://a", 1)}, kNow);
  auto values = Values(registry);
  BOOST_TEST(values.at("tocsin_notifications_sent_total team slack[0]") == 3);
  BOOST_TEST(values.at("tocsin_notifications_dropped_total superseded team slack[0]") == 2);
  BOOST_TEST(values.at("tocsin_notifications_dropped_total given_up team slack[0]") == 1);
  BOOST_TEST(values.at("tocsin_outbox_pending team slack[0]") == 4);
  BOOST_TEST(values.at("tocsin_outbox_oldest_age_seconds team slack[0]") == 90);
  BOOST_TEST(values.at("tocsin_notification_delay_seconds team slack[0]") == 1);
  BOOST_TEST(!values.contains("tocsin_notifications_queue_length team slack[0]"));
  BOOST_TEST(!values.contains("tocsin_outbox_pending http://a"));
  stats.oldest.reset();
  metrics.Update({stats}, kNow);
  BOOST_TEST(Values(registry).at("tocsin_outbox_oldest_age_seconds team slack[0]") == 0);
}

BOOST_AUTO_TEST_CASE(ForgetTargetsThatAreGone) {
  prometheus::Registry registry;
  NotifyMetrics metrics(registry);
  metrics.Update({Stats("http://a", 5), Stats("http://b", 1)}, kNow);
  metrics.Update({Stats("http://b", 2)}, kNow);
  BOOST_TEST(!Values(registry).contains("tocsin_notifications_sent_total http://a"));
  BOOST_TEST(Values(registry).at("tocsin_notifications_sent_total http://b") == 2);
  metrics.Update({Stats("http://a", 1)}, kNow);
  BOOST_TEST(Values(registry).at("tocsin_notifications_sent_total http://a") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
