#include "notify/receivers/email.h"

#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/notify/receivers/fake_mail_server.h"
#include "tests/notify/receivers/receiver_fixture.h"
#include "tests/support/await.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

std::string To(const FakeMailServer& server, const std::string& more = "require_tls: false\n") {
  return "to: 'Ops <ops@example.org>, b@example.org'\nfrom: tocsin@example.org\nsmarthost: "
         "127.0.0.1:" +
         server.port() + "\n" + more;
}

Notification Sample() {
  return MakeNotification({MakeAlert({{"alertname", "Slow"}, {"job", "x"}})});
}

constexpr std::string_view kMail =
    "Subject: S firing\n"
    "From: tocsin@example.org\n"
    "To: Ops <ops@example.org>, b@example.org\n"
    "Date: Sat, 21 Nov 2026 16:59:40 +0000\n"
    "Message-Id: <11111111-2222-4333-8444-555555555555@example.org>\n"
    "References: <group-e42da9bbe8f8ae1f4d5ad6e4e2a4e0da@example.org>\n"
    "In-Reply-To: <group-e42da9bbe8f8ae1f4d5ad6e4e2a4e0da@example.org>\n"
    "X-Tocsin-Event-Id: 11111111-2222-4333-8444-555555555555\n"
    "Auto-Submitted: auto-generated\n"
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/alternative;\n boundary=BOUNDARY\n"
    "\n"
    "--BOUNDARY\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "=C3=A4 =3D firing\n"
    "\n"
    "--BOUNDARY\n"
    "Content-Type: text/html; charset=UTF-8\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "<p>firing</p>\n"
    "\n"
    "--BOUNDARY--\n";

/// `mail` with what random-looking parts are replaced by names.
std::string Normalized(std::string mail, const std::string& begin, std::size_t size,
                       const std::string& name) {
  for (std::size_t at = mail.find(begin); at != std::string::npos; at = mail.find(begin, at + 1)) {
    mail.replace(at, begin.size() + size, name);
  }
  return mail;
}

BOOST_FIXTURE_TEST_SUITE(email_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(SendsTextAndHtml) {
  const FakeMailServer server;
  Read("email", To(server) + R"(
hello: me.example.org
headers: {Subject: 'S {{ .Status }}'}
text: 'ä = {{ .Status }}'
html: '<p>{{ .Status }}</p>'
auth_username: user
auth_password: s3cret-password
)");
  BOOST_TEST(problems() == "");
  const Outcome outcome = Send(Sample());
  BOOST_TEST((outcome.next == Next::kDelivered), outcome.message);
  BOOST_TEST(server.HasCommand("EHLO me.example.org"));
  BOOST_TEST(server.HasCommand("AUTH PLAIN"));
  BOOST_TEST(server.HasCommand("MAIL FROM:<tocsin@example.org>"));
  BOOST_TEST(server.HasCommand("RCPT TO:<ops@example.org>"));
  BOOST_TEST(server.HasCommand("RCPT TO:<b@example.org>"));
  std::string mail = Normalized(server.mail(), "tocsin-", 32, "BOUNDARY");
  mail = Normalized(mail, "; boundary", 0, ";\n boundary");
  const std::string expected = Normalized(std::string(kMail), "<group-", 32, "<GROUP");
  BOOST_TEST(Normalized(mail, "<group-", 32, "<GROUP") == expected);
}

BOOST_AUTO_TEST_CASE(DefaultTextsSayWhatHappened) {
  const FakeMailServer server;
  Read("email", To(server));
  BOOST_TEST(!integration().send_resolved);
  Send(Sample());
  BOOST_TEST(server.mail().starts_with("Subject: [FIRING:1] Slow (x)\n"), server.mail());
  BOOST_TEST(server.mail().find("FIRING Slow: is bad\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(LabelsBeginNoHeader) {
  const FakeMailServer server;
  Read("email", To(server) + "headers: {Subject: '{{ .CommonLabels.job }}'}\n");
  NotifiedAlert alert =
      MakeAlert({{"alertname", "A"}, {"job", "x\r\nBcc: evil@example.org\r\n\r\nb"}});
  Send(MakeNotification({alert}));
  const std::string mail = server.mail();
  BOOST_TEST(mail.substr(0, mail.find("\n\n")).find("\nBcc:") == std::string::npos, mail);
  BOOST_TEST(!server.HasCommand("RCPT TO:<evil@example.org>"));
}

BOOST_AUTO_TEST_CASE(RepliesMeanWhatSmtpSays) {
  struct Row {
    FakeMailServer::Answers answers;
    Next next;
    FailureReason reason = FailureReason::kInvalid;
    std::string message = {};
  };
  const Row rows[] = {
      {{}, Next::kDelivered},
      {{{"", "421 busy"}}, Next::kRetry, FailureReason::kServer, "421"},
      {{{"MAIL", "451 later"}}, Next::kRetry, FailureReason::kServer, "451 later"},
      {{{"MAIL", "550 no"}}, Next::kGiveUp, FailureReason::kInvalid, "550 no"},
      {{{"MAIL", "530 authenticate first"}}, Next::kGiveUp, FailureReason::kAuth, "530"},
      {{{"RCPT", "550 nobody"}}, Next::kGiveUp, FailureReason::kInvalid, "550 nobody"},
      {{{"RCPT", "450 greylisted"}}, Next::kRetry, FailureReason::kServer, "450 greylisted"},
      {{{"RCPT TO:<b@", "550 nobody"}}, Next::kDelivered, {}, "b@example.org: 550 nobody"},
      {{{"DATA.", "452 full"}}, Next::kRetry, FailureReason::kServer, "452 full"},
      {{{"DATA.", "554 spam"}}, Next::kGiveUp, FailureReason::kInvalid, "554 spam"},
      {{{"AUTH", "535 wrong s3cret-password"}},
       Next::kGiveUp,
       FailureReason::kAuth,
       "535 wrong <secret>"},
      {{{"AUTH", "454 later"}}, Next::kRetry, FailureReason::kServer, "454 later"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.message) {
      const FakeMailServer server(row.answers);
      Read("email", To(server) + "auth_username: u\nauth_password: s3cret-password\n");
      const Outcome outcome = Send(Sample());
      BOOST_TEST((outcome.next == row.next), outcome.message);
      BOOST_TEST(outcome.message.find(row.message) != std::string::npos, outcome.message);
      BOOST_TEST(outcome.in_part == (row.next == Next::kDelivered && !row.message.empty()));
      if (row.next != Next::kDelivered) BOOST_TEST(Name(outcome.reason) == Name(row.reason));
    }
  }
}

BOOST_AUTO_TEST_CASE(WithoutStarttlsNothingIsSent) {
  const FakeMailServer server;
  Read("email", To(server, "auth_username: u\nauth_password: s3cret-password\n"));
  const Outcome outcome = Send(Sample());
  BOOST_TEST((outcome.next == Next::kRetry));
  BOOST_TEST(Name(outcome.reason) == "auth");
  BOOST_TEST(outcome.message == "127.0.0.1:" + server.port() +
                                    ": the server offers no STARTTLS, which require_tls asks for");
  BOOST_TEST(!server.HasCommand("AUTH"));
  BOOST_TEST(!server.HasCommand("MAIL"));
}

BOOST_AUTO_TEST_CASE(ARequestToStopEndsTheWait) {
  const FakeMailServer server(FakeMailServer::Answers{{"", ""}});
  const MailServer settings{.host = "127.0.0.1", .port = server.port(), .require_tls = false};
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const Outcome outcome = SendMail(settings, {"a@b", {"c@d"}}, "x", stop.get_token());
  BOOST_TEST((outcome.next == Next::kRetry));
  BOOST_TEST(outcome.message == "127.0.0.1:" + server.port() + ": stopped");
}

BOOST_AUTO_TEST_CASE(WhoCannotBeReachedIsNamedAndWhy) {
  const MailServer settings{.host = "127.0.0.1", .port = "1", .require_tls = false};
  const Outcome outcome = SendMail(settings, {"a@b", {"c@d"}}, "x", std::stop_token());
  BOOST_TEST(Name(outcome.reason) == "unreachable");
  BOOST_TEST(outcome.message == "127.0.0.1:1: connection refused");
}

BOOST_AUTO_TEST_CASE(HeadsAreFoldedAndEncoded) {
  const auto head = [](const std::string& name, const std::string& value) {
    const std::string bytes =
        MailBytes({.headers = {{name, value}}, .text = "", .html = "", .boundary = ""});
    return bytes.substr(0, bytes.find("MIME-Version"));
  };
  BOOST_TEST(head("Subject", "a\r\nb") == "Subject: a  b\r\n");
  BOOST_TEST(head("Subject", "ä_ b") == "Subject: =?utf-8?q?=C3=A4=5F_b?=\r\n");
  BOOST_TEST(head("To", "Jörg <j@e>, \"a, b\" <k@e>") ==
             "To: =?utf-8?q?J=C3=B6rg?= <j@e>, \"a, b\" <k@e>\r\n");
  const std::string words(60, 'w');
  BOOST_TEST(head("Subject", words + " " + words) ==
             "Subject: " + words + "\r\n " + words + "\r\n");
  for (const std::string line : {"Subject", "To"}) {
    std::string longer;
    for (int i = 0; i < 100; ++i) longer += "ä";
    const std::string bytes = head(line, longer + " <a@e>");
    for (std::size_t begin = 0; begin < bytes.size();) {
      const std::size_t end = bytes.find("\r\n", begin);
      BOOST_TEST(end - begin <= 90U);
      begin = end + 2;
    }
  }
}

BOOST_AUTO_TEST_CASE(LinesOfABodyAreShort) {
  const std::string bytes = MailBytes(
      {.headers = {}, .text = std::string(200, 'a') + "=\n.\nend ", .html = "", .boundary = ""});
  const std::string body = bytes.substr(bytes.find("\r\n\r\n") + 4);
  BOOST_TEST(body == std::string(75, 'a') + "=\r\n" + std::string(75, 'a') + "=\r\n" +
                         std::string(50, 'a') + "=3D\r\n.\r\nend=20\r\n");
}

BOOST_AUTO_TEST_CASE(GlobalSaysHowByDefault) {
  const FakeMailServer server;
  Read("email", "to: a@e",
       "{smtp_from: t@e, smtp_smarthost: '127.0.0.1:" + server.port() +
           "', smtp_require_tls: false, smtp_hello: g.example.org}");
  BOOST_TEST(problems() == "");
  BOOST_TEST((Send(Sample()).next == Next::kDelivered));
  BOOST_TEST(server.HasCommand("EHLO g.example.org"));
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"{to: a, from: b}", "f:1:1: expected smarthost, or smtp_smarthost in global"},
      {"{to: a, from: b, smarthost: host}", "f:1:29: smarthost: expected host:port"},
      {"{from: b, smarthost: 'h:25'}", "f:1:1: to: expected an address"},
      {"{to: a, smarthost: 'h:25'}", "f:1:1: expected from, or smtp_from in global"},
      {"{to: a, from: b, smarthost: 'h:25', headers: {'a b': c}}",
       "f:1:46: headers: \"a b\" is no name of a header"},
      {"{to: a, from: b, smarthost: 'h:25', auth_secret: c}",
       "f:1:37: \"auth_secret\" is not supported: use auth_password"},
  };
  for (const auto& [yaml, problem] : cases) {
    Read("email", yaml);
    BOOST_TEST(problems() == problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
