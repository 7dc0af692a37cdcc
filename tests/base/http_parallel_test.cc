#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/http_client.h"
#include "tests/support/test_server.h"
#include "tests/support/tls_server.h"

namespace tocsin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Then = TestServer::Reply::Then;

constexpr Duration kLong = seconds(20);

TestServer::Handler Always(const TestServer::Reply& reply) {
  return [reply](const TestServer::Request&) { return reply; };
}

/// A moment without a fraction of a second, as certificates have them.
TimePoint WholeSeconds(Duration from_now) {
  const auto now = std::chrono::system_clock::now() + from_now;
  return TimePoint(std::chrono::floor<seconds>(now.time_since_epoch()));
}

HttpOutcome SendFresh(const std::string& url, const HttpSettings& settings,
                      Duration timeout = kLong) {
  const OutgoingRequest request{.url = url};
  const HttpJob job{settings, request, timeout, true};
  ParallelHttpClient client;
  return std::move(client.SendAll({&job, 1}, {}).front());
}

double Total(const HttpTrace::Phases& phases) {
  return phases.lookup + phases.connect + phases.tls + phases.processing + phases.transfer;
}

BOOST_AUTO_TEST_SUITE(http_parallel_test)

BOOST_AUTO_TEST_CASE(NobodyWaitsForTheSlow) {
  const TestServer slow(Always({"", Then::kHang}));
  const TestServer quick(
      [](const TestServer::Request& request) { return TestServer::Answer(200, request.line()); });
  const HttpSettings settings;
  std::vector<OutgoingRequest> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back({.url = (i % 2 == 0 ? slow : quick).url() + "/" + std::to_string(i)});
  }
  requests.push_back({.url = "no URL"});
  std::vector<HttpJob> jobs;
  for (const OutgoingRequest& request : requests) {
    jobs.push_back({settings, request, milliseconds(300)});
  }
  ParallelHttpClient client;
  const auto began = std::chrono::steady_clock::now();
  const std::vector<HttpOutcome> outcomes = client.SendAll(jobs, {});
  BOOST_TEST((std::chrono::steady_clock::now() - began < seconds(3)));
  BOOST_REQUIRE(outcomes.size() == jobs.size());
  for (std::size_t i = 0; i < 20; ++i) {
    const Result<HttpAnswer>& answer = outcomes[i].answer;
    BOOST_TEST_CONTEXT(i) {
      BOOST_REQUIRE(static_cast<bool>(answer) == (i % 2 == 1));
      if (answer) {
        BOOST_TEST(answer->body == "GET /" + std::to_string(i) + " HTTP/1.1");
      } else {
        BOOST_TEST((answer.error().code == ErrorCode::kTimeout));
        BOOST_TEST(answer.error().message == slow.url() + ": no answer within 300ms");
      }
    }
  }
  BOOST_TEST((outcomes[20].answer.error().code == ErrorCode::kInvalidInput));
}

BOOST_AUTO_TEST_CASE(AnswersAreTakenWhileOthersAreWaitedFor) {
  std::promise<void> taken;
  const TestServer server([gate = taken.get_future().share()](const TestServer::Request& request) {
    if (request.line() == "GET /slow HTTP/1.1") gate.wait();
    return TestServer::Answer(200, request.line());
  });
  const HttpSettings settings;
  const OutgoingRequest slow{.url = server.url() + "/slow"};
  const OutgoingRequest quick{.url = server.url() + "/quick"};
  const OutgoingRequest bad{.url = "no URL"};
  const std::vector<HttpJob> jobs = {
      {settings, slow, kLong}, {settings, quick, kLong}, {settings, bad, kLong}};
  std::vector<std::size_t> order;
  ParallelHttpClient client;
  client.SendAll(jobs, {}, [&](std::size_t job, const HttpOutcome& outcome) {
    BOOST_TEST(static_cast<bool>(outcome.answer) == (job != 2));
    if (job == 1) taken.set_value();
    order.push_back(job);
  });
  BOOST_TEST(order == (std::vector<std::size_t>{2, 1, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ABodyCanBeTakenAsItComesIn) {
  const std::string text(300'000, 'x');
  const std::string half = TestServer::Answer(200, text).bytes.substr(0, 200'000);
  const struct {
    std::string_view name;
    TestServer::Reply reply;
    bool succeeds;
    std::size_t taken;  ///< Bytes, at most if it fails.
    std::size_t left;   ///< In the answer.
  } rows[] = {
      {"whole", TestServer::Answer(200, text, "X-A: b\r\n"), true, 300'000, 0},
      {"an error", TestServer::Answer(404, "none"), true, 0, 4},
      {"a redirect", TestServer::Answer(302, "there", "Location: http://b/\r\n"), true, 0, 5},
      {"half of it", {half, Then::kClose}, false, 200'000, 0},
      {"too much", TestServer::Answer(200, text + text), false, 400'000, 0},
  };
  const HttpSettings settings{.max_answer_bytes = 400'000};
  for (const auto& row : rows) {
    const TestServer server(Always(row.reply));
    const OutgoingRequest request{.url = server.url()};
    std::string taken;
    const auto take = [&](const HttpAnswer& head, std::string_view piece) {
      BOOST_TEST(head.status == 200);
      BOOST_TEST(!head.Header("Content-Length").empty());
      BOOST_TEST(head.body.empty());
      taken += piece;
    };
    const HttpJob job{
        .settings = settings, .request = request, .timeout = kLong, .take_body = take};
    ParallelHttpClient client;
    const HttpOutcome outcome = std::move(client.SendAll({&job, 1}, {}).front());
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(bool{outcome.answer} == row.succeeds);
      BOOST_TEST((row.succeeds ? taken.size() == row.taken : taken.size() <= row.taken));
      BOOST_TEST((taken == text.substr(0, taken.size()) || taken.size() > text.size()));
      if (outcome.answer) BOOST_TEST(outcome.answer->body.size() == row.left);
    }
  }
}

BOOST_AUTO_TEST_CASE(ThereIsALimitToConnections) {
  constexpr std::size_t kMost = ParallelHttpClient::kMostConnections;
  std::atomic<std::size_t> asked = 0;
  const TestServer server([&](const TestServer::Request&) {
    const std::size_t before = asked++;
    if (before + 1 == kMost) asked.notify_all();
    for (std::size_t now = before + 1; now < kMost; now = asked) asked.wait(now);
    return TestServer::Answer(200);
  });
  const HttpSettings settings;
  const OutgoingRequest request{.url = server.url()};
  const std::vector<HttpJob> jobs(kMost + 40, HttpJob{settings, request, kLong});
  ParallelHttpClient client;
  for (const HttpOutcome& outcome : client.SendAll(jobs, {})) BOOST_TEST(bool{outcome.answer});
  int connections = 0;
  for (const auto& seen : server.requests()) connections = std::max(connections, seen.connection);
  BOOST_TEST(connections == static_cast<int>(kMost));
}

BOOST_AUTO_TEST_CASE(WhatWaitsForAConnectionIsTimedOutToo) {
  constexpr std::size_t kMost = ParallelHttpClient::kMostConnections;
  const TestServer server(Always({"", Then::kHang}));
  const HttpSettings settings;
  const OutgoingRequest request{.url = server.url()};
  const std::vector<HttpJob> jobs(2 * kMost + 1, HttpJob{settings, request, seconds(3)});
  ParallelHttpClient client;
  for (const HttpOutcome& outcome : client.SendAll(jobs, {})) {
    BOOST_REQUIRE(!outcome.answer);
    BOOST_TEST((outcome.answer.error().code == ErrorCode::kTimeout));
  }
  // Some may get a connection in the moment in which others give theirs up. If their time began
  // only then, all of them would.
  BOOST_TEST(server.requests().size() < 2 * kMost);
}

BOOST_AUTO_TEST_CASE(SaysWhetherHttpToldWhereTheBodyEnds) {
  const struct {
    std::string head;
    bool is_framed;
  } rows[] = {
      {"Content-Length: 1\r\n\r\n", true},
      {"Transfer-Encoding: chunked\r\n\r\n1\r\n", true},
      {"\r\n", false},
  };
  for (const auto& row : rows) {
    const std::string end = row.head.find("chunked") == std::string::npos ? "" : "\r\n0\r\n\r\n";
    const TestServer server(Always({"HTTP/1.1 200 OK\r\n" + row.head + "a" + end, Then::kClose}));
    const HttpOutcome outcome = SendFresh(server.url(), {});
    BOOST_TEST_CONTEXT(row.head) {
      BOOST_REQUIRE(outcome.answer);
      BOOST_TEST(outcome.answer->body == "a");
      BOOST_TEST(outcome.answer->is_framed == row.is_framed);
    }
  }
}

BOOST_AUTO_TEST_CASE(KeepsConnectionsUnlessToldNotTo) {
  const TestServer server(Always(TestServer::Answer(200)));
  const HttpSettings settings;
  const OutgoingRequest request{.url = server.url()};
  ParallelHttpClient client;
  for (const bool fresh : {false, false, true, true}) {
    const HttpJob job{settings, request, kLong, fresh};
    BOOST_TEST(static_cast<bool>(client.SendAll({&job, 1}, {}).front().answer));
  }
  std::vector<int> connections;
  for (const auto& seen : server.requests()) connections.push_back(seen.connection);
  BOOST_TEST(connections == (std::vector<int>{1, 1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(IsStoppedAtOnce) {
  std::stop_source stop;
  const TestServer server([&](const TestServer::Request&) {
    stop.request_stop();
    return TestServer::Reply{"", Then::kHang};
  });
  const HttpSettings settings;
  const OutgoingRequest request{.url = server.url()};
  const std::vector<HttpJob> jobs(3, HttpJob{settings, request, std::chrono::minutes(10)});
  ParallelHttpClient client;
  for (const HttpOutcome& outcome : client.SendAll(jobs, stop.get_token())) {
    BOOST_REQUIRE(!outcome.answer);
    BOOST_TEST(outcome.answer.error().message == server.url() + ": stopped");
  }
}

BOOST_AUTO_TEST_CASE(FollowsRedirectsAndCountsThem) {
  const TestServer server([](const TestServer::Request& request) {
    if (request.line() == "GET /end HTTP/1.1") return TestServer::Answer(200, "end");
    return TestServer::Answer(302, "", "Location: /end\r\n");
  });
  const HttpOutcome outcome = SendFresh(server.url() + "/begin", {});
  BOOST_REQUIRE(outcome.answer);
  BOOST_TEST(outcome.answer->body == "end");
  BOOST_TEST(outcome.trace.redirects == 1);
  BOOST_TEST(outcome.trace.http_version == "1.1");
  BOOST_TEST(outcome.trace.ip_version == 4);
  BOOST_TEST(!outcome.trace.is_tls);
  BOOST_TEST(!outcome.trace.peer);
}

BOOST_AUTO_TEST_CASE(SaysWhereTheTimeWent) {
  const TestServer quick(Always(TestServer::Answer(200)));
  const HttpOutcome good = SendFresh(quick.url(), {});
  BOOST_TEST(Total(good.trace.phases) > 0);
  BOOST_TEST(Total(good.trace.phases) < 5);
  BOOST_TEST(good.trace.phases.tls == 0);

  const TestServer silent(Always({"", Then::kHang}));
  const HttpTrace::Phases waiting = SendFresh(silent.url(), {}, milliseconds(200)).trace.phases;
  BOOST_TEST(waiting.processing > 0.1);
  BOOST_TEST(waiting.transfer == 0);

  const TestServer dripping(Always({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na", Then::kHang}));
  const HttpTrace::Phases reading = SendFresh(dripping.url(), {}, milliseconds(200)).trace.phases;
  BOOST_TEST(reading.transfer > 0.1);
  BOOST_TEST(reading.processing < 0.1);
}

BOOST_AUTO_TEST_CASE(ShowsTheCertificateWhetherItIsTrustedOrNot) {
  const struct {
    std::string name;
    Duration begins;
    Duration ends;
    bool trusts_it;
    bool skips_verification;
    bool answers;
  } rows[] = {
      {"good", -hours(1), hours(24), true, false, true},
      {"nobody vouches for it", -hours(1), hours(24), false, false, false},
      {"nobody asks", -hours(1), hours(24), false, true, true},
      {"expired", -hours(48), -hours(24), true, false, false},
      {"expired, and nobody asks", -hours(48), -hours(24), false, true, true},
  };
  for (const auto& row : rows) {
    const TimePoint ends = WholeSeconds(row.ends);
    const TlsServer server({.begins = WholeSeconds(row.begins), .ends = ends});
    HttpSettings settings;
    if (row.trusts_it) settings.tls.ca_file = server.certificate_file();
    settings.tls.insecure_skip_verify = row.skips_verification;
    const HttpOutcome outcome = SendFresh(server.url(), settings);
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(static_cast<bool>(outcome.answer) == row.answers);
      if (!outcome.answer) BOOST_TEST((outcome.answer.error().code == ErrorCode::kDenied));
      BOOST_TEST(outcome.trace.is_tls);
      BOOST_REQUIRE(outcome.trace.peer.has_value());
      BOOST_TEST(outcome.trace.peer->version == "TLSv1.3");
      BOOST_REQUIRE(outcome.trace.peer->expires.has_value());
      BOOST_TEST((*outcome.trace.peer->expires == ends));
      const bool has_chain = row.answers && row.trusts_it;
      BOOST_TEST(outcome.trace.peer->chain_expires.has_value() == has_chain);
      BOOST_TEST(outcome.trace.phases.tls > 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(AConnectionIsNotLentToThoseWhoTrustLess) {
  const TlsServer server({.begins = WholeSeconds(-hours(1)), .ends = WholeSeconds(hours(1))});
  HttpSettings careless;
  careless.tls.insecure_skip_verify = true;
  const HttpSettings careful;
  const OutgoingRequest request{.url = server.url()};
  ParallelHttpClient client;
  const HttpJob first{careless, request, kLong};
  const HttpJob second{careful, request, kLong};
  BOOST_TEST(static_cast<bool>(client.SendAll({&first, 1}, {}).front().answer));
  BOOST_TEST(!client.SendAll({&second, 1}, {}).front().answer);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
