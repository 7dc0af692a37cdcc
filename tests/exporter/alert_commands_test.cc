// The commands against a server that has Alertmanager's API.

#include "exporter/alert_commands.h"

#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/log.h"
#include "exporter/api/alertmanager_api.h"
#include "exporter/http_server.h"
#include "tests/support/command_output.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_notifier.h"

namespace tocsin {
namespace {

struct Fixture {
  Fixture() {
    auto started = HttpServer::Start({.listen = {"127.0.0.1:0"}},
                                     api::AlertmanagerRoutes(notifier.access(), clock, {}), log);
    BOOST_REQUIRE(started);
    server = std::move(*started);
    url = "http://" + server->addresses().front();
  }
  ~Fixture() { server->Stop(Duration(0)); }

  template <class Flags>
  static std::string Run(int (*command)(const Flags&), const Flags& flags) {
    return StatusAndOutput([&] { return command(flags); });
  }

  FakeNotifier notifier;
  FakeClock clock{TimePoint(std::chrono::seconds(120))};
  Log log{LogLevel::kError, LogFormat::kLogfmt};
  std::unique_ptr<HttpServer> server;
  std::string url;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(alert_commands_test, Fixture)

BOOST_AUTO_TEST_CASE(AlertsAreListed) {
  notifier.alerts = {FakeNotifier::AlertOf({{"alertname", "Down"}, {"job", "x"}}, 1),
                     FakeNotifier::AlertOf({{"alertname", "Full"}}, 2)};
  notifier.alerts[1].silenced_by = {"s1"};
  AlertsFlags flags;
  flags.server = url + "/";
  BOOST_TEST(Run(&ListAlerts, flags) ==
             "0 ALERT  STATE     SINCE                     FINGERPRINT       LABELS\n"
             "Down   active    1970-01-01T00:01:00.000Z  0000000000000001  {job=\"x\"}\n"
             "Full   silenced  1970-01-01T00:01:00.000Z  0000000000000002  {}\n");
  flags.active_only = true;
  BOOST_TEST(Run(&ListAlerts, flags).find("Full") == std::string::npos);
  flags.active_only = false;
  flags.matchers = {"alertname=~\"F.*\""};
  BOOST_TEST(Run(&ListAlerts, flags).find("Down") == std::string::npos);
  flags.json = true;
  BOOST_TEST(Run(&ListAlerts, flags).starts_with("0 [{\"annotations\":{}"));
  flags.receiver = "nobody";
  BOOST_TEST(Run(&ListAlerts, flags) == "0 []\n");
}

BOOST_AUTO_TEST_CASE(ASilenceIsAddedListedAndEnded) {
  SilenceAddFlags add;
  add.server = url;
  add.matchers = {"alertname=Down", "job=~\"a|b\""};
  add.comment = "night \"work\"";
  add.author = "ada";
  BOOST_TEST(Run(&AddSilence, add) == "0 new-id\n");
  BOOST_TEST_REQUIRE(notifier.silences.size() == 1U);
  const notify::Silence& made = notifier.silences[0];
  BOOST_TEST((made.ends_at - made.starts_at == std::chrono::hours(1)));
  notifier.silences[0].starts_at = TimePoint(std::chrono::seconds(100));
  notifier.silences[0].ends_at = TimePoint(std::chrono::seconds(3600));
  SilenceListFlags list;
  list.server = url;
  BOOST_TEST(
      Run(&ListSilences, list) ==
      "0 ID      STATE   UNTIL                     AUTHOR  MATCHERS                      COMMENT\n"
      "new-id  active  1970-01-01T01:00:00.000Z  ada     alertname=\"Down\", job=~\"a|b\"  "
      "night \"work\"\n");
  SilenceExpireFlags expire;
  expire.server = url;
  expire.ids = {"none", "new-id"};
  const std::string ended = Run(&ExpireSilences, expire);
  BOOST_TEST(ended == "1 tocsin: no silence has the id none\n");
  BOOST_TEST(notifier.silences.empty());
}

BOOST_AUTO_TEST_CASE(EndedSilencesAreShownWhenAskedFor) {
  notifier.silences = {FakeNotifier::SilenceOf("1", "a=b")};
  notifier.silences[0].ends_at = TimePoint(std::chrono::seconds(61));
  SilenceListFlags list;
  list.server = url;
  BOOST_TEST(Run(&ListSilences, list).find("expired") == std::string::npos);
  list.expired = true;
  BOOST_TEST(Run(&ListSilences, list).find("expired") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatTheServerRefusesIsSaid) {
  SilenceAddFlags add;
  add.server = url;
  add.matchers = {"a"};
  add.comment = "why";
  BOOST_TEST(Run(&AddSilence, add).starts_with("1 tocsin: 'a': "));
  add.matchers = {"a=b"};
  notifier.refusal = Error{ErrorCode::kInvalidInput, "no \"room\""};
  const std::string refused = Run(&AddSilence, add);
  BOOST_TEST(refused.starts_with("1 tocsin: http://127.0.0.1:"));
  BOOST_TEST(refused.ends_with(": status 400: no \"room\"\n"));
  AlertsFlags alerts;
  alerts.server = url + "/elsewhere";
  BOOST_TEST(Run(&ListAlerts, alerts).starts_with("1 tocsin: "));
  alerts.server = "u:HUNTER@127.0.0.1:1";
  BOOST_TEST(Run(&ListAlerts, alerts) == "1 tocsin: http://127.0.0.1:1: connection refused\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
