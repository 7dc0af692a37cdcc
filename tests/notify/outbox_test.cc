#include "notify/outbox.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyPoint kStart{seconds(1000)};
constexpr TimePoint kNow{seconds(1'700'000'000)};

NotifiedAlert AlertOf(const std::string& name, bool resolved) {
  NotifiedAlert alert;
  alert.labels = Labels{{"alertname", name}};
  alert.starts_at = kNow;
  alert.resolved = resolved;
  return alert;
}

/// `alerts`: "a" fires, "-a" is resolved.
Notification Told(const std::vector<std::string>& alerts) {
  Notification told;
  told.reason = NotifyReason::kNewAlerts;
  for (const std::string& alert : alerts) {
    const bool resolved = alert.starts_with('-');
    told.alerts.push_back(AlertOf(resolved ? alert.substr(1) : alert, resolved));
  }
  return told;
}

std::vector<std::string> Alerts(const Notification& told) {
  std::vector<std::string> alerts;
  for (const NotifiedAlert& alert : told.alerts) {
    alerts.push_back((alert.resolved ? "-" : "") + std::string(alert.labels.Get("alertname")));
  }
  return alerts;
}

PendingDelivery Pending(std::int64_t id, const std::string& key,
                        const std::vector<std::string>& alerts = {"a"}) {
  PendingDelivery pending;
  pending.id = id;
  pending.delivery.key = key;
  pending.delivery.notification = Told(alerts);
  pending.created_at = kNow + seconds(id);
  return pending;
}

std::int64_t TakenId(Outbox& outbox, SteadyPoint now = kStart) {
  const std::optional<PendingDelivery> taken = outbox.Take(now);
  return taken ? taken->id : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outbox_test)

BOOST_AUTO_TEST_CASE(TheOldestGoesFirstAndEachKeyAlone) {
  Outbox outbox;
  BOOST_TEST(!outbox.Take(kStart).has_value());
  outbox.Push(Pending(1, "x"));
  outbox.Push(Pending(2, "y"));
  const PendingDelivery first = *outbox.Take(kStart);
  BOOST_TEST(first.id == 1);
  outbox.Push(Pending(3, "x"));  // Waits for the first.
  BOOST_TEST(TakenId(outbox) == 2);
  BOOST_TEST(!outbox.CanTake(kStart));
  BOOST_TEST(TakenId(outbox) == 0);
  BOOST_TEST(outbox.size() == 3U);
  BOOST_TEST(outbox.in_flight() == 2U);
  BOOST_TEST((outbox.oldest() == kNow + seconds(1)));
  outbox.Finish(first);
  BOOST_TEST((outbox.oldest() == kNow + seconds(2)));
  BOOST_TEST(TakenId(outbox) == 3);
}

BOOST_AUTO_TEST_CASE(ANewerOneTakesThePlaceOfAnOlderOne) {
  Outbox outbox;
  outbox.Push(Pending(1, "x", {"a", "-b"}));
  outbox.Push(Pending(2, "y"));
  const std::optional<PendingDelivery> superseded = outbox.Push(Pending(3, "x", {"a", "c"}));
  BOOST_REQUIRE(superseded);
  BOOST_TEST(superseded->id == 1);
  BOOST_TEST(outbox.size() == 2U);
  const PendingDelivery taken = *outbox.Take(kStart);
  BOOST_TEST(taken.id == 3);  // In the place of the older one: first.
  BOOST_TEST((taken.created_at == kNow + seconds(1)));
  BOOST_TEST(Alerts(taken.delivery.notification) == (std::vector<std::string>{"a", "-b", "c"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ARetryWaitsAndKeepsItsPlace) {
  Outbox outbox;
  outbox.Push(Pending(1, "x"));
  outbox.Push(Pending(2, "y"));
  const SteadyPoint later = kStart + seconds(5);
  BOOST_TEST(outbox.Retry(*outbox.Take(kStart), later) == nullptr);
  BOOST_TEST((outbox.NextPauseEnd() == later));
  const PendingDelivery second = *outbox.Take(kStart);
  BOOST_TEST(second.id == 2);
  BOOST_TEST(TakenId(outbox, later - milliseconds(1)) == 0);
  BOOST_TEST(outbox.Retry(second, later) == nullptr);
  BOOST_TEST(TakenId(outbox, later) == 1);
  BOOST_TEST(TakenId(outbox, later) == 2);
  BOOST_TEST(!outbox.NextPauseEnd().has_value());
}

BOOST_AUTO_TEST_CASE(ARetryGoesIntoANewerOneThatWaits) {
  Outbox outbox;
  outbox.Push(Pending(1, "x", {"-a"}));
  PendingDelivery taken = *outbox.Take(kStart);
  outbox.Push(Pending(2, "x", {"b"}));
  const SteadyPoint later = kStart + seconds(5);
  const PendingDelivery* const newer = outbox.Retry(std::move(taken), later);
  BOOST_REQUIRE(newer != nullptr);
  BOOST_TEST(newer->id == 2);
  BOOST_TEST(Alerts(newer->delivery.notification) == (std::vector<std::string>{"-a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(outbox.size() == 1U);
  BOOST_TEST(TakenId(outbox, kStart) == 0);
  BOOST_TEST(TakenId(outbox, later) == 2);
}

BOOST_AUTO_TEST_CASE(ANewerOneDoesNotEndThePauseOfAnOlderOne) {
  Outbox outbox;
  outbox.Push(Pending(1, "x"));
  const SteadyPoint later = kStart + seconds(5);
  BOOST_TEST(outbox.Retry(*outbox.Take(kStart), later) == nullptr);
  BOOST_TEST(outbox.Push(Pending(2, "x"))->id == 1);
  BOOST_TEST(TakenId(outbox, kStart) == 0);
  outbox.EndPauses();
  BOOST_TEST(TakenId(outbox, kStart) == 2);
}

BOOST_AUTO_TEST_CASE(ManyDeliveriesAreQuicklyDoneWith) {
  // What takes time in proportion to what waits, for each of them, would take minutes.
  constexpr int kMany = 100'000;
  Outbox outbox;
  for (int i = 1; i <= kMany; ++i) outbox.Push(Pending(i, std::to_string(i)));
  for (int i = 1; i <= kMany; ++i) {
    outbox.Retry(*outbox.Take(kStart), kStart + milliseconds(i));
  }
  for (int i = 1; i <= kMany; ++i) {
    const std::optional<PendingDelivery> taken = outbox.Take(kStart + milliseconds(i));
    BOOST_REQUIRE(taken);
    BOOST_REQUIRE(taken->id == i);
    outbox.Finish(*taken);
  }
  BOOST_TEST(outbox.size() == 0U);
  BOOST_TEST(!outbox.oldest().has_value());
}

BOOST_AUTO_TEST_CASE(CoalescingKeepsResolvedAlertsAndOnlyThose) {
  struct Row {
    std::vector<std::string> older;
    std::vector<std::string> newer;
    std::vector<std::string> both;
  };
  const Row rows[] = {
      {{"a"}, {"a"}, {"a"}},
      {{"a"}, {"b"}, {"b"}},  // Nobody was told that a fires.
      {{"-a"}, {"b"}, {"-a", "b"}},
      {{"-a", "b"}, {"-b"}, {"-a", "-b"}},
      {{"-a"}, {"a"}, {"a"}},  // It fires again.
      {{"a"}, {"-a"}, {"-a"}},
      {{}, {"a"}, {"a"}},
      {{"-b", "-a"}, {}, {"-a", "-b"}},
  };
  for (const Row& row : rows) {
    const Notification both = Coalesce(Told(row.older), Told(row.newer));
    BOOST_TEST(Alerts(both) == row.both, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(WhatWasNotToldIsStillNew) {
  Notification older = Told({"a"});
  older.event_id = "older";
  older.reason = NotifyReason::kFirst;
  older.alerts[0].is_new = true;
  Notification newer = Told({"a", "b"});
  newer.event_id = "newer";
  const Notification both = Coalesce(older, newer);
  BOOST_TEST(both.event_id == "newer");
  BOOST_TEST((both.reason == NotifyReason::kFirst));
  BOOST_TEST(both.alerts[0].is_new);
  BOOST_TEST(!both.alerts[1].is_new);
  newer = Told({"-a"});
  newer.reason = NotifyReason::kAllResolved;
  BOOST_TEST((Coalesce(older, newer).reason == NotifyReason::kAllResolved));
  BOOST_TEST(!Coalesce(older, newer).alerts[0].is_new);
}

BOOST_AUTO_TEST_CASE(ABucketLetsABurstThroughAndThenARate) {
  TokenBucket bucket({.per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) BOOST_TEST(!bucket.Take(kStart).has_value());
  const std::optional<SteadyPoint> next = bucket.Take(kStart);
  BOOST_REQUIRE(next);
  BOOST_TEST((*next == kStart + milliseconds(500)));
  BOOST_TEST(!bucket.Take(*next).has_value());
  BOOST_TEST(bucket.Take(*next).has_value());
  // Never more than the burst.
  const SteadyPoint later = kStart + std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) BOOST_TEST(!bucket.Take(later).has_value());
  BOOST_TEST(bucket.Take(later).has_value());

  TokenBucket unlimited({});
  for (int i = 0; i < 1000; ++i) BOOST_TEST(!unlimited.Take(kStart).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::notify
