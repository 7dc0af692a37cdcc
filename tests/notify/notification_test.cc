#include "notify/notification.h"

#include <cmath>
#include <functional>
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

BOOST_AUTO_TEST_CASE(WhateverDiffersFromTheFirstAlertComesBack) {
  struct Row {
    const char* name;
    std::function<void(NotifiedAlert&)> change;
  };
  const Row rows[] = {
      {"nothing", [](NotifiedAlert&) {}},
      {"a label more",
       [](NotifiedAlert& alert) {
         alert.labels = LabelsBuilder(alert.labels).Set("x", "y").Build();
       }},
      {"a label less",
       [](NotifiedAlert& alert) {
         alert.labels = LabelsBuilder(alert.labels).Remove("job").Build();
       }},
      {"no label of the group",
       [](NotifiedAlert& alert) {
         alert.labels = Labels{{"x", "y"}};
       }},
      {"no labels", [](NotifiedAlert& alert) { alert.labels = Labels(); }},
      {"an annotation more",
       [](NotifiedAlert& alert) { alert.annotations.emplace(alert.annotations.begin(), "a", ""); }},
      {"an annotation less",
       [](NotifiedAlert& alert) { alert.annotations.erase(alert.annotations.begin()); }},
      {"no annotations", [](NotifiedAlert& alert) { alert.annotations.clear(); }},
      {"another time", [](NotifiedAlert& alert) { alert.starts_at += std::chrono::seconds(1); }},
      {"no end", [](NotifiedAlert& alert) { alert.ends_at = TimePoint(); }},
      {"fires", [](NotifiedAlert& alert) { alert.resolved = false; }},
      {"another reason", [](NotifiedAlert& alert) { alert.reason = AlertReason::kFiring; }},
      {"not new", [](NotifiedAlert& alert) { alert.is_new = false; }},
      {"another value", [](NotifiedAlert& alert) { alert.value = 2; }},
      {"no value", [](NotifiedAlert& alert) { alert.value.reset(); }},
      {"no address", [](NotifiedAlert& alert) { alert.generator_url.clear(); }},
      {"no rule",
       [](NotifiedAlert& alert) {
         alert.expression.clear();
         alert.condition.clear();
       }},
      {"everything", [](NotifiedAlert& alert) { alert = NotifiedAlert{}; }},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      Notification before = Example();
      before.alerts = {before.alerts[0], before.alerts[0], before.alerts[0]};
      row.change(before.alerts[1]);
      for (const bool is_first : {false, true}) {
        if (is_first) std::swap(before.alerts[0], before.alerts[1]);
        const Result<Notification> after = NotificationFromJson(ToJson(before));
        BOOST_REQUIRE(after);
        BOOST_REQUIRE(after->alerts.size() == before.alerts.size());
        for (std::size_t i = 0; i < before.alerts.size(); ++i) {
          CheckSame(after->alerts[i], before.alerts[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatAllAlertsHaveStandsOnce) {
  Notification notification = Example();
  notification.alerts = {notification.alerts[0], notification.alerts[0]};
  const std::string text = ToJson(notification);
  for (const std::string_view part : {"alertname\":", "runbook_url", "up == 0", "rule removed"}) {
    BOOST_TEST_CONTEXT(part) {
      BOOST_TEST(text.find(part) == text.rfind(part));
    }
  }
}

BOOST_AUTO_TEST_CASE(TextsOfVersion1AreRead) {
  const Result<Notification> read = NotificationFromJson(
      R"({"version":1,"event_id":"a-b-c","receiver":"r","group_key":"k","group_labels":{"job":"db"},)"
      R"("reason":"first notification","decided_at":1700000000123,"alerts":[)"
      R"({"labels":{"alertname":"Down","job":"db"},"annotations":{"summary":"s"},)"
      R"("starts_at":1700000000123,"ends_at":0,"resolved":false,"reason":"firing","is_new":true,)"
      R"("value":"0.5","generator_url":"http://a","expression":"up","condition":"== 0",)"
      R"("fingerprint":"fedcba9876543210"},)"
      R"({"labels":{"alertname":"Up"},"annotations":{},)"
      R"("starts_at":1700000000123,"ends_at":1700000000124,"resolved":true,"reason":"resolved",)"
      R"("is_new":false,"fingerprint":"0000000000000001"}]})");
  BOOST_REQUIRE(read);
  BOOST_TEST((read->group_labels == Labels{{"job", "db"}}));
  BOOST_REQUIRE(read->alerts.size() == 2U);
  NotifiedAlert first;
  first.labels = Labels{{"alertname", "Down"}, {"job", "db"}};
  first.annotations = {{"summary", "s"}};
  first.starts_at = kNow;
  first.is_new = true;
  first.value = 0.5;
  first.generator_url = "http://a";
  first.expression = "up";
  first.condition = "== 0";
  first.fingerprint = 0xfedcba9876543210;
  CheckSame(read->alerts[0], first);
  NotifiedAlert second;
  second.labels = Labels{{"alertname", "Up"}};
  second.starts_at = kNow;
  second.ends_at = kNow + std::chrono::milliseconds(1);
  second.resolved = true;
  second.reason = AlertReason::kResolved;
  second.fingerprint = 1;
  CheckSame(read->alerts[1], second);
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
                              with("\"version\":2", "\"version\":3"),
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
