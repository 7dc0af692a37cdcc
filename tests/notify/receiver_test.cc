#include "notify/receiver.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

struct ReadAll {
  std::vector<Receiver> receivers;
  std::vector<std::string> notes;
  std::string problems;
};

ReadAll ReadText(const std::string& text) {
  Diagnostics diagnostics("f");
  ReadAll all;
  if (const auto node = ParseYaml(text, diagnostics)) {
    YamlMap notify(*node, diagnostics);
    const ReceiverDefaults defaults = ReadReceiverDefaults(notify, MessageTemplates::BuiltIn());
    all.receivers = ReadReceivers(notify, defaults, all.notes);
  }
  all.problems = diagnostics.Text();
  return all;
}

BOOST_FIXTURE_TEST_SUITE(receiver_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(ReadsReceiversAndLeavesOutOtherKinds) {
  const ReadAll all = ReadText(R"(
global:
  slack_api_url: https://hooks/S
  opsgenie_api_key: never-shown
  resolve_timeout: 1m
receivers:
  - name: nobody
  - name: team
    slack_configs: [{channel: a}, {channel: b}]
    stdout_configs: [{}]
    opsgenie_configs:
      - api_key: x
    msteams_configs: [{}]
)");
  BOOST_TEST(all.problems == "");
  BOOST_REQUIRE(all.receivers.size() == 2U);
  BOOST_TEST(all.receivers[0].entries.empty());
  BOOST_REQUIRE(all.receivers[1].entries.size() == 3U);
  BOOST_TEST(all.receivers[1].entries[1].Id() == "slack[1]");
  BOOST_TEST(all.receivers[1].entries[2].Id() == "stdout[0]");
  BOOST_REQUIRE(all.notes.size() == 2U);
  BOOST_TEST(all.notes[0] ==
             "f:13:22: msteams_configs: not supported, left out; use msteamsv2_configs");
  BOOST_TEST(all.notes[1] ==
             "f:12:7: opsgenie_configs: not supported, left out; use webhook_configs");
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"receivers: [{}]", "f:1:13: \"name\" is required"},
      {"receivers: [{name: a}, {name: a}]", "f:1:24: name: \"a\" is there twice"},
      {"receivers: [{name: a, slak_configs: []}]",
       "f:1:23: unknown key \"slak_configs\" (did you mean \"slack_configs\"?)"},
      {"global: {slack_api_ulr: a}",
       "f:1:10: unknown key \"slack_api_ulr\" (did you mean \"slack_api_url\"?)"},
  };
  for (const auto& [yaml, problem] : cases) {
    const std::string problems = ReadText(yaml).problems;
    BOOST_TEST(problems.substr(0, problem.size()) == problem);
  }
}

BOOST_AUTO_TEST_CASE(AGroupIsOneDelivery) {
  Read("stdout", "{}");
  const Notification notification =
      MakeNotification({MakeAlert({{"a", "1"}}), MakeAlert({{"a", "2"}})});
  const std::vector<Delivery> deliveries = integration().Split(notification);
  BOOST_REQUIRE(deliveries.size() == 1U);
  BOOST_TEST(deliveries[0].key == notification.group_key);
  BOOST_TEST(deliveries[0].notification.alerts.size() == 2U);
}

BOOST_AUTO_TEST_CASE(AWordOfAUrlAloneIsSecretToo) {
  Read("webhook", "url: https://u.example.org/SECRET4?token=SECRET5");
  answers = {HttpAnswer{400, {}, "bad token SECRET5 for SECRET4"}};
  const Outcome outcome = Send(MakeNotification({MakeAlert({{"alertname", "A"}})}));
  BOOST_TEST(outcome.message == "status 400: bad token <secret> for <secret>");
}

/// Configurations full of secrets, of every kind that asks a server.
const std::pair<std::string, std::string> kSecretive[] = {
    {"slack", "api_url: https://hooks.example.org/services/T/B/SECRET1\n"},
    {"slack", "app_token: xoxb-SECRET2\nchannel: a\n"},
    {"pagerduty", "routing_key: SECRET3\n"},
    {"webhook", "url: https://u.example.org/SECRET4?token=SECRET5\nhmac_secret: SECRET6\n"},
    {"webhook",
     "url: https://u.example.org/SECRET7\n"
     "http_config: {authorization: {credentials: SECRET8}, http_headers: {X-Key: SECRET9}}\n"},
    {"msteamsv2", "webhook_url: https://teams.example.org/SECRET0\n"},
};

BOOST_AUTO_TEST_CASE(SecretsThatAnAnswerRepeatsAreNotInMessages) {
  for (const auto& [kind, yaml] : kSecretive) {
    for (const int status : {200, 400, 403, 500}) {
      Read(kind, yaml);
      BOOST_TEST(problems() == "");
      const std::string pad(185, 'x');  // Where a message is cut, half a secret must not stay.
      for (const std::string begin : {"", pad.c_str()}) {
        std::string echo = begin + yaml;
        for (char& c : echo) c = c == '\n' ? ' ' : c;
        answers = {HttpAnswer{status, {}, R"({"ok":false,"error":")" + echo + "\"}"}};
        const Outcome outcome = Send(MakeNotification({MakeAlert({{"alertname", "A"}})}));
        BOOST_TEST(outcome.message.find("SECR") == std::string::npos, outcome.message);
        BOOST_TEST(log().Count("SECR") == 0);
      }
    }
    answers = {Error{ErrorCode::kUnavailable, "https://x.example.org: refused"}};
    BOOST_TEST(
        (Send(MakeNotification({MakeAlert({{"alertname", "A"}})})).next == Outcome::Next::kRetry));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
