#include "exporter/deadman.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"

namespace tocsin {
namespace {

/// Answers with a status, and remembers what was asked.
struct FakeServer {
  std::atomic<int> status = 200;
  std::atomic<int> calls = 0;
  std::string url;

  HttpClientFactory Factory() {
    return [this](const HttpSettings&) { return std::make_unique<Client>(*this); };
  }

 private:
  class Client final : public HttpClient {
   public:
    explicit Client(FakeServer& server) : server_(server) {}
    Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token) override {
      server_.url = request.method + " " + request.url;
      HttpAnswer answer;
      answer.status = server_.status;
      ++server_.calls;
      return answer;
    }

   private:
    FakeServer& server_;
  };
};

struct Fixture {
  Fixture() {
    auto config = std::make_shared<notify::NotifyConfig>();
    config->deadman.url = SecretSource::Inline(Secret("http://h/secret-path"));
    deadman.Configure(std::move(config));
  }

  /// Time passes in small steps until there were so many calls.
  bool Calls(int count) {
    return AwaitThat([&] {
      clock.Advance(kStep);
      return server.calls == count;
    });
  }
  /// The thread has looked at the rules once more, from beginning to end.
  bool Looks() {
    const int before = looks;
    return AwaitThat([&] {
      clock.Advance(kStep);
      return looks >= before + 2;
    });
  }

  static constexpr Duration kStep = std::chrono::milliseconds(200);

  FakeClock clock{TimePoint{}};
  RecordedLog log;
  FakeServer server;
  std::atomic<std::uint64_t> evaluations = 0;
  std::atomic<int> looks = 0;
  Deadman deadman{{.progress = {.groups =
                                    [this] {
                                      std::vector<GroupView> groups(1);
                                      groups[0].iterations = evaluations;
                                      return groups;
                                    },
                                .evaluations =
                                    [this] {
                                      ++looks;
                                      return evaluations.load();
                                    }},
                   .clock = clock,
                   .log = log.log(),
                   .user_agent = "tocsin/test",
                   .make_client = server.Factory()}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadman_test, Fixture)

BOOST_AUTO_TEST_CASE(NobodyIsCalledWhileNoRuleIsEvaluated) {
  BOOST_TEST(Looks());
  BOOST_TEST(server.calls == 0);
  ++evaluations;
  BOOST_TEST(Calls(1));
  BOOST_TEST(server.url == "GET http://h/secret-path");
  clock.Advance(std::chrono::hours(1));
  BOOST_TEST(Looks());
  BOOST_TEST(server.calls == 1);
  ++evaluations;
  BOOST_TEST(Calls(2));
}

BOOST_AUTO_TEST_CASE(CallsKeepTheirDistance) {
  ++evaluations;
  BOOST_TEST(Calls(1));
  const SteadyPoint called = clock.SteadyNow();
  ++evaluations;
  BOOST_TEST(Calls(2));
  // The thread may have begun its pause a step late.
  BOOST_TEST((clock.SteadyNow() - called >= std::chrono::minutes(1) - 5 * kStep));
}

BOOST_AUTO_TEST_CASE(FailuresAreCountedAndLoggedOnce) {
  const auto call = [&](int status, int count) {
    server.status = status;
    ++evaluations;
    BOOST_TEST(Calls(count));
    const auto all = [&] { return deadman.stats().calls + deadman.stats().failures; };
    BOOST_TEST(AwaitThat([&] { return all() == static_cast<std::uint64_t>(count); }));
  };
  call(500, 1);
  call(500, 2);
  call(200, 3);
  call(200, 4);
  deadman.Stop();
  BOOST_TEST(deadman.stats().calls == 2U);
  BOOST_TEST(deadman.stats().failures == 2U);
  BOOST_TEST(log.Count("cannot be told") == 1);
  BOOST_TEST(log.Count("is told again") == 1);
  BOOST_TEST(log.Count("secret-path") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
