#include "notify/receiver_watch.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr TimePoint kNow{hours(24 * 365 * 50)};

class SilentIntegration final : public Integration {
 public:
  std::unique_ptr<Sender> MakeSender(SenderParts /*parts*/) const override { return nullptr; }
};

Receiver ReceiverOf(std::string name) {
  return {.name = std::move(name),
          .entries = {
              {.kind = "slack", .index = 0, .integration = std::make_shared<SilentIntegration>()}}};
}

struct Fixture {
  NotifyConfig config;
  LogBook log;
  ReceiverWatch watch;
  TimePoint now = kNow;
  std::vector<DestinationHealth> health;
  bool is_quiet = false;

  Fixture() {
    auto root = std::make_shared<Route>();
    root->receiver = "a";
    root->key = "{}";
    config.route = root;
    config.failing_after = minutes(15);
    for (const char* name : {"a", "b", "c"}) {
      config.receivers.push_back(ReceiverOf(name));
      health.push_back({.destination = {name, "slack[0]"},
                        .failing_since = std::nullopt,
                        .has_delivered = true,
                        .last_error = {}});
    }
  }

  void Fail(std::size_t index) {
    health[index].failing_since = now;
    health[index].last_error = "no connection";
  }

  std::vector<Told> LookAround() {
    return watch.Look(health,
                      {config, {{"site", "x"}}, log, [&](const Labels&) { return is_quiet; }}, now);
  }

  /// Who is told, and whether it fires: "b+ c-".
  std::string Look() {
    std::string told;
    for (const Told& one : LookAround()) {
      log.Put(one.key, one.entry, one.expires);
      BOOST_TEST_REQUIRE(one.notification.has_value());
      if (!told.empty()) told += ' ';
      told += one.key.second.receiver + (one.notification->is_firing() ? "+" : "-");
    }
    return told;
  }
};

BOOST_FIXTURE_TEST_SUITE(receiver_watch_test, Fixture)

BOOST_AUTO_TEST_CASE(NobodyHearsOfAShortFailure) {
  Fail(1);
  now += minutes(14);
  BOOST_TEST(Look() == "");
}

BOOST_AUTO_TEST_CASE(TheReceiversThatTheRoutesGiveHearOfALongOneOnce) {
  Fail(1);
  now += minutes(15);
  BOOST_TEST(Look() == "a+");
  now += minutes(1);
  BOOST_TEST(Look() == "");
  now += config.route->repeat_interval + minutes(1);
  BOOST_TEST(Look() == "a+");
  health[1].failing_since = std::nullopt;
  BOOST_TEST(Look() == "a-");
  BOOST_TEST(Look() == "");
}

BOOST_AUTO_TEST_CASE(AllOthersHearOfTheOneThatWouldHaveToBeTold) {
  Fail(0);
  Fail(2);
  now += minutes(15);
  BOOST_TEST(Look() == "b+ b+");
}

BOOST_AUTO_TEST_CASE(NobodyIsToldIfEverybodyFails) {
  for (std::size_t i = 0; i < 3; ++i) Fail(i);
  now += minutes(15);
  BOOST_TEST(Look() == "");
}

BOOST_AUTO_TEST_CASE(NobodyIsToldWhileItIsQuiet) {
  Fail(1);
  now += minutes(15);
  is_quiet = true;
  BOOST_TEST(Look() == "");
  BOOST_TEST(watch.Firing().size() == 1U);
  is_quiet = false;
  BOOST_TEST(Look() == "a+");
  is_quiet = true;
  health[1].failing_since = std::nullopt;
  BOOST_TEST(Look() == "");
  BOOST_TEST(watch.Firing().empty());
  const TimePoint ended_at = now;
  now += minutes(5);
  is_quiet = false;
  const std::vector<Told> told = LookAround();
  BOOST_TEST_REQUIRE(told.size() == 1U);
  BOOST_TEST(!told[0].notification->is_firing());
  BOOST_TEST((told[0].notification->alerts[0].ends_at == ended_at));
  BOOST_TEST(Look() == "");
}

BOOST_AUTO_TEST_CASE(WhatIsOverAndQuietBeginsAnewWithTheNextLongFailure) {
  Fail(1);
  now += minutes(15);
  BOOST_TEST(Look() == "a+");
  is_quiet = true;
  health[1].failing_since = std::nullopt;
  BOOST_TEST(Look() == "");
  now += minutes(1);
  Fail(1);
  const TimePoint again = now;
  BOOST_TEST(Look() == "");
  BOOST_TEST(watch.Firing().empty());  // One failure is not yet long.
  now += minutes(15);
  BOOST_TEST(Look() == "");
  BOOST_TEST_REQUIRE(watch.Firing().size() == 1U);
  BOOST_TEST((watch.Firing()[0].alert->starts_at == again));
}

BOOST_AUTO_TEST_CASE(WhatFiresCanBeLookedAt) {
  BOOST_TEST(watch.Firing().empty());
  Fail(1);
  now += minutes(15);
  Look();
  const std::vector<ReceiverWatch::Raised> firing = watch.Firing();
  BOOST_TEST_REQUIRE(firing.size() == 1U);
  BOOST_TEST(firing[0].alert->labels.Get("receiver") == "b");
  BOOST_TEST(firing[0].alert->labels.Get("site") == "x");
  BOOST_TEST_REQUIRE(firing[0].told.size() == 1U);
  BOOST_TEST(firing[0].told[0].receiver == "a");
  health[1].failing_since = std::nullopt;
  Look();
  BOOST_TEST(watch.Firing().empty());
}

BOOST_AUTO_TEST_CASE(ZeroTurnsItOff) {
  config.failing_after = Duration(0);
  Fail(1);
  now += hours(24);
  BOOST_TEST(Look() == "");
}

BOOST_AUTO_TEST_CASE(ARestartChangesNothing) {
  Fail(1);
  now += minutes(15);
  const std::vector<Told> told = LookAround();
  BOOST_TEST_REQUIRE(told.size() == 1U);
  log.Put(told[0].key, told[0].entry, told[0].expires);
  watch = ReceiverWatch();
  watch.Restore(told[0].key, *told[0].notification);
  health[1].failing_since = std::nullopt;
  health[1].has_delivered = false;  // Not tried yet: it may still fail.
  BOOST_TEST(Look() == "");
  health[1].has_delivered = true;
  const std::vector<Told> over = LookAround();
  BOOST_TEST_REQUIRE(over.size() == 1U);
  BOOST_TEST(!over[0].notification->is_firing());
  watch = ReceiverWatch();
  watch.Restore(over[0].key, *over[0].notification);
  BOOST_TEST(watch.Firing().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
