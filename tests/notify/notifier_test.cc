#include "notify/notifier.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// What has arrived, and how the receiver answers.
class Sink {
 public:
  Outcome Take(const Notification& notification) {
    const std::lock_guard lock(mutex_);
    if (answer_ != Outcome::Next::kDelivered) {
      return {.next = answer_,
              .reason = FailureReason::kServer,
              .message = "HTTP 500",
              .retry_after = std::nullopt};
    }
    arrived_.push_back(notification);
    return {};
  }
  std::vector<Notification> arrived() const {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }
  std::size_t count() const { return arrived().size(); }
  void SetAnswer(Outcome::Next answer) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Notification> arrived_;
  Outcome::Next answer_ = Outcome::Next::kDelivered;
};

class SinkSender final : public Sender {
 public:
  explicit SinkSender(Sink& sink) : sink_(sink) {}
  Outcome Send(Delivery& delivery, std::stop_token /*stop*/) override {
    return sink_.Take(delivery.notification);
  }

 private:
  Sink& sink_;
};

class SinkIntegration final : public Integration {
 public:
  explicit SinkIntegration(Sink& sink) : sink_(sink) {}
  std::vector<Delivery> Split(const Notification& notification) const override {
    return {{.key = notification.group_key, .notification = notification, .memory = {}}};
  }
  std::unique_ptr<Sender> MakeSender(SenderParts /*parts*/) const override {
    return std::make_unique<SinkSender>(sink_);
  }

 private:
  Sink& sink_;
};

/// A notifier with two receivers, of which only the sink is routed to.
struct Fixture {
  TemporaryFolder folder;
  FakeClock clock;
  RecordedLog log;
  Sink sink;
  Sink spare;
  std::shared_ptr<Route> route = std::make_shared<Route>();
  std::vector<InhibitRule> inhibit_rules;
  std::unique_ptr<NotifyStore> store;
  std::unique_ptr<Notifier> notifier;

  Fixture() {
    route->receiver = "sink";
    route->key = "{}";
    route->group_by = {"alertname"};
    route->group_wait = seconds(30);
    Start();
    notifier->Open();
  }

  void Start() {
    auto opened = NotifyStore::Open(folder.path() / "notify.db", {}, clock, log.log());
    BOOST_TEST_REQUIRE(static_cast<bool>(opened));
    store = std::move(*opened);
    SenderParts parts;
    parts.clock = &clock;
    parts.log = &log.log();
    notifier = std::make_unique<Notifier>(*store, parts);
    clock.AwaitWaiters(2);  // With the store's: it has looked around before it is configured.
    Configure();
  }

  void Configure() {
    auto config = std::make_shared<NotifyConfig>();
    config->route = route;
    config->inhibit_rules = inhibit_rules;
    for (const auto& [name, hearer] : {std::pair("sink", &sink), std::pair("spare", &spare)}) {
      config->receivers.push_back(
          {.name = name,
           .entries = {{.kind = "sink",
                        .index = 0,
                        .integration = std::make_shared<SinkIntegration>(*hearer)}}});
    }
    notifier->Configure(config, {{"site", "x"}}, "http://tocsin");
  }

  void Restart() {
    notifier.reset();
    store.reset();
    Start();
  }

  Alert AlertOf(std::string_view name, std::string_view instance, bool resolved = false) const {
    Alert alert;
    alert.labels = {{"alertname", name}, {"instance", instance}};
    alert.starts_at = clock.Now();
    alert.ends_at = resolved ? clock.Now() : clock.Now() + hours(24);
    alert.resolved = resolved;
    alert.rule = std::make_shared<const AlertRule>(
        AlertRule{.group = "g", .expression = "x > 5", .condition = "> 5"});
    return alert;
  }
  void Tell(const Alert& alert) { notifier->Send({&alert, 1}); }

  /// Moves the clock until so many notifications have arrived. Small steps: the notifier may be on
  /// its way to a wait.
  bool Await(std::size_t count, Duration step = seconds(1)) {
    return AwaitThat([&] {
      if (sink.count() < count) clock.Advance(step);
      return sink.count() >= count;
    });
  }
};

BOOST_FIXTURE_TEST_SUITE(notifier_test, Fixture)

BOOST_AUTO_TEST_CASE(AnAlertIsToldAfterTheGroupsWait) {
  Tell(AlertOf("Down", "a"));
  Tell(AlertOf("Down", "b"));
  const TimePoint told_at = clock.Now();
  BOOST_TEST_REQUIRE(Await(1));
  BOOST_TEST((clock.Now() - told_at >= seconds(30)));
  const Notification told = sink.arrived()[0];
  BOOST_TEST(told.receiver == "sink");
  BOOST_TEST(told.group_key == "{}:{alertname=\"Down\"}");
  BOOST_TEST(told.alerts.size() == 2U);
  BOOST_TEST(told.alerts[0].labels.Get("site") == "x");
  Tell(AlertOf("Down", "a", true));
  Tell(AlertOf("Down", "b", true));
  BOOST_TEST_REQUIRE(Await(2));
  BOOST_TEST((sink.arrived()[1].reason == NotifyReason::kAllResolved));
}

BOOST_AUTO_TEST_CASE(NothingIsToldBeforeItIsOpen) {
  Restart();
  Tell(AlertOf("Down", "a"));
  clock.Advance(hours(1));
  BOOST_TEST(notifier->Alerts().size() == 1U);
  BOOST_TEST(sink.count() == 0U);
  notifier->Open();
  BOOST_TEST(Await(1));
}

BOOST_AUTO_TEST_CASE(ARestartTellsNothingTwice) {
  const Alert alert = AlertOf("Down", "a");
  Tell(alert);
  BOOST_TEST_REQUIRE(Await(1));
  Restart();
  Tell(alert);
  notifier->Open();
  Tell(AlertOf("Other", "a"));
  BOOST_TEST_REQUIRE(Await(2));
  clock.Advance(minutes(10));
  BOOST_TEST(sink.arrived()[1].group_labels.Get("alertname") == "Other");
  BOOST_TEST(sink.count() == 2U);
}

BOOST_AUTO_TEST_CASE(WhatNobodyTellsOfAfterARestartIsResolved) {
  Tell(AlertOf("Down", "a"));
  BOOST_TEST_REQUIRE(Await(1));
  Restart();
  notifier->Open();
  BOOST_TEST_REQUIRE(Await(2));
  const Notification over = sink.arrived()[1];
  BOOST_TEST((over.reason == NotifyReason::kAllResolved));
  BOOST_TEST(over.alerts[0].labels.Get("instance") == "a");
  BOOST_TEST((over.alerts[0].reason == AlertReason::kMissing));
}

BOOST_AUTO_TEST_CASE(WhatOthersHavePostedEndsInItsOwnTimeAfterARestart) {
  Alert alert = AlertOf("Posted", "a");
  alert.rule = nullptr;
  notifier->Post({alert});
  BOOST_TEST_REQUIRE(Await(1));
  Restart();
  notifier->Open();
  BOOST_TEST(notifier->Alerts().size() == 1U);
  BOOST_TEST_REQUIRE(Await(2, minutes(1)));
  BOOST_TEST((sink.arrived()[1].reason == NotifyReason::kAllResolved));
}

BOOST_AUTO_TEST_CASE(WhatWasNotDeliveredIsAfterARestart) {
  sink.SetAnswer(Outcome::Next::kRetry);
  Tell(AlertOf("Down", "a"));
  BOOST_TEST_REQUIRE(AwaitThat([&] {
    clock.Advance(seconds(1));
    const std::vector<DeliveryStats> stats = notifier->stats().destinations;
    return !stats.empty() && stats[0].retried > 0;
  }));
  Restart();
  sink.SetAnswer(Outcome::Next::kDelivered);
  BOOST_TEST(Await(1));
  BOOST_TEST(sink.arrived()[0].alerts[0].labels.Get("alertname") == "Down");
}

BOOST_AUTO_TEST_CASE(WhatAReceiverRefusedIsToldAgainAfterAReload) {
  sink.SetAnswer(Outcome::Next::kGiveUp);
  Tell(AlertOf("Down", "a"));
  BOOST_TEST_REQUIRE(AwaitThat([&] {
    clock.Advance(seconds(1));
    const std::vector<DeliveryStats> stats = notifier->stats().destinations;
    return !stats.empty() && stats[0].given_up == 1;
  }));
  sink.SetAnswer(Outcome::Next::kDelivered);
  clock.Advance(minutes(20));
  BOOST_TEST(sink.count() == 0U);
  Configure();
  BOOST_TEST(Await(1));
}

BOOST_AUTO_TEST_CASE(AStopTellsWhatIsDue) {
  route->group_wait = Duration(0);
  Restart();
  notifier->Open();
  Tell(AlertOf("Down", "a"));
  notifier->Stop(seconds(5));
  BOOST_TEST(sink.count() == 1U);
}

BOOST_AUTO_TEST_CASE(ManyAlertsAtOnceAreOneNotification) {
  std::vector<Alert> alerts;
  for (int i = 0; i < 20'000; ++i) alerts.push_back(AlertOf("Down", fmt::format("i{}", i)));
  notifier->Send(alerts);
  BOOST_TEST_REQUIRE(Await(1));
  BOOST_TEST(sink.arrived()[0].alerts.size() == 20'000U);
}

BOOST_AUTO_TEST_CASE(ASilenceHoldsOverARestartAndEnds) {
  Silence silence;
  silence.matchers = *ParseLabelMatchers("alertname=Down");
  silence.starts_at = clock.Now();
  silence.ends_at = clock.Now() + minutes(20);
  const Result<std::string> id = notifier->SetSilence(silence);
  BOOST_TEST_REQUIRE(static_cast<bool>(id));
  const Alert alert = AlertOf("Down", "a");
  Tell(alert);
  BOOST_TEST((notifier->Alerts()[0].silenced_by == std::vector<std::string>{*id}));
  Restart();
  notifier->Open();
  Tell(alert);
  Tell(AlertOf("Other", "a"));
  BOOST_TEST_REQUIRE(Await(1));
  BOOST_TEST(sink.arrived()[0].group_labels.Get("alertname") == "Other");
  BOOST_TEST(notifier->FindSilence(*id).has_value());
  BOOST_TEST_REQUIRE(static_cast<bool>(notifier->ExpireSilence(*id)));
  BOOST_TEST_REQUIRE(Await(2));
  BOOST_TEST(sink.arrived()[1].group_labels.Get("alertname") == "Down");
}

BOOST_AUTO_TEST_CASE(AlertsAndGroupsCanBeLookedAt) {
  Tell(AlertOf("Down", "a"));
  Tell(AlertOf("Down", "b"));
  Tell(AlertOf("Other", "a"));
  BOOST_TEST(notifier->Alerts().size() == 3U);
  const std::vector<Notifier::GroupView> groups = notifier->Groups();
  BOOST_TEST_REQUIRE(groups.size() == 2U);
  BOOST_TEST(groups[0].receiver == "sink");
  BOOST_TEST(groups[0].alerts.size() == 2U);
  BOOST_TEST(notifier->FindAlert(groups[0].alerts[0].fingerprint).has_value());
  BOOST_TEST(!notifier->FindAlert(1).has_value());
  BOOST_TEST(notifier->stats().groups == 2U);
}

BOOST_AUTO_TEST_CASE(AReceiverThatFailsIsAnAlertLikeOthers) {
  sink.SetAnswer(Outcome::Next::kRetry);
  const Alert alert = AlertOf("Down", "a");
  Tell(alert);
  BOOST_TEST_REQUIRE(AwaitThat([&] {
    clock.Advance(seconds(30));
    return spare.count() == 1U;
  }));
  const Notification told = spare.arrived()[0];
  BOOST_TEST_REQUIRE(told.alerts.size() == 1U);
  BOOST_TEST(told.alerts[0].labels.Get("alertname") == "TocsinReceiverFailing");
  const auto view = notifier->FindAlert(told.alerts[0].fingerprint);
  BOOST_TEST_REQUIRE(view.has_value());
  BOOST_TEST(view->receivers == std::vector<std::string>{"spare"});
  BOOST_TEST((view->alert.alert->ends_at > clock.Now()));
  BOOST_TEST(notifier->Alerts().size() == 2U);
  Restart();
  notifier->Open();
  Tell(alert);
  clock.Advance(minutes(1));
  BOOST_TEST(notifier->Alerts().size() == 2U);
  BOOST_TEST(spare.count() == 1U);
  const std::uint64_t down = Fingerprint({{"alertname", "Down"}, {"instance", "a"}, {"site", "x"}});
  BOOST_TEST(!notifier->FindAlert(down)->inhibited_by.has_value());
  inhibit_rules = {{.name = {},
                    .source = *ParseLabelMatchers("alertname=TocsinReceiverFailing"),
                    .target = *ParseLabelMatchers("alertname=Down"),
                    .equal = {}}};
  Configure();
  BOOST_TEST(notifier->FindAlert(down)->inhibited_by.has_value());
  sink.SetAnswer(Outcome::Next::kDelivered);
  BOOST_TEST_REQUIRE(AwaitThat([&] {
    clock.Advance(seconds(30));
    return spare.count() == 2U;
  }));
  BOOST_TEST(!spare.arrived()[1].is_firing());
  BOOST_TEST(notifier->Alerts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(WithoutRoutesAlertsAreKnownAndToldToNobody) {
  notifier->Configure(std::make_shared<const NotifyConfig>(), {}, "http://tocsin");
  Tell(AlertOf("Down", "a"));
  BOOST_TEST(notifier->Alerts().size() == 1U);
  BOOST_TEST(notifier->Alerts()[0].receivers.empty());
  clock.Advance(hours(1));
  BOOST_TEST(sink.count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
