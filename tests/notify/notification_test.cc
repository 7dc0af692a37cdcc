#include "notify/notification.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

constexpr TimePoint kNow{std::chrono::milliseconds(1'700'000'000'123)};

NotifiedAlert AlertOf(const std::string& instance) {
  NotifiedAlert alert;
  alert.labels = Labels{{"alertname", "Down"}, {"instance", instance}, {"job", "db"}};
  alert.annotations = {{"runbook_url", "https://example.com/down"}, {"summary", instance}};
  alert.starts_at = kNow;
  alert.fingerprint = 0xfedcba9876543210;
  return alert;
}

Notification Example() {
  Notification notification;
  notification.event_id = "a-b-c";
  notification.receiver = "team \"db\"";
  notification.group_key = "{}/{team=\"db\"}:{alertname=\"Down\"}";
  notification.group_labels = Labels{{"alertname", "Down"}};
  notification.reason = NotifyReason::kSomeResolved;
  notification.decided_at = kNow;
  NotifiedAlert full = AlertOf("\"q\" \\ \n\t\x01 \xc3\xa9");
  full.ends_at = kNow + std::chrono::hours(1);
  full.resolved = true;
  full.reason = AlertReason::kRuleRemoved;
  full.is_new = true;
  full.value = 0.1;
  full.generator_url = "http://example.com/graph";
  full.expression = "up == 0";
  full.condition = "== 0";
  notification.alerts = {full, AlertOf("a")};
  return notification;
}

/// Text that says everything there is to say of it.
void CheckSame(const NotifiedAlert& a, const NotifiedAlert& b) {
  BOOST_TEST((a.labels == b.labels));
  BOOST_TEST((a.annotations == b.annotations));
  BOOST_TEST((a.starts_at == b.starts_at));
  BOOST_TEST((a.ends_at == b.ends_at));
  BOOST_TEST(a.resolved == b.resolved);
  BOOST_TEST((a.reason == b.reason));
  BOOST_TEST(a.is_new == b.is_new);
  BOOST_TEST((a.value == b.value));
  BOOST_TEST(a.generator_url == b.generator_url);
  BOOST_TEST(a.expression == b.expression);
  BOOST_TEST(a.condition == b.condition);
  BOOST_TEST(a.fingerprint == b.fingerprint);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(notification_test)

BOOST_AUTO_TEST_CASE(EveryPartComesBack) {
  const Notification before = Example();
  const Result<Notification> after = NotificationFromJson(ToJson(before));
  BOOST_REQUIRE(after);
  BOOST_TEST(after->event_id == before.event_id);
  BOOST_TEST(after->receiver == before.receiver);
  BOOST_TEST(after->group_key == before.group_key);
  BOOST_TEST((after->group_labels == before.group_labels));
  BOOST_TEST((after->reason == before.reason));
  BOOST_TEST((after->decided_at == before.decided_at));
  BOOST_REQUIRE(after->alerts.size() == before.alerts.size());
  for (std::size_t i = 0; i < before.alerts.size(); ++i) {
    CheckSame(after->alerts[i], before.alerts[i]);
  }
}

BOOST_AUTO_TEST_CASE(EveryReasonAndEveryValueComesBack) {
  Notification notification = Example();
  for (const NotifyReason reason :
       {NotifyReason::kFirst, NotifyReason::kNewAlerts, NotifyReason::kSomeResolved,
        NotifyReason::kAllResolved, NotifyReason::kRepeat, NotifyReason::kTest}) {
    notification.reason = reason;
    BOOST_TEST((NotificationFromJson(ToJson(notification))->reason == reason));
  }
  for (const double value : {0.0, -1.5, 1e300, 5e-324, HUGE_VAL, -HUGE_VAL}) {
    notification.alerts[0].value = value;
    BOOST_TEST(*NotificationFromJson(ToJson(notification))->alerts[0].value == value);
  }
  notification.alerts[0].value = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(std::isnan(*NotificationFromJson(ToJson(notification))->alerts[0].value));
}

BOOST_AUTO_TEST_CASE(OtherTextsAreCorrupt) {
  const std::string good = ToJson(Example());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::string rows[] = {"",
                              "null",
                              "[]",
                              "{}",
                              good.substr(0, good.size() - 1),
                              with("\"version\":1", "\"version\":2"),
                              with("some alerts resolved", "some alerts"),
                              with("rule removed", "rule"),
                              with("fedcba9876543210", "no number"),
                              with("\"resolved\":true", "\"resolved\":1"),
                              with("\"value\":\"0.1\"", "\"value\":\"x\""),
                              with("\"alerts\":[", "\"alerts\":[7,")};
  for (const std::string& text : rows) {
    BOOST_TEST_CONTEXT(text) {
      const Result<Notification> parsed = NotificationFromJson(text);
      BOOST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(CommonIsWhatAllAlertsHave) {
  Notification notification;
  BOOST_TEST(CommonLabels(notification).empty());
  BOOST_TEST(CommonAnnotations(notification).empty());
  notification.alerts = {AlertOf("a")};
  BOOST_TEST((CommonLabels(notification) == notification.alerts[0].labels));
  BOOST_TEST(CommonAnnotations(notification).size() == 2U);
  notification.alerts.push_back(AlertOf("b"));
  notification.alerts.push_back(AlertOf("a"));
  BOOST_TEST((CommonLabels(notification) == Labels{{"alertname", "Down"}, {"job", "db"}}));
  BOOST_TEST((CommonAnnotations(notification) ==
              Annotations{{"runbook_url", "https://example.com/down"}}));
}

BOOST_AUTO_TEST_CASE(UuidsAreRandomAndOfVersion4) {
  std::set<std::string> all;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = RandomUuid();
    BOOST_REQUIRE(uuid.size() == 36U);
    BOOST_TEST(uuid[14] == '4');
    BOOST_TEST(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) BOOST_TEST(uuid[at] == '-');
    all.insert(uuid);
  }
  BOOST_TEST(all.size() == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::notify
