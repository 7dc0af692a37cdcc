#include "collectors/discovery/dns_targets.h"

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/discovery/discovery_options_from.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"

namespace tocsin::collectors {
namespace {

using Records = Result<std::vector<DnsRecord>>;

/// A name server whose answers a test sets. Outlives the look-ups that it is asked for.
class FakeDns {
 public:
  DnsLookup lookup() {
    return [shared = shared_](const std::string& name, DnsType) {
      std::shared_future<void> gate;
      {
        const std::lock_guard lock(shared->mutex);
        ++shared->asked;
        gate = shared->gate;
      }
      if (gate.valid()) gate.wait();
      const std::lock_guard lock(shared->mutex);
      return name == "other" ? Records(std::vector{DnsRecord{"other", 1}}) : shared->answer;
    };
  }

  void Say(Records answer) {
    const std::lock_guard lock(shared_->mutex);
    shared_->answer = std::move(answer);
  }
  /// Look-ups from now on hang until the gate's promise is kept.
  void Hang(std::shared_future<void> gate) {
    const std::lock_guard lock(shared_->mutex);
    shared_->gate = std::move(gate);
  }
  int asked() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->asked;
  }

 private:
  struct Shared {
    std::mutex mutex;
    Records answer = std::vector<DnsRecord>();
    std::shared_future<void> gate;
    int asked = 0;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

struct Fixture {
  void Watch(std::vector<std::string> names, DnsType type, int port = 0) {
    targets.emplace(DnsTargetsOptions{.names = std::move(names), .type = type, .port = port},
                    dns.lookup(), clock);
  }

  Status Refresh(const Attempt& attempt = LongAttempt()) {
    targets->Begin(attempt);
    return targets->Refresh(attempt);
  }

  std::string Targets() const {
    std::vector<Labels> found;
    targets->AppendTargets(found);
    return TextOf(found);
  }

  FakeClock clock;
  FakeDns dns;
  std::optional<DnsTargets> targets;
};

struct TypeCase {
  DnsType type;
  int port;
  DnsRecord record;
  std::string target;
};

const std::vector<TypeCase> kTypes = {
    {DnsType::kA, 9100, {"10.0.0.1"}, "{__address__=\"10.0.0.1:9100\", __meta_dns_name=\"n\"}\n"},
    {DnsType::kAaaa,
     9100,
     {"fd00::1"},
     "{__address__=\"[fd00::1]:9100\", __meta_dns_name=\"n\"}\n"},
    {DnsType::kSrv,
     0,
     {"db-0.db.local", 5432},
     "{__address__=\"db-0.db.local:5432\", __meta_dns_name=\"n\", "
     "__meta_dns_srv_record_port=\"5432\", __meta_dns_srv_record_target=\"db-0.db.local.\"}\n"},
    {DnsType::kMx,
     25,
     {"mail.local"},
     "{__address__=\"mail.local:25\", __meta_dns_mx_record_target=\"mail.local.\", "
     "__meta_dns_name=\"n\"}\n"},
    {DnsType::kNs,
     53,
     {"ns.local"},
     "{__address__=\"ns.local:53\", __meta_dns_name=\"n\", "
     "__meta_dns_ns_record_target=\"ns.local.\"}\n"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_targets_test)

BOOST_AUTO_TEST_CASE(EachTypeHasItsMetaLabels) {
  for (const TypeCase& each : kTypes) {
    Fixture fixture;
    fixture.dns.Say(std::vector{each.record});
    fixture.Watch({"n"}, each.type, each.port);
    BOOST_TEST(static_cast<bool>(fixture.Refresh()));
    BOOST_TEST(fixture.Targets() == each.target);
  }
}

BOOST_FIXTURE_TEST_CASE(NamesAreLookedUpEveryRefreshInterval, Fixture) {
  dns.Say(std::vector{DnsRecord{"10.0.0.1"}});
  Watch({"n"}, DnsType::kA, 1);
  BOOST_TEST(static_cast<bool>(Refresh()));
  const std::uint64_t changes = targets->changes();
  dns.Say(std::vector{DnsRecord{"10.0.0.2"}});
  clock.Advance(std::chrono::seconds(29));
  BOOST_TEST(static_cast<bool>(Refresh()));
  BOOST_TEST(dns.asked() == 1);
  BOOST_TEST(targets->changes() == changes);
  clock.Advance(std::chrono::seconds(1));
  BOOST_TEST(static_cast<bool>(Refresh()));
  BOOST_TEST(dns.asked() == 2);
  BOOST_TEST(targets->changes() != changes);
  BOOST_TEST(Targets() == "{__address__=\"10.0.0.2:1\", __meta_dns_name=\"n\"}\n");
}

BOOST_FIXTURE_TEST_CASE(ANameWithoutRecordsHasNoTargets, Fixture) {
  dns.Say(std::vector{DnsRecord{"10.0.0.1"}});
  Watch({"n"}, DnsType::kA, 1);
  BOOST_TEST(static_cast<bool>(Refresh()));
  dns.Say(std::vector<DnsRecord>());
  clock.Advance(std::chrono::seconds(30));
  BOOST_TEST(static_cast<bool>(Refresh()));
  BOOST_TEST(Targets() == "");
}

BOOST_FIXTURE_TEST_CASE(ANameThatCannotBeLookedUpKeepsItsTargets, Fixture) {
  dns.Say(std::vector{DnsRecord{"a", 1}});
  Watch({"n", "other"}, DnsType::kSrv);
  BOOST_TEST(static_cast<bool>(Refresh()));
  const std::string before = Targets();
  dns.Say(Error{ErrorCode::kUnavailable, "no name server has an answer"});
  clock.Advance(std::chrono::seconds(30));
  const Status outcome = Refresh();
  BOOST_TEST_REQUIRE(!outcome);
  BOOST_TEST(outcome.error().message == "looking up \"n\": no name server has an answer");
  BOOST_TEST(Targets() == before);
  BOOST_TEST(!Refresh(), "it stays failed until it is asked again");
}

BOOST_FIXTURE_TEST_CASE(ADeadNameServerIsNotWaitedForToTheEnd, Fixture) {
  dns.Say(std::vector{DnsRecord{"10.0.0.1"}});
  Watch({"n"}, DnsType::kA, 1);
  BOOST_TEST(static_cast<bool>(Refresh()));
  std::promise<void> answered;
  dns.Hang(answered.get_future().share());
  dns.Say(std::vector{DnsRecord{"10.0.0.2"}});
  clock.Advance(std::chrono::seconds(30));

  const auto before = std::chrono::steady_clock::now();
  const Status outcome = Refresh(AttemptFor(std::chrono::milliseconds(400)));
  BOOST_TEST_REQUIRE(!outcome);
  BOOST_TEST((outcome.error().code == ErrorCode::kTimeout));
  BOOST_TEST(outcome.error().message == "looking up \"n\": no answer in time");
  BOOST_TEST((std::chrono::steady_clock::now() - before < std::chrono::seconds(10)));
  BOOST_TEST(Targets() == "{__address__=\"10.0.0.1:1\", __meta_dns_name=\"n\"}\n");

  // One look-up for each name at most, however long it takes; its answer counts when it comes.
  clock.Advance(std::chrono::minutes(5));
  BOOST_TEST(!Refresh(AttemptFor(std::chrono::milliseconds(4))));
  BOOST_TEST(AwaitThat([&] { return dns.asked() == 2; }));
  answered.set_value();
  BOOST_TEST(static_cast<bool>(Refresh()));
  BOOST_TEST(dns.asked() == 2);
  BOOST_TEST(Targets() == "{__address__=\"10.0.0.2:1\", __meta_dns_name=\"n\"}\n");
}

BOOST_FIXTURE_TEST_CASE(AStopEndsTheWait, Fixture) {
  std::promise<void> answered;
  dns.Hang(answered.get_future().share());
  Watch({"n"}, DnsType::kA, 1);
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(!Refresh(AttemptFor(std::chrono::hours(1), stop.get_token())));
  answered.set_value();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
