#include "notify/plan.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr TimePoint kNow{hours(24 * 365 * 50)};

/// An entry that nobody sends by.
class SilentIntegration final : public Integration {
 public:
  explicit SilentIntegration(bool wants_ends) { send_resolved = wants_ends; }
  std::unique_ptr<Sender> MakeSender(SenderParts /*parts*/) const override { return nullptr; }
};

ReceivedAlert AlertOf(std::string_view name, bool resolved = false) {
  Alert alert;
  alert.labels = {{"alertname", name}};
  alert.starts_at = kNow - minutes(10);
  alert.resolved = resolved;
  if (resolved) alert.ends_at = kNow - minutes(1);
  alert.value = 7;
  alert.rule = std::make_shared<const AlertRule>(
      AlertRule{.group = "g", .expression = "x > 5", .condition = "> 5"});
  return {alert.labels, std::make_shared<const Alert>(alert), kNow};
}

struct Fixture {
  NotifyConfig config;
  Inhibitor inhibitor{{}};
  Silences silences;
  LogBook log;
  std::shared_ptr<Route> route = std::make_shared<Route>();

  Fixture() {
    route->receiver = "team";
    route->key = "{}";
    config.route = route;
    config.receivers = {{.name = "team",
                         .entries = {{.kind = "slack",
                                      .index = 0,
                                      .integration = std::make_shared<SilentIntegration>(true)},
                                     {.kind = "slack",
                                      .index = 1,
                                      .integration = std::make_shared<SilentIntegration>(false)}}}};
  }

  GroupPlan Plan(ReceivedAlerts alerts) {
    const Dispatcher::Due due = {.root = route,
                                 .route = route.get(),
                                 .key = "{}:{}",
                                 .group_labels = {},
                                 .alerts = std::move(alerts)};
    GroupPlan plan = PlanGroup(due, {config, inhibitor, silences, log, kNow});
    for (const Told& told : plan.told) log.Put(told.key, told.entry, told.expires);
    return plan;
  }

  void SilenceAll(std::string_view name) {
    Silence silence;
    silence.matchers = {
        *LabelMatcher::Make("alertname", LabelMatcher::Kind::kEqual, std::string(name))};
    silence.starts_at = kNow;
    silence.ends_at = kNow + hours(1);
    BOOST_TEST_REQUIRE(static_cast<bool>(silences.Set(silence, kNow)));
  }
};

BOOST_FIXTURE_TEST_SUITE(plan_test, Fixture)

BOOST_AUTO_TEST_CASE(EveryEntryOfTheReceiverIsTold) {
  const GroupPlan plan = Plan({AlertOf("A"), AlertOf("B")});
  BOOST_TEST_REQUIRE(plan.told.size() == 2U);
  const Told& first = plan.told[0];
  BOOST_TEST(first.key.first == "{}:{}");
  BOOST_TEST(first.key.second.receiver == "team");
  BOOST_TEST(first.key.second.entry == "slack[0]");
  BOOST_TEST_REQUIRE(first.notification.has_value());
  BOOST_TEST((first.notification->reason == NotifyReason::kFirst));
  BOOST_TEST_REQUIRE(first.notification->alerts.size() == 2U);
  const NotifiedAlert& alert = first.notification->alerts[0];
  BOOST_TEST(alert.is_new);
  BOOST_TEST(!alert.resolved);
  BOOST_TEST((alert.ends_at == TimePoint()));
  BOOST_TEST(alert.value.value() == 7);
  BOOST_TEST(alert.condition == "> 5");
  BOOST_TEST(first.notification->event_id != plan.told[1].notification->event_id);
}

BOOST_AUTO_TEST_CASE(NothingIsToldTwice) {
  Plan({AlertOf("A")});
  BOOST_TEST(Plan({AlertOf("A")}).told.empty());
}

BOOST_AUTO_TEST_CASE(WhatWasToldIsNotNew) {
  Plan({AlertOf("A")});
  const GroupPlan plan = Plan({AlertOf("A"), AlertOf("B")});
  BOOST_TEST_REQUIRE(plan.told.size() == 2U);
  const std::vector<NotifiedAlert>& alerts = plan.told[0].notification->alerts;
  BOOST_TEST(!alerts[0].is_new);
  BOOST_TEST(alerts[1].is_new);
}

BOOST_AUTO_TEST_CASE(WhoDoesNotWantToHearOfEndsIsToldOfFiringAlertsOnly) {
  Plan({AlertOf("A"), AlertOf("B")});
  const GroupPlan some = Plan({AlertOf("A", true), AlertOf("B"), AlertOf("C")});
  BOOST_TEST_REQUIRE(some.told.size() == 2U);
  BOOST_TEST(some.told[0].notification->alerts.size() == 3U);
  BOOST_TEST(some.told[1].notification->alerts.size() == 2U);
  const GroupPlan all = Plan({AlertOf("B", true), AlertOf("C", true)});
  BOOST_TEST_REQUIRE(all.told.size() == 2U);
  BOOST_TEST((all.told[0].notification->reason == NotifyReason::kAllResolved));
  BOOST_TEST(!all.told[1].notification.has_value());  // Remembered all the same.
}

BOOST_AUTO_TEST_CASE(SilencedAlertsAreLeftOutAndCounted) {
  SilenceAll("A");
  const GroupPlan plan = Plan({AlertOf("A"), AlertOf("B")});
  BOOST_TEST(plan.quiet.silenced == 1U);
  BOOST_TEST_REQUIRE(plan.told.size() == 2U);
  BOOST_TEST(plan.told[0].notification->alerts.size() == 1U);
  BOOST_TEST(Plan({AlertOf("A")}).told.empty());
}

BOOST_AUTO_TEST_CASE(InhibitedAlertsAreLeftOutAndCounted) {
  inhibitor = Inhibitor({{.name = {},
                          .source = *ParseLabelMatchers("alertname=Down"),
                          .target = *ParseLabelMatchers("alertname=A"),
                          .equal = {}}});
  inhibitor.Update(AlertOf("Down"));
  const GroupPlan plan = Plan({AlertOf("A"), AlertOf("B")});
  BOOST_TEST(plan.quiet.inhibited == 1U);
  BOOST_TEST(plan.told[0].notification->alerts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(AMutedRouteTellsNothing) {
  config.time_intervals["always"] = {TimeInterval()};
  route->mute_time_intervals = {"always"};
  GroupPlan plan = Plan({AlertOf("A")});
  BOOST_TEST(plan.told.empty());
  BOOST_TEST(plan.quiet.muted == 1U);
  BOOST_TEST((MutedBy(*route, config.time_intervals, kNow) == std::vector<std::string>{"always"}));
  route->mute_time_intervals.clear();
  TimeInterval never;
  never.years = {{1971, 1971}};
  config.time_intervals["never"] = {never};
  route->active_time_intervals = {"never"};
  plan = Plan({AlertOf("A")});
  BOOST_TEST(plan.told.empty());
  BOOST_TEST(plan.quiet.inactive == 1U);
}

BOOST_AUTO_TEST_CASE(AnEndThatCannotBeToldNowIsNotForgotten) {
  Plan({AlertOf("A")});
  SilenceAll("A");
  const GroupPlan quiet = Plan({AlertOf("A", true)});
  BOOST_TEST(quiet.told.empty());
  BOOST_TEST_REQUIRE(quiet.untold.size() == 1U);
  silences = Silences();
  const GroupPlan plan = Plan({AlertOf("A", true)});
  BOOST_TEST(plan.untold.empty());
  BOOST_TEST_REQUIRE(!plan.told.empty());
  BOOST_TEST((plan.told[0].notification->reason == NotifyReason::kAllResolved));
}

BOOST_AUTO_TEST_CASE(AnEndThatNobodyWaitsForIsForgotten) {
  SilenceAll("A");
  BOOST_TEST(Plan({AlertOf("A", true)}).untold.empty());
}

BOOST_AUTO_TEST_CASE(AnEndIsToldThoughOthersWereToldOfMeanwhile) {
  Plan({AlertOf("A"), AlertOf("B")});
  SilenceAll("A");
  Plan({AlertOf("A"), AlertOf("B"), AlertOf("C")});  // Tells of B and C only.
  BOOST_TEST(Plan({AlertOf("A", true), AlertOf("B"), AlertOf("C")}).untold.size() == 1U);
  silences = Silences();
  const GroupPlan plan = Plan({AlertOf("A", true), AlertOf("B"), AlertOf("C")});
  BOOST_TEST_REQUIRE(!plan.told.empty());
  BOOST_TEST((plan.told[0].notification->reason == NotifyReason::kSomeResolved));
}

BOOST_AUTO_TEST_CASE(WhatIsBelievedToFireIsRememberedLong) {
  route->repeat_interval = minutes(1);
  route->group_interval = minutes(5);
  BOOST_TEST((Plan({AlertOf("A")}).told[0].expires >= kNow + hours(24 * 30)));
  BOOST_TEST((Plan({AlertOf("A", true)}).told[0].expires == kNow + minutes(10)));
}

BOOST_AUTO_TEST_CASE(AnAlertOfOurRulesEndsWhenTheySaySo) {
  ReceivedAlert alert = AlertOf("A");
  Alert late = *alert.alert;
  late.ends_at = kNow - minutes(2);
  alert.alert = std::make_shared<const Alert>(late);
  BOOST_TEST(!ToNotified(alert, kNow).resolved);
}

BOOST_AUTO_TEST_CASE(APostedAlertThatNobodyRenewedIsResolved) {
  ReceivedAlert alert = AlertOf("A");
  Alert stale = *alert.alert;
  stale.ends_at = kNow - minutes(2);
  stale.rule = nullptr;
  alert.alert = std::make_shared<const Alert>(stale);
  const NotifiedAlert notified = ToNotified(alert, kNow);
  BOOST_TEST(notified.resolved);
  BOOST_TEST((notified.ends_at == kNow - minutes(2)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
