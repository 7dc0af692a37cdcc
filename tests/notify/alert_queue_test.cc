#include "notify/alert_queue.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

constexpr TimePoint kNow(std::chrono::hours(24 * 365 * 50));

OutgoingAlert Firing(const std::string& name, Duration ends_in = std::chrono::minutes(4)) {
  Alert alert;
  alert.ends_at = kNow + ends_in;
  return {Labels{{"alertname", name}}, std::make_shared<const Alert>(alert)};
}

OutgoingAlert Resolved(const std::string& name, Duration ago = Duration(0)) {
  Alert alert;
  alert.resolved = true;
  alert.ends_at = kNow - ago;
  return {Labels{{"alertname", name}}, std::make_shared<const Alert>(alert)};
}

/// "a b-" : the names in order, with a "-" after those that are resolved.
std::string Names(const OutgoingAlerts& alerts) {
  std::string names;
  for (const OutgoingAlert& alert : alerts) {
    if (!names.empty()) names += ' ';
    names += alert.labels.Get("alertname");
    if (alert.alert->resolved) names += '-';
  }
  return names;
}

BOOST_AUTO_TEST_SUITE(alert_queue_test)

BOOST_AUTO_TEST_CASE(GivesTheOldestFirst) {
  AlertQueue queue(10);
  for (const char* name : {"a", "b", "c"}) BOOST_TEST(queue.Push(Firing(name)) == 0U);
  BOOST_TEST(Names(queue.Take(2, kNow).alerts) == "a b");
  BOOST_TEST(Names(queue.Take(2, kNow).alerts) == "c");
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(ANewerStateTakesThePlaceOfAnOlder) {
  AlertQueue queue(10);
  for (const char* name : {"a", "b"}) queue.Push(Firing(name));
  queue.Push(Resolved("a"));
  BOOST_TEST(queue.size() == 2U);
  BOOST_TEST(Names(queue.Take(9, kNow).alerts) == "a- b");
}

BOOST_AUTO_TEST_CASE(AFullQueueDropsItsOldest) {
  AlertQueue queue(2);
  queue.Push(Firing("a"));
  queue.Push(Firing("b"));
  BOOST_TEST(queue.Push(Firing("c")) == 1U);
  BOOST_TEST(queue.Push(Firing("b")) == 0U);
  BOOST_TEST(queue.Push(Firing("a")) == 1U);
  BOOST_TEST(Names(queue.Take(9, kNow).alerts) == "c a");
}

BOOST_AUTO_TEST_CASE(WhatSaysNothingAnyMoreIsDropped) {
  AlertQueue queue(10);
  queue.Push(Firing("old", Duration(0)));
  queue.Push(Firing("new", Duration(1)));
  queue.Push(Resolved("long-gone", AlertQueue::kResolvedPatience));
  queue.Push(Resolved("gone", AlertQueue::kResolvedPatience - Duration(1)));
  const AlertQueue::Batch batch = queue.Take(9, kNow);
  BOOST_TEST(Names(batch.alerts) == "new gone-");
  BOOST_TEST(batch.expired == 2U);
}

BOOST_AUTO_TEST_CASE(WhatComesBackGoesToTheFront) {
  AlertQueue queue(10);
  for (const char* name : {"a", "b", "c"}) queue.Push(Firing(name));
  AlertQueue::Batch batch = queue.Take(2, kNow);
  queue.Push(Resolved("b"));
  queue.Push(Firing("d"));
  const AlertQueue::Returned returned = queue.PutBack(std::move(batch.alerts));
  BOOST_TEST(returned.kept == 1U);  // Of b there is a newer state.
  BOOST_TEST(returned.dropped == 0U);
  BOOST_TEST(Names(queue.Take(9, kNow).alerts) == "a c b- d");
}

BOOST_AUTO_TEST_CASE(WhatComesBackToAFullQueueIsTheOldest) {
  AlertQueue queue(2);
  queue.Push(Firing("a"));
  queue.Push(Firing("b"));
  AlertQueue::Batch batch = queue.Take(2, kNow);
  queue.Push(Firing("c"));
  const AlertQueue::Returned returned = queue.PutBack(std::move(batch.alerts));
  BOOST_TEST(returned.kept == 1U);
  BOOST_TEST(returned.dropped == 1U);
  BOOST_TEST(Names(queue.Take(9, kNow).alerts) == "b c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
