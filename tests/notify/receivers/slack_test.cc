#include <cmath>
#include <string>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "notify/receivers/cut_text.h"
#include "notify/receivers/slack_config.h"
#include "notify/receivers/slack_message.h"
#include "notify/receivers/sparkline.h"
#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

const std::string kWebhook = "api_url: https://hooks.slack.com/services/T/B/SECRETPART\n";
const std::string kBot = "app_token: xoxb-SECRETTOKEN\nchannel: '#ops'\nupdate_message: true\n";
const std::string kPosted = R"({"ok":true,"channel":"C1","ts":"17.5"})";

Notification Sample() {
  NotifiedAlert alert = MakeAlert({{"alertname", "Slow"}, {"job", "x"}});
  alert.fingerprint = 0xab;
  return MakeNotification({std::move(alert)});
}

Notification Change(NotifyReason reason, const std::string& event) {
  Notification notification =
      MakeNotification({MakeAlert({{"alertname", "Slow"}, {"job", "x"}}, true),
                        MakeAlert({{"alertname", "Slow"}, {"job", "y"}})});
  notification.reason = reason;
  notification.event_id = event;
  return notification;
}

constexpr std::string_view kBlocks =
    R"({"username":"tocsin","attachments":[{"color":"danger",)"
    R"("fallback":"[FIRING:1] Slow (x) | https://tocsin.example.org/alerts",)"
    R"x("blocks":[{"type":"header","text":{"type":"plain_text","text":"[FIRING:1] Slow (x)"}},)x"
    R"({"type":"section","text":{"type":"mrkdwn","text":":red_circle: *Slow* is bad\njob=x\n)"
    R"(since <!date^1795280320^{date_short_pretty} {time}|2026-11-21T16:58:40.500Z>)"
    R"( · value *312.5* (&gt; 300)  ▁█\n<https://runbooks.example.org/a|Runbook> · )"
    R"(<https://tocsin.example.org/alerts/00000000000000ab|Alert> · )"
    R"(<https://tocsin.example.org/silences/new?filter=%7Balertname%3D%22Slow%22%2C+job%3D%22x%22)"
    R"(%7D|Silence>"}}]}]})";

constexpr std::string_view kAttachment =
    R"({"channel":"#a","username":"me","icon_emoji":":x:","link_names":true,)"
    R"("attachments":[{"color":"#123456","fallback":"f","title":"T firing",)"
    R"("title_link":"https://tocsin.example.org/alerts","text":"a &lt; b","callback_id":"cb",)"
    R"("footer":"foot","mrkdwn_in":["text"],)"
    R"("fields":[{"title":"F","value":"x","short":true},{"title":"G","value":"","short":false}],)"
    R"("actions":[{"type":"button","text":"Go","url":"https://e","style":"danger",)"
    R"("confirm":{"text":"sure?"}}]}]})";

BOOST_FIXTURE_TEST_SUITE(slack_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(SendsBlocksBesideABarOfColour) {
  recent_values = [](const NotifiedAlert&) { return std::vector<double>{1, 2}; };
  Read("slack", kWebhook);
  BOOST_TEST(problems() == "");
  BOOST_TEST(secrets() == 1U);
  BOOST_TEST((Send(Sample()).next == Next::kDelivered));
  BOOST_TEST(last().url == "https://hooks.slack.com/services/T/B/SECRETPART");
  BOOST_TEST(last().body == kBlocks);
  BOOST_TEST(integration().rate_limit.per_second == 1);
  BOOST_TEST(integration().rate_limit.burst == 3);
  BOOST_TEST(!integration().send_resolved);
}

BOOST_AUTO_TEST_CASE(SendsAlertmanagersAttachmentIfItIsSetUp) {
  Read("slack", kWebhook + R"(
channel: '#a'
username: me
icon_emoji: ':x:'
link_names: true
color: '#123456'
fallback: f
title: T {{ .Status }}
text: '{{ .CommonAnnotations.text }}'
callback_id: cb
footer: foot
mrkdwn_in: [text]
short_fields: true
fields: [{title: F, value: '{{ .CommonLabels.job }}'}, {title: G, value: '', short: false}]
actions: [{type: button, text: Go, url: 'https://e', style: danger, confirm: {text: 'sure?'}}]
)");
  BOOST_TEST(problems() == "");
  Notification notification = Sample();
  notification.alerts[0].annotations = {{"text", "a < b"}};
  Send(notification);
  BOOST_TEST(last().body == kAttachment);
}

BOOST_AUTO_TEST_CASE(WhatIsResolvedWasAboveItsThreshold) {
  Read("slack", kWebhook);
  NotifiedAlert resolved = MakeAlert({{"alertname", "Slow"}, {"job", "y"}}, true);
  resolved.value = 16.4;
  Send(MakeNotification({MakeAlert({{"alertname", "Slow"}, {"job", "x"}}), resolved}));
  for (const std::string_view text :
       {" · value *312.5* (&gt; 300)\\n", " · value *16.4* (was &gt; 300)\\n"}) {
    BOOST_TEST(last().body.find(text) != std::string::npos, last().body);
  }
}

BOOST_AUTO_TEST_CASE(LabelsPingNobody) {
  NotifiedAlert alert = MakeAlert({{"alertname", "<!here>"}, {"job", "<@U123> & <b|c>"}});
  alert.annotations = {{"description", "<!channel>"}, {"summary", "<!everyone>"}};
  alert.condition = "> 3 <@U9>";
  Notification notification = MakeNotification({alert});
  notification.group_labels = {{"alertname", "<!here>"}};
  for (const std::string more : {"", "title: x\n", "text: '{{ .CommonAnnotations.summary }}'\n"}) {
    Read("slack", kWebhook + more);
    answers = {HttpAnswer{400, {}, "invalid_blocks"}};  // The plain form, too.
    Send(notification);
    for (const OutgoingRequest& request : requests()) {
      BOOST_TEST(request.body.find("<@") == std::string::npos, request.body);
      for (const std::string ping : {"<!here", "<!channel", "<!everyone", "<b|"}) {
        BOOST_TEST(request.body.find(ping) == std::string::npos, request.body);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(MessagesStayWithinSlacksLimits) {
  for (const std::size_t count : {1U, 48U, 49U, 500U}) {
    for (const std::size_t length : {0U, 400U, 5'000U}) {
      std::vector<NotifiedAlert> alerts;
      for (std::size_t i = 0; i < count; ++i) {
        NotifiedAlert alert = MakeAlert(
            {{"alertname", std::string(length / 2, '&') + "A"}, {"i", std::to_string(i)}});
        alert.annotations = {{"description", std::string(length, '<')},
                             {"summary", "s" + std::string(length, 's')}};
        alerts.push_back(std::move(alert));
      }
      Read("slack", kWebhook);
      Send(MakeNotification(std::move(alerts)));
      const auto body = boost::json::parse(last().body);
      const auto& blocks = body.at("attachments").at(0).at("blocks").as_array();
      BOOST_TEST(blocks.size() <= 50U);
      std::size_t characters = 0;
      for (const auto& block : blocks) {
        const auto& text =
            block.at("type") == "context" ? block.at("elements").at(0) : block.at("text");
        const std::size_t size = CountCharacters(text.at("text").as_string());
        BOOST_TEST(size <= (block.at("type") == "header" ? 150U : 3'000U));
        characters += size;
      }
      BOOST_TEST(characters <= 13'000U);
      const bool is_cut = blocks.size() < count + 1 || blocks.back().at("type") == "context";
      const std::size_t shown = blocks.size() - (is_cut ? 2 : 1);
      BOOST_TEST(shown >= 1U);
      if (!is_cut) continue;
      const std::string rest = "and " + std::to_string(count - shown) + " more";
      BOOST_TEST(last().body.find(rest) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(ATokenPostsUpdatesAndReplies) {
  Read("slack", kBot);
  BOOST_TEST(problems() == "");
  BOOST_TEST(integration().send_resolved);
  usual_answer = kPosted;
  Send(Sample());
  BOOST_REQUIRE(requests().size() == 1U);
  BOOST_TEST(last().url == "https://slack.com/api/chat.postMessage");
  BOOST_TEST(HeaderOf(last(), "Authorization") == "Bearer xoxb-SECRETTOKEN");
  BOOST_TEST(last().body.starts_with(R"({"channel":"#ops","username":"tocsin",)"));
  BOOST_TEST(memory ==
             R"({"channel":"C1","ts":"17.5","event_id":"11111111-2222-4333-8444-555555555555"})");

  Send(Change(NotifyReason::kNewAlerts, "2"));
  BOOST_REQUIRE(requests().size() == 3U);
  BOOST_TEST(requests()[1].url == "https://slack.com/api/chat.update");
  BOOST_TEST(requests()[1].body.starts_with(R"({"channel":"C1","ts":"17.5","attachments":[)"));
  BOOST_TEST(last().url == "https://slack.com/api/chat.postMessage");
  BOOST_TEST(last().body == R"({"channel":"C1","thread_ts":"17.5","username":"tocsin",)"
                            R"("text":":red_circle: *Slow* is bad\n)"
                            R"(:large_green_circle: resolved *Slow* is bad"})");

  Notification repeated = Change(NotifyReason::kRepeat, "3");
  repeated.alerts = {MakeAlert({{"alertname", "Slow"}})};
  repeated.alerts[0].is_new = false;
  Send(repeated);  // Nothing has changed: no reply.
  BOOST_TEST(requests().size() == 4U);
  BOOST_TEST(last().url == "https://slack.com/api/chat.update");

  Notification again = Sample();
  again.event_id = "4";
  Send(again);  // The group fires anew: another message.
  BOOST_TEST(last().url == "https://slack.com/api/chat.postMessage");
  BOOST_TEST(last().body.find("thread_ts") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatIsTriedAgainDoesNotRepeatWhatWorked) {
  Read("slack", kBot);
  usual_answer = kPosted;
  Send(Sample());
  Send(Sample());
  BOOST_TEST(requests().size() == 1U);
  answers = {HttpAnswer{200, {}, kPosted}, HttpAnswer{429, {{"Retry-After", "7"}}, ""}};
  const Outcome outcome = Send(Change(NotifyReason::kNewAlerts, "2"));  // The reply fails.
  BOOST_TEST((outcome.next == Next::kRetry));
  BOOST_TEST((outcome.retry_after == std::chrono::seconds(7)));
  Send(Change(NotifyReason::kNewAlerts, "2"));
  BOOST_REQUIRE(requests().size() == 4U);
  BOOST_TEST(last().body.find("thread_ts") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(AMessageThatIsGoneIsPostedAnew) {
  for (const std::string word :
       {"message_not_found", "cant_update_message", "edit_window_closed"}) {
    Read("slack", kBot);
    memory = R"({"channel":"C1","ts":"17.5","event_id":"1"})";
    answers = {HttpAnswer{200, {}, R"({"ok":false,"error":")" + word + "\"}"},
               HttpAnswer{200, {}, R"({"ok":true,"channel":"C1","ts":"18.5"})"}};
    BOOST_TEST((Send(Change(NotifyReason::kNewAlerts, "2")).next == Next::kDelivered));
    BOOST_TEST(last().url == "https://slack.com/api/chat.postMessage");
    BOOST_TEST(memory == R"({"channel":"C1","ts":"18.5","event_id":"2"})");
  }
}

BOOST_AUTO_TEST_CASE(ARefusedFormIsSentPlainOnce) {
  for (const std::string word : {"invalid_blocks", "invalid_payload", "msg_too_long", "no_text"}) {
    Read("slack", kWebhook);
    answers = {HttpAnswer{400, {}, word}};
    const std::size_t before = requests().size();
    BOOST_TEST((Send(Sample()).next == Next::kDelivered));
    BOOST_TEST(requests().size() == before + 2);
    BOOST_TEST(last().body == R"({"username":"tocsin","text":"[FIRING:1] Slow\n)"
                              R"(:red_circle: *Slow* is bad"})");
  }
  Read("slack", kWebhook);
  answers = {HttpAnswer{400, {}, "no_text"}, HttpAnswer{400, {}, "no_text"}};
  BOOST_TEST((Send(Sample()).next == Next::kGiveUp));
}

struct AnswerCase {
  bool by_token;
  int status;
  std::string body;
  Next next;
  FailureReason reason = FailureReason::kInvalid;
  int retry_seconds = -1;
};

const AnswerCase kAnswers[] = {
    {false, 200, "ok", Next::kDelivered},
    {false, 403, "action_prohibited", Next::kGiveUp, FailureReason::kAuth},
    {false, 403, "invalid_token", Next::kGiveUp, FailureReason::kAuth},
    {false, 404, "no_service", Next::kGiveUp},
    {false, 404, "channel_not_found", Next::kGiveUp},
    {false, 410, "channel_is_archived", Next::kGiveUp},
    {false, 429, "", Next::kRetry, FailureReason::kRateLimit, 1},
    {false, 429, R"({"retry_after":30})", Next::kRetry, FailureReason::kRateLimit, 30},
    {false, 500, "rollup_error", Next::kRetry, FailureReason::kServer},
    {false, 503, "", Next::kRetry, FailureReason::kServer},
    {true, 200, R"({"ok":true,"channel":"C","ts":"1"})", Next::kDelivered},
    {true, 200, R"({"ok":false,"error":"ratelimited"})", Next::kRetry, FailureReason::kRateLimit,
     1},
    {true, 200, R"({"ok":false,"error":"internal_error"})", Next::kRetry, FailureReason::kServer},
    {true, 200, R"({"ok":false,"error":"service_unavailable"})", Next::kRetry,
     FailureReason::kServer},
    {true, 200, R"({"ok":false,"error":"fatal_error"})", Next::kRetry, FailureReason::kServer},
    {true, 200, R"({"ok":false,"error":"invalid_auth"})", Next::kGiveUp, FailureReason::kAuth},
    {true, 200, R"({"ok":false,"error":"token_revoked"})", Next::kGiveUp, FailureReason::kAuth},
    {true, 200, R"({"ok":false,"error":"channel_not_found"})", Next::kGiveUp},
    {true, 200, R"({"ok":false,"error":"is_archived"})", Next::kGiveUp},
    {true, 200, "<html>", Next::kRetry, FailureReason::kServer},
    {true, 502, "<html>", Next::kRetry, FailureReason::kServer},
};

BOOST_AUTO_TEST_CASE(AnswersMeanWhatSlackSays) {
  for (const AnswerCase& row : kAnswers) {
    BOOST_TEST_CONTEXT(row.status << " " << row.body) {
      Read("slack", row.by_token ? kBot : kWebhook);
      memory.clear();
      answers = {HttpAnswer{row.status, {}, row.body}};
      const Outcome outcome = Send(Sample());
      BOOST_TEST((outcome.next == row.next));
      if (row.next == Next::kDelivered) continue;
      BOOST_TEST(Name(outcome.reason) == Name(row.reason));
      const bool has_pause = row.retry_seconds >= 0;
      BOOST_TEST(outcome.retry_after.has_value() == has_pause);
      if (has_pause) BOOST_TEST((outcome.retry_after == std::chrono::seconds(row.retry_seconds)));
    }
  }
}

BOOST_AUTO_TEST_CASE(ATextThatFailsLosesNoMessage) {
  Read("slack", kWebhook + "title: '{{ index .Alerts 9 }}'\n");
  BOOST_TEST(problems() == "");
  Send(Sample());
  BOOST_TEST(last().body.find("\"title\":\"[FIRING:1] Slow\"") != std::string::npos, last().body);
  Send(Sample());
  BOOST_TEST(log().Count("text of a message fails") == 1);
}

BOOST_AUTO_TEST_CASE(GlobalSaysWhereByDefault) {
  Read("slack", "channel: a", "{slack_api_url: 'https://hooks/G'}");
  BOOST_TEST(problems() == "");
  Send(Sample());
  BOOST_TEST(last().url == "https://hooks/G");
  Read("slack", "channel: a",
       "{slack_app_token: xoxb-G, slack_app_url: 'https://s/chat.postMessage'}");
  BOOST_TEST(problems() == "");
  usual_answer = kPosted;
  Send(Sample());
  BOOST_TEST(last().url == "https://s/chat.postMessage");
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"{channel: a}", "f:1:1: expected api_url, app_token or one of them in global"},
      {"{api_url: 'https://e', app_token: t}",
       "f:1:35: app_token: expected either app_token or api_url"},
      {"{api_url: 'https://e', update_message: true}",
       "f:1:40: update_message: needs app_token: a webhook cannot change messages"},
      {"{app_token: t}", "f:1:1: channel: expected a channel, as app_token is used"},
      {"{api_url: 'https://e', titel: a}",
       "f:1:24: unknown key \"titel\" (did you mean \"title\"?)"},
      {"{api_url: 'https://e', title: '{{ end }}'}",
       "f:1:31: title: template: text:1: unexpected {{end}}"},
      {"{api_url: 'https://e', fields: [{title: a}]}", "f:1:33: value: expected a text"},
  };
  for (const auto& [yaml, problem] : cases) {
    Read("slack", yaml);
    BOOST_TEST(problems().substr(0, problems().find('\n')) == problem);
  }
}

BOOST_AUTO_TEST_CASE(SparklinesHaveEightHeights) {
  const double nan = std::nan("");
  const std::pair<std::vector<double>, std::string> cases[] = {
      {{}, ""},
      {{1}, ""},
      {{nan, nan, 1}, ""},
      {{0, 1, 2, 3, 4, 5, 6, 7}, "▁▂▃▄▅▆▇█"},
      {{0, nan, 7}, "▁ █"},
      {{5, 5}, "▄▄"},
      {{nan, nan, 0, nan, 7, nan}, "▁ █"},  // An alert is often younger than what is asked for.
      {{1, INFINITY, 2}, "▁ █"},
  };
  for (const auto& [values, line] : cases) BOOST_TEST(Sparkline(values) == line);
  BOOST_TEST(CountCharacters(Sparkline(std::vector<double>(1'000, 1))) == 24U);
}

BOOST_AUTO_TEST_CASE(CutTextIsStillText) {
  BOOST_TEST(CutToCharacters("abc", 3) == "abc");
  BOOST_TEST(CutToCharacters("abcd", 3) == "ab…");
  BOOST_TEST(CutToCharacters("äöüß", 3) == "äö…");
  BOOST_TEST(CutToCharacters("ab&amp;cd", 5) == "ab…");
  BOOST_TEST(CutToCharacters("a", 0) == "");
  BOOST_TEST(CutToBytes("äöüß", 7) == "äö…");
  BOOST_TEST(CutToBytes("abc", 3) == "abc");
  BOOST_TEST(CutToBytes("abcd", 2) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
