#include "exporter/notifier_metrics.h"

#include <map>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

/// "name label-value".
std::map<std::string, double> Values(const prometheus::Registry& registry) {
  std::map<std::string, double> values;
  for (const auto& family : registry.Collect()) {
    for (const auto& metric : family.metric) {
      std::string key = family.name;
      for (const auto& label : metric.label) key += ' ' + label.value;
      values[key] = metric.counter.value + metric.gauge.value;
    }
  }
  return values;
}

BOOST_AUTO_TEST_SUITE(notifier_metrics_test)

BOOST_AUTO_TEST_CASE(FollowTheStats) {
  prometheus::Registry registry;
  NotifierMetrics metrics(registry);
  notify::Notifier::Stats notifier;
  notifier.alerts = 1;
  notifier.groups = 2;
  notifier.silences = {3, 4, 5};
  notifier.quiet = {.silenced = 6, .inhibited = 7, .muted = 8, .inactive = 9};
  notify::NotifyStore::Stats store;
  store.errors = 10;
  store.lost_records = 11;
  store.is_failing = true;
  metrics.Update(notifier, store, {.calls = 12, .failures = 13});
  notifier.quiet.silenced = 16;
  metrics.Update(notifier, store, {.calls = 12, .failures = 14});
  const std::map<std::string, double> expected = {
      {"tocsin_notifier_alerts", 1},
      {"tocsin_notifier_groups", 2},
      {"tocsin_silences pending", 3},
      {"tocsin_silences active", 4},
      {"tocsin_silences expired", 5},
      {"tocsin_notifications_suppressed_total silence", 16},
      {"tocsin_notifications_suppressed_total inhibition", 7},
      {"tocsin_notifications_suppressed_total mute_time_interval", 8},
      {"tocsin_notifications_suppressed_total active_time_interval", 9},
      {"tocsin_outbox_failing", 1},
      {"tocsin_outbox_errors_total", 10},
      {"tocsin_outbox_records_lost_total", 11},
      {"tocsin_deadman_calls_total", 12},
      {"tocsin_deadman_failures_total", 14},
  };
  BOOST_TEST((Values(registry) == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
