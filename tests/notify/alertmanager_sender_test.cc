#include "notify/alertmanager_sender.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/test_server.h"

namespace tocsin::notify {
namespace {

/// Stands for all Alertmanagers: answers by a script for each URL, and 200 after its end.
class FakeNetwork {
 public:
  using Answers = std::deque<Result<HttpAnswer>>;

  void Script(const std::string& url, Answers answers) {
    const std::lock_guard lock(mutex_);
    scripts_[url + "/api/v2/alerts"] = std::move(answers);
  }
  /// Requests do not return until Release(), or until they are stopped.
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  HttpClientFactory Factory() {
    return
        [this](const HttpSettings& settings) { return std::make_unique<Client>(*this, settings); };
  }

  /// The bodies posted to `url`, also those that were answered badly.
  std::vector<std::string> Bodies(const std::string& url) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> bodies;
    for (const OutgoingRequest& request : requests_) {
      if (request.url == url + "/api/v2/alerts") bodies.push_back(request.body);
    }
    return bodies;
  }
  bool AwaitBodies(const std::string& url, std::size_t count) const {
    return AwaitThat([&] { return Bodies(url).size() >= count; });
  }
  std::vector<std::string> user_agents() const {
    const std::lock_guard lock(mutex_);
    return user_agents_;
  }

 private:
  class Client final : public HttpClient {
   public:
    Client(FakeNetwork& network, HttpSettings settings)
        : network_(network), settings_(std::move(settings)) {}
    Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token stop) override {
      return network_.Take(request, settings_, stop);
    }

   private:
    FakeNetwork& network_;
    const HttpSettings settings_;
  };

  Result<HttpAnswer> Take(const OutgoingRequest& request, const HttpSettings& settings,
                          const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    user_agents_.push_back(settings.user_agent);
    changed_.wait(lock, stop, [this] { return !held_; });
    if (stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
    Answers& answers = scripts_[request.url];
    if (answers.empty()) return HttpAnswer{200, {}, {}};
    Result<HttpAnswer> answer = answers.front();
    answers.pop_front();
    return answer;
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool held_ = false;
  std::map<std::string, Answers> scripts_;
  std::vector<OutgoingRequest> requests_;
  std::vector<std::string> user_agents_;
};

AlertmanagersConfig To(const std::vector<std::string>& urls) {
  AlertmanagersConfig config;
  for (const std::string& url : urls) config.alertmanagers.push_back({url, {}, {}});
  return config;
}

RelabelRule Rule(RelabelAction action, const std::string& regex) {
  RelabelRule rule;
  rule.action = action;
  rule.regex = AnchoredRegexp(regex);
  return rule;
}

/// A sender without a network, on a clock that a test moves.
struct Fixture {
  FakeClock clock;
  RecordedLog log;
  FakeNetwork network;
  AlertmanagerSender sender{clock, log.log(), "tocsin/1", network.Factory()};

  Alert Firing(const std::string& name) const {
    Alert alert;
    alert.labels = Labels{{"alertname", name}};
    alert.starts_at = clock.Now();
    alert.ends_at = clock.Now() + std::chrono::minutes(4);
    return alert;
  }
  Alert Resolved(const std::string& name) const {
    Alert alert = Firing(name);
    alert.resolved = true;
    alert.ends_at = clock.Now();
    return alert;
  }
  void Send(const std::vector<Alert>& alerts) { sender.Send(alerts); }

  DeliveryStats StatsOf(std::size_t target = 0) const { return sender.stats().at(target); }
  bool AwaitSent(std::uint64_t count, std::size_t target = 0) const {
    return AwaitThat([&] { return StatsOf(target).sent >= count; });
  }
  /// Waits until a target has posted `count` times and pauses, and lets the pause pass.
  void PassPauseAfter(std::size_t count, const std::string& url) {
    BOOST_TEST(network.AwaitBodies(url, count));  // So no older pause is waited for.
    clock.AwaitWaiters(1);
    clock.Advance(Backoff::kLongestAsked);
  }
};

std::uint64_t Failed(const DeliveryStats& stats, FailureReason reason) {
  return stats.failed[static_cast<std::size_t>(reason)];
}

std::size_t CountOf(const std::string& text, std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    ++count;
  }
  return count;
}

BOOST_FIXTURE_TEST_SUITE(alertmanager_sender_test, Fixture)

BOOST_AUTO_TEST_CASE(SendsToEveryAlertmanagerWithExternalLabels) {
  sender.Configure(To({"http://a", "http://b/prefix"}), Labels{{"region", "eu"}, {"team", "x"}});
  Alert alert = Firing("Down");
  alert.labels = Labels{{"alertname", "Down"}, {"team", "own"}};
  Send({alert});
  for (const char* url : {"http://a", "http://b/prefix"}) {
    BOOST_REQUIRE(network.AwaitBodies(url, 1));
    const std::string body = network.Bodies(url).at(0);
    BOOST_TEST(body.starts_with(
                   R"([{"labels":{"alertname":"Down","region":"eu","team":"own"},"startsAt":")"),
               body);
  }
  BOOST_TEST(network.user_agents().at(0) == "tocsin/1");
  BOOST_TEST(AwaitSent(1, 0));
  BOOST_TEST(AwaitSent(1, 1));
  BOOST_TEST(StatsOf(1).target == "http://b/prefix");
  BOOST_TEST(log.text() == "");
}

BOOST_AUTO_TEST_CASE(RelabelsForAllAndThenForEach) {
  AlertmanagersConfig config = To({"http://a", "http://b"});
  config.alert_relabel = {Rule(RelabelAction::kLabelDrop, "replica")};
  config.alertmanagers[1].alert_relabel = {Rule(RelabelAction::kLabelDrop, "region|alertname")};
  sender.Configure(config, Labels{{"region", "eu"}, {"replica", "1"}});
  Alert only_at_a = Firing("A");
  Alert both = Firing("B");
  both.labels = Labels{{"alertname", "B"}, {"x", "y"}};
  Send({only_at_a, both});
  BOOST_REQUIRE(network.AwaitBodies("http://a", 1));
  BOOST_REQUIRE(network.AwaitBodies("http://b", 1));
  const std::string a = network.Bodies("http://a").at(0);
  const std::string b = network.Bodies("http://b").at(0);
  BOOST_TEST(a.find(R"({"alertname":"A","region":"eu"})") != std::string::npos, a);
  BOOST_TEST(a.find(R"({"alertname":"B","region":"eu","x":"y"})") != std::string::npos, a);
  BOOST_TEST(b.find(R"("labels":{"x":"y"})") != std::string::npos, b);
  BOOST_TEST(CountOf(b, "labels") == 1U, b);  // What has no labels left is no alert.
}

BOOST_AUTO_TEST_CASE(SendsBatchesOfAtMost256) {
  network.Hold();
  sender.Configure(To({"http://a"}), {});
  Send({Firing("first")});
  BOOST_REQUIRE(network.AwaitBodies("http://a", 1));
  std::vector<Alert> alerts;
  for (int i = 0; i < 600; ++i) alerts.push_back(Firing(fmt::format("alert{}", i)));
  Send(alerts);
  network.Release();
  BOOST_REQUIRE(AwaitSent(601));
  std::vector<std::size_t> sizes;
  for (const std::string& body : network.Bodies("http://a")) {
    sizes.push_back(CountOf(body, "alertname"));
  }
  BOOST_TEST(sizes == (std::vector<std::size_t>{1, 256, 256, 88}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(TriesAgainUntilItIsTaken) {
  network.Script("http://a", {Error{ErrorCode::kUnavailable, "http://a: connection refused"},
                              Error{ErrorCode::kTimeout, "slow"}, HttpAnswer{503, {}, {}}});
  sender.Configure(To({"http://a", "http://b"}), {});
  Send({Firing("Down")});
  BOOST_TEST(AwaitSent(1, 1));  // The other is not held up.
  Alert again = Firing("Down");
  again.ends_at += std::chrono::hours(24);  // As the rules tell it again and again.
  Send({again});
  for (std::size_t i = 1; i <= 3; ++i) PassPauseAfter(i, "http://a");
  BOOST_REQUIRE(AwaitSent(1));
  const DeliveryStats stats = StatsOf();
  BOOST_TEST(Failed(stats, FailureReason::kUnreachable) == 1U);
  BOOST_TEST(Failed(stats, FailureReason::kTimeout) == 1U);
  BOOST_TEST(Failed(stats, FailureReason::kServer) == 1U);
  BOOST_TEST(stats.queue_length == 0U);
  BOOST_TEST(log.Count("trying again") == 1);
  BOOST_TEST(log.Count("takes alerts again") == 1);
  BOOST_TEST(log.Count("connection refused") == 1);
}

BOOST_AUTO_TEST_CASE(ANewerStateReplacesTheOneThatFailed) {
  network.Script("http://a", {HttpAnswer{500, {}, {}}});
  sender.Configure(To({"http://a"}), {});
  Send({Firing("Down"), Firing("Other")});
  clock.AwaitWaiters(1);
  Send({Resolved("Down")});
  clock.Advance(std::chrono::seconds(2));
  BOOST_REQUIRE(AwaitSent(2));
  const std::vector<std::string> bodies = network.Bodies("http://a");
  BOOST_REQUIRE(bodies.size() == 2U);
  BOOST_TEST(bodies[1].find(R"("alertname":"Other")") != std::string::npos, bodies[1]);
  // Resolved: it ends when it began.
  BOOST_TEST(CountOf(bodies[1], "Z\",\"endsAt\":\"2019-12-20T00:00:00.000Z\"") == 1U, bodies[1]);
  BOOST_TEST(StatsOf().retried == 2U);
}

BOOST_AUTO_TEST_CASE(GivesUpOnWhatHasExpired) {
  network.Script("http://a", {HttpAnswer{500, {}, {}}});
  sender.Configure(To({"http://a"}), {});
  Send({Firing("Down")});
  clock.AwaitWaiters(1);
  clock.Advance(std::chrono::minutes(4));
  BOOST_TEST(AwaitThat([&] { return StatsOf().dropped_expired == 1; }));
  BOOST_TEST(network.Bodies("http://a").size() == 1U);
}

BOOST_AUTO_TEST_CASE(WaitsAsLongAsItIsAskedTo) {
  network.Script("http://a", {HttpAnswer{429, {{"Retry-After", "100"}}, {}}});
  sender.Configure(To({"http://a"}), {});
  Send({Firing("Down")});
  clock.AwaitWaiters(1);
  clock.Advance(std::chrono::seconds(99));
  Send({Firing("Other")});
  clock.AwaitWaiters(1);
  BOOST_TEST(network.Bodies("http://a").size() == 1U);
  clock.Advance(std::chrono::seconds(1));
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(Failed(StatsOf(), FailureReason::kRateLimit) == 1U);
}

BOOST_AUTO_TEST_CASE(TriesNothingAgainThatIsRefused) {
  network.Script("http://a", {HttpAnswer{400, {}, "\"no\""}, HttpAnswer{400, {}, "\"no\""},
                              HttpAnswer{404, {}, {}}});
  sender.Configure(To({"http://a"}), {});
  for (std::size_t i = 1; i <= 3; ++i) {
    Send({Firing("Down")});
    BOOST_REQUIRE(AwaitThat([&] { return Failed(StatsOf(), FailureReason::kInvalid) == i; }));
  }
  Send({Firing("Down")});
  BOOST_REQUIRE(AwaitSent(1));
  BOOST_TEST(StatsOf().retried == 0U);
  BOOST_TEST(network.Bodies("http://a").size() == 4U);
  BOOST_TEST(AwaitThat([&] { return log.Count("takes alerts again") == 1; }));
  BOOST_TEST(log.Count("alertmanager refuses alerts") == 1);
}

BOOST_AUTO_TEST_CASE(AFullQueueDropsItsOldestAndSaysSoOnce) {
  network.Hold();
  sender.Configure(To({"http://a"}), {});
  Send({Firing("first")});
  BOOST_REQUIRE(network.AwaitBodies("http://a", 1));
  std::vector<Alert> alerts;
  for (std::size_t i = 0; i < AlertmanagerTarget::kQueueCapacity + 2; ++i) {
    alerts.push_back(Firing(fmt::format("alert{}", i)));
  }
  Send(alerts);
  Send({Firing("last")});
  const DeliveryStats stats = StatsOf();
  BOOST_TEST(stats.dropped_full == 3U);
  BOOST_TEST(stats.queue_length == AlertmanagerTarget::kQueueCapacity);
  BOOST_TEST(stats.queue_capacity == AlertmanagerTarget::kQueueCapacity);
  BOOST_TEST(log.Count("dropping the oldest") == 1);
}

BOOST_AUTO_TEST_CASE(AReloadKeepsWhatWaitsAndTriesItAtOnce) {
  network.Script("http://a", {HttpAnswer{503, {{"Retry-After", "600"}}, {}}});
  sender.Configure(To({"http://a", "http://gone"}), {});
  Send({Firing("Down")});
  clock.AwaitWaiters(1);
  sender.Configure(To({"http://new", "http://a"}), {});
  BOOST_TEST(AwaitSent(1, 1));  // Without a move of the clock.
  BOOST_TEST(network.Bodies("http://new").empty());
  BOOST_REQUIRE(sender.stats().size() == 2U);
  BOOST_TEST(Failed(StatsOf(1), FailureReason::kServer) == 1U);
  Send({Firing("Other")});
  BOOST_TEST(AwaitSent(1, 0));
  BOOST_TEST(AwaitSent(2, 1));
  BOOST_TEST(network.Bodies("http://gone").size() <= 1U);
}

BOOST_AUTO_TEST_CASE(AStopSendsWhatWaits) {
  network.Hold();
  sender.Configure(To({"http://a", "http://b"}), {});
  Send({Firing("first")});
  BOOST_REQUIRE(network.AwaitBodies("http://a", 1));
  BOOST_REQUIRE(network.AwaitBodies("http://b", 1));
  Send({Firing("second")});
  network.Release();
  sender.Stop(std::chrono::seconds(10));
  BOOST_TEST(network.Bodies("http://a").size() == 2U);
  BOOST_TEST(network.Bodies("http://b").size() == 2U);
  BOOST_TEST(log.text() == "");
  Send({Firing("too late")});
  BOOST_TEST(sender.stats().empty());
}

BOOST_AUTO_TEST_CASE(AStopWaitsNoLongerThanItsPatience) {
  network.Hold();
  sender.Configure(To({"http://a"}), {});
  Send({Firing("first")});
  BOOST_REQUIRE(network.AwaitBodies("http://a", 1));
  Send({Firing("second")});
  std::jthread stopping([&] { sender.Stop(std::chrono::seconds(10)); });
  clock.AwaitWaiters(1);
  clock.Advance(std::chrono::seconds(10));
  stopping.join();
  BOOST_TEST(network.Bodies("http://a").size() == 1U);
  BOOST_TEST(log.Count("alerts not sent to alertmanager") == 1);
  BOOST_TEST(log.Count("alerts=2") == 1);
}

BOOST_AUTO_TEST_CASE(AStopEndsAPause) {
  network.Script("http://a", {HttpAnswer{503, {}, {}}});
  sender.Configure(To({"http://a"}), {});
  Send({Firing("Down")});
  clock.AwaitWaiters(1);
  sender.Stop(std::chrono::seconds(10));
  BOOST_TEST(network.Bodies("http://a").size() == 2U);
}

BOOST_AUTO_TEST_CASE(SpeaksHttp) {
  const TestServer server([](const TestServer::Request&) { return TestServer::Answer(200); });
  AlertmanagerSender real(clock, log.log(), "tocsin/1");
  real.Configure(To({server.url() + "/am"}), {});
  const std::vector<Alert> alerts = {Firing("Down")};
  real.Send(alerts);
  BOOST_REQUIRE(AwaitThat([&] { return real.stats().at(0).sent == 1; }));
  const TestServer::Request request = server.requests().at(0);
  BOOST_TEST(request.line() == "POST /am/api/v2/alerts HTTP/1.1");
  BOOST_TEST(request.Header("Content-Type") == "application/json");
  BOOST_TEST(request.Header("User-Agent") == "tocsin/1");
  BOOST_TEST(request.body.starts_with(R"([{"labels":{"alertname":"Down"})"), request.body);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
