#include "notify/receivers/msteamsv2.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

const std::string kUrl = "webhook_url: https://teams.example.org/workflows/SECRETPART\n";

BOOST_FIXTURE_TEST_SUITE(msteamsv2_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(SendsACard) {
  Read("msteamsv2", kUrl + "title: '{{ .Status }}'\ntext: '{{ len .Alerts }} alerts'\n");
  BOOST_TEST(problems() == "");
  Send(MakeNotification({MakeAlert({{"alertname", "Slow"}})}));
  BOOST_TEST(
      last().body ==
      R"({"type":"message","attachments":[{)"
      R"("contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{)"
      R"("$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard",)"
      R"("version":"1.4","body":[{"type":"TextBlock","text":"firing","weight":"Bolder",)"
      R"("size":"Medium","wrap":true,"style":"heading","color":"Attention"},)"
      R"({"type":"TextBlock","text":"1 alerts","wrap":true}],"msTeams":{"width":"full"}}}]})");
}

BOOST_AUTO_TEST_CASE(CardsStayWithinTeamsLimit) {
  for (const std::string text : {"x", "\n", "\"", "ä", "\x01"}) {
    std::string description;
    for (int i = 0; i < 40'000; ++i) description += text;
    NotifiedAlert alert = MakeAlert({{"alertname", "Slow"}});
    alert.annotations = {{"description", description}};
    Read("msteamsv2", kUrl);
    Send(MakeNotification({alert}));
    BOOST_TEST(last().body.size() <= Msteamsv2Config::kMostBytes);
    BOOST_TEST(last().body.size() > Msteamsv2Config::kMostBytes * 9 / 10);
  }
}

BOOST_AUTO_TEST_CASE(AnswersMeanWhatTeamsSays) {
  struct Row {
    int status;
    std::string body;
    Next next;
  };
  const Row rows[] = {
      {200, "1", Next::kDelivered},
      {202, "", Next::kDelivered},
      {200, "Webhook message delivery failed with error: HTTP 429", Next::kRetry},
      {200, "Webhook message delivery failed with error: HTTP 400", Next::kGiveUp},
      {400, "", Next::kGiveUp},
      {413, "", Next::kGiveUp},
      {429, "", Next::kRetry},
      {502, "", Next::kRetry},
  };
  for (const Row& row : rows) {
    Read("msteamsv2", kUrl);
    answers = {HttpAnswer{row.status, {}, row.body}};
    BOOST_TEST((Send(MakeNotification({MakeAlert({{"alertname", "A"}})})).next == row.next));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
