#include "notify/courier.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "notify/backoff.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::notify {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Next = Outcome::Next;
using State = HistoryRecord::State;

constexpr TimePoint kNow{seconds(1'700'000'000)};
const Destination kSlack{"team", "slack[0]"};

Outcome Failed(Next next, FailureReason reason, std::optional<Duration> retry_after = {}) {
  return {next, reason, "status 500: sorry", retry_after};
}

/// What the senders of a test do, and what they were given. Safe for concurrent use.
class Script {
 public:
  using Answer = std::function<Outcome(Delivery&, std::stop_token)>;

  /// Takes everything, unless told otherwise.
  void SetAnswer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void SetAnswer(const Outcome& outcome) {
    SetAnswer(
        [outcome](Delivery& /*delivery*/, const std::stop_token& /*stop*/) { return outcome; });
  }

  Outcome Send(Delivery& delivery, const std::stop_token& stop) {
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(delivery);
      most_at_once_ = std::max(most_at_once_, ++at_once_);
      most_of_a_key_ = std::max(most_of_a_key_, ++of_key_[delivery.key]);
      answer = answer_;
    }
    Outcome outcome = answer ? answer(delivery, stop) : Outcome{};
    const std::lock_guard lock(mutex_);
    --at_once_;
    --of_key_[delivery.key];
    return outcome;
  }

  std::vector<Delivery> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return sent_.size();
  }
  int at_once() const {
    const std::lock_guard lock(mutex_);
    return at_once_;
  }
  int most_at_once() const {
    const std::lock_guard lock(mutex_);
    return most_at_once_;
  }
  int most_of_a_key() const {
    const std::lock_guard lock(mutex_);
    return most_of_a_key_;
  }

 private:
  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<Delivery> sent_;
  std::map<std::string, int> of_key_;
  int at_once_ = 0;
  int most_at_once_ = 0;
  int most_of_a_key_ = 0;
};

/// Waits until a test opens it, or for the end.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, std::move(stop), [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
};

class FakeSender final : public Sender {
 public:
  explicit FakeSender(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    return script_->Send(delivery, stop);
  }

 private:
  std::shared_ptr<Script> script_;
};

class FakeIntegration final : public Integration {
 public:
  explicit FakeIntegration(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  std::vector<Delivery> Split(const Notification& notification) const override {
    return {{notification.group_key, notification, {}}};
  }
  std::unique_ptr<Sender> MakeSender(SenderParts /*parts*/) const override {
    return std::make_unique<FakeSender>(script_);
  }

 private:
  std::shared_ptr<Script> script_;
};

/// `alerts`: "a" fires, "-a" is resolved.
PendingDelivery Pending(std::int64_t id, const std::string& key,
                        const std::vector<std::string>& alerts = {"a"}) {
  PendingDelivery pending;
  pending.id = id;
  pending.created_at = kNow;
  pending.delivery.key = key;
  Notification& told = pending.delivery.notification;
  told.event_id = "event " + std::to_string(id);
  told.group_key = key;
  told.decided_at = kNow;
  for (const std::string& alert : alerts) {
    NotifiedAlert one;
    one.resolved = alert.starts_with('-');
    one.labels = Labels{{"alertname", one.resolved ? alert.substr(1) : alert}};
    one.fingerprint = one.labels.hash();
    told.alerts.push_back(one);
  }
  return pending;
}

struct Fixture {
  TemporaryFolder folder;
  FakeClock clock{kNow};
  RecordedLog log;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  std::shared_ptr<FakeIntegration> integration = std::make_shared<FakeIntegration>(script);
  std::unique_ptr<NotifyStore> store = OpenStore(folder.path() / "notify.db");
  std::unique_ptr<Courier> courier = MakeCourier(*store);

  std::unique_ptr<NotifyStore> OpenStore(const fs::path& path) {
    auto opened = NotifyStore::Open(path, {.patience = std::chrono::minutes(10)}, clock, log.log());
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    return std::move(*opened);
  }
  SenderParts Parts() const {
    SenderParts parts;
    parts.clock = &clock;
    parts.log = &log.log();
    return parts;
  }
  std::unique_ptr<Courier> MakeCourier(NotifyStore& its_store) {
    return std::make_unique<Courier>(kSlack, integration, Parts(), its_store);
  }

  /// As the notifier does it.
  void Push(std::vector<PendingDelivery> waiting) {
    NotifyStore::Decided decided;
    decided.superseded = courier->WouldSupersede(waiting);
    for (const PendingDelivery& pending : waiting) decided.outbox.emplace_back(kSlack, &pending);
    store->Commit(decided);
    courier->Push(std::move(waiting));
  }
  bool AwaitSent(std::size_t count) const {
    return AwaitThat([&] { return script->count() >= count; });
  }
  bool AwaitIdle() const {
    return AwaitThat([&] { return courier->IsIdle(); });
  }

  /// Newest first.
  std::vector<State> History() const {
    std::vector<State> states;
    const auto records = store->History({});
    BOOST_REQUIRE(records);
    for (const HistoryRecord& record : *records) states.push_back(record.state);
    return states;
  }
  void Flush() const { store->Flush(clock.SteadyNow() + std::chrono::minutes(10)); }
  /// What would be there after a kill -9 now.
  NotifyStore::Kept AfterKill() {
    Flush();
    return AfterKillBeforeTheMark();
  }
  NotifyStore::Kept AfterKillBeforeTheMark() {
    const TemporaryFolder copy;
    for (const char* const name : {"notify.db", "notify.db-wal"}) {
      fs::copy_file(folder.path() / name, copy.path() / name);
    }
    return OpenStore(copy.path() / "notify.db")->TakeKept();
  }
};

std::vector<std::string> Alerts(const Delivery& delivery) {
  std::vector<std::string> alerts;
  for (const NotifiedAlert& alert : delivery.notification.alerts) {
    alerts.push_back((alert.resolved ? "-" : "") + std::string(alert.labels.Get("alertname")));
  }
  return alerts;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(courier_test, Fixture)

BOOST_AUTO_TEST_CASE(WhatIsAcceptedIsDoneWith) {
  clock.Advance(seconds(2));
  Outcome accepted;
  accepted.message = "status 202";
  script->SetAnswer(accepted);
  Push({Pending(1, "x"), Pending(2, "y")});
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(AwaitIdle());
  const std::vector<Delivery> sent = script->sent();
  BOOST_TEST(sent[0].notification.event_id == "event 1");
  BOOST_TEST(sent[1].notification.event_id == "event 2");
  const DeliveryStats stats = courier->stats();
  BOOST_TEST(stats.receiver == "team");
  BOOST_TEST(stats.target == "slack[0]");
  BOOST_TEST(stats.sent == 2U);
  BOOST_TEST(stats.queue_length == 0U);
  BOOST_TEST(!stats.oldest.has_value());
  BOOST_TEST(stats.delay.sum_seconds == 4.0);
  BOOST_TEST(AfterKill().outbox.empty());
  BOOST_TEST((History() == std::vector<State>{State::kDelivered, State::kDelivered}));
  BOOST_TEST(store->History({.limit = 1})->front().answer == "status 202");
  BOOST_TEST(log.text().empty());
}

BOOST_AUTO_TEST_CASE(WhoDidNotGetItIsSaid) {
  Outcome accepted;
  accepted.in_part = true;
  accepted.message = "not to b@example.org";
  script->SetAnswer(accepted);
  Push({Pending(1, "x")});
  BOOST_TEST(AwaitSent(1));
  BOOST_TEST(AwaitIdle());
  BOOST_TEST((History() == std::vector<State>{State::kDelivered}));
  BOOST_TEST(store->History({.limit = 1})->front().answer == "not to b@example.org");
  BOOST_TEST(log.text().find("not to b@example.org") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(EachKeyIsSentAloneAndManyKeysAtOnce) {
  Gate gate;
  script->SetAnswer([&](Delivery& /*delivery*/, const std::stop_token& stop) {
    gate.Pass(stop);
    return Outcome{};
  });
  integration->max_in_flight = 3;
  for (int i = 0; i < 5; ++i)
    Push({Pending(2 * i + 1, std::to_string(i)), Pending(2 * i + 2, "x")});
  BOOST_TEST(AwaitThat([&] { return script->at_once() == 3; }));
  BOOST_TEST(!courier->IsIdle());
  gate.Open();
  BOOST_TEST(AwaitIdle());
  BOOST_TEST(script->most_at_once() == 3);
  BOOST_TEST(script->most_of_a_key() == 1);
  BOOST_TEST(AfterKill().outbox.empty());
  std::vector<std::string> of_x;
  for (const Delivery& delivery : script->sent()) {
    if (delivery.key == "x") of_x.push_back(delivery.notification.event_id);
  }
  // The first, perhaps, which was being sent when the others came, and the newest.
  BOOST_TEST(of_x.size() <= 2U);
  BOOST_TEST(of_x.back() == "event 10");
}

BOOST_AUTO_TEST_CASE(ANewerOneThatComesWhileAnOlderOneIsSentFollowsIt) {
  Gate gate;
  script->SetAnswer([&](Delivery& /*delivery*/, const std::stop_token& stop) {
    gate.Pass(stop);
    return Outcome{};
  });
  Push({Pending(1, "x", {"-a"})});
  BOOST_TEST(AwaitSent(1));
  Push({Pending(2, "x", {"b", "-c"})});
  Push({Pending(3, "x", {"b"})});  // Takes the place of 2, and tells the end of c.
  BOOST_TEST(courier->stats().superseded == 1U);
  gate.Open();
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(AwaitIdle());
  BOOST_TEST(script->count() == 2U);
  BOOST_TEST(script->sent()[1].notification.event_id == "event 3");
  BOOST_TEST(Alerts(script->sent()[1]) == (std::vector<std::string>{"b", "-c"}),
             boost::test_tools::per_element());
  BOOST_TEST(AfterKill().outbox.empty());
}

BOOST_AUTO_TEST_CASE(WhatFailsGoesIntoANewerOneThatHasComeMeanwhile) {
  Gate gate;
  script->SetAnswer([&](Delivery& /*delivery*/, const std::stop_token& stop) {
    gate.Pass(stop);
    return Failed(Next::kRetry, FailureReason::kServer);
  });
  Push({Pending(1, "x", {"-a"})});
  BOOST_TEST(AwaitSent(1));
  Push({Pending(2, "x", {"b"})});
  gate.Open();
  BOOST_TEST(AwaitThat([&] { return courier->stats().superseded == 1U; }));
  // The row of the newer one tells the end of a, too, whatever happens now.
  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.outbox.size() == 1U);
  BOOST_TEST(kept.outbox[0].second.id == 2);
  BOOST_TEST(Alerts(kept.outbox[0].second.delivery) == (std::vector<std::string>{"-a", "b"}),
             boost::test_tools::per_element());
  script->SetAnswer(Outcome{});
  clock.Advance(Backoff::kFirst);
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(AwaitIdle());
  BOOST_TEST(script->sent()[1].notification.event_id == "event 2");
  BOOST_TEST(
      (History() == std::vector<State>{State::kDelivered, State::kSuperseded, State::kRetried}));
  BOOST_TEST(AfterKill().outbox.empty());
}

BOOST_AUTO_TEST_CASE(ANewerOneTakesThePlaceOfOneThatWaitsToBeTriedAgain) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kServer));
  Push({Pending(1, "x", {"a", "-b"})});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 1U; }));
  Push({Pending(2, "x", {"-a"})});
  BOOST_TEST(courier->stats().superseded == 1U);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.outbox.size() == 1U);
  BOOST_TEST(Alerts(kept.outbox[0].second.delivery) == (std::vector<std::string>{"-a", "-b"}),
             boost::test_tools::per_element());
  BOOST_TEST(script->count() == 1U);  // The pause goes on.
  script->SetAnswer(Outcome{});
  clock.Advance(Backoff::kFirst);
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(AwaitIdle());
  BOOST_TEST(script->sent()[1].notification.event_id == "event 2");
}

BOOST_AUTO_TEST_CASE(AFailureOfOneKeyDoesNotStopOthers) {
  script->SetAnswer([](Delivery& delivery, const std::stop_token& /*stop*/) {
    return delivery.key == "bad" ? Failed(Next::kRetry, FailureReason::kServer) : Outcome{};
  });
  Push({Pending(1, "bad"), Pending(2, "good")});
  BOOST_TEST(AwaitSent(2));
  BOOST_TEST(AwaitIdle());
  const DeliveryStats stats = courier->stats();
  BOOST_TEST(stats.sent == 1U);
  BOOST_TEST(stats.retried == 1U);
  BOOST_TEST(stats.failed[static_cast<std::size_t>(FailureReason::kServer)] == 1U);
  BOOST_TEST(stats.queue_length == 1U);
  BOOST_TEST((stats.oldest == kNow));
  clock.Advance(Backoff::kFirst);
  BOOST_TEST(AwaitSent(3));
  BOOST_TEST(script->sent()[2].key == "bad");
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 2U; }));
  BOOST_TEST(AfterKill().outbox[0].second.attempts == 2);
}

BOOST_AUTO_TEST_CASE(WhatConcernsTheDestinationStopsAllKeys) {
  struct Row {
    Outcome outcome;
    Duration pause;
  };
  const Row rows[] = {
      {Failed(Next::kRetry, FailureReason::kUnreachable), Backoff::kFirst},
      {Failed(Next::kRetry, FailureReason::kRateLimit), Backoff::kFirst},
      {Failed(Next::kRetry, FailureReason::kRateLimit, seconds(60)), seconds(60)},
      {Failed(Next::kRetry, FailureReason::kServer, seconds(30)), seconds(30)},
      {Failed(Next::kRetry, FailureReason::kRateLimit, hours(24)), Backoff::kLongestAsked},
  };
  std::int64_t id = 0;
  for (const Row& row : rows) {
    courier = MakeCourier(*store);
    const std::size_t before = script->count();
    script->SetAnswer(row.outcome);
    const std::int64_t first = ++id;
    Push({Pending(first, "x")});
    BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 1U; }));
    script->SetAnswer(Outcome{});
    Push({Pending(++id, "y")});
    BOOST_TEST(courier->IsIdle());
    clock.Advance(row.pause / 2 - milliseconds(1));
    BOOST_TEST(courier->IsIdle());
    BOOST_TEST(script->count() == before + 1);
    clock.Advance(row.pause - row.pause / 2 + milliseconds(1));
    BOOST_TEST(AwaitSent(before + 3));
    BOOST_TEST(AwaitIdle());
    // In their order, and the same event.
    BOOST_TEST(script->sent()[before + 1].notification.event_id ==
               "event " + std::to_string(first));
  }
}

BOOST_AUTO_TEST_CASE(FailuresAtTheSameTimeAreOneFailure) {
  Gate gate;
  script->SetAnswer([&](Delivery& /*delivery*/, const std::stop_token& stop) {
    gate.Pass(stop);
    return Failed(Next::kRetry, FailureReason::kUnreachable);
  });
  integration->max_in_flight = 5;
  for (int i = 1; i <= 5; ++i) Push({Pending(i, std::to_string(i))});
  BOOST_TEST(AwaitThat([&] { return script->at_once() == 5; }));
  gate.Open();
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 5U; }));
  script->SetAnswer(Outcome{});
  clock.Advance(Backoff::kFirst);
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 5U; }));
}

BOOST_AUTO_TEST_CASE(WhatIsRefusedIsADeadLetter) {
  script->SetAnswer([](Delivery& delivery, const std::stop_token& /*stop*/) {
    return delivery.key == "bad" ? Failed(Next::kGiveUp, FailureReason::kInvalid) : Outcome{};
  });
  Push({Pending(1, "bad")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().given_up == 1U; }));
  BOOST_TEST((courier->failing_since() == kNow));
  BOOST_TEST(courier->last_error() == "status 500: sorry");
  BOOST_TEST(log.Count("notification given up") == 1);
  const auto letters = store->DeadLetters(10);
  BOOST_REQUIRE(letters);
  BOOST_REQUIRE(letters->size() == 1U);
  BOOST_TEST(letters->front().notification.event_id == "event 1");
  BOOST_TEST(letters->front().answer == "status 500: sorry");
  BOOST_TEST((History() == std::vector<State>{State::kGivenUp}));
  BOOST_TEST(AfterKill().outbox.empty());
  Push({Pending(2, "good")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 1U; }));
  BOOST_TEST(!courier->failing_since().has_value());
}

BOOST_AUTO_TEST_CASE(ManyRefusalsAreFewLines) {
  script->SetAnswer(Failed(Next::kGiveUp, FailureReason::kInvalid));
  for (int i = 1; i <= 50; ++i) Push({Pending(i, std::to_string(i))});
  BOOST_TEST(AwaitThat([&] { return courier->stats().given_up == 50U; }));
  BOOST_TEST(log.Count("notification given up") == 10);
  clock.Advance(std::chrono::minutes(1));
  Push({Pending(51, "x")});
  BOOST_TEST(AwaitThat([&] { return log.Count("not_said=40") == 1; }));
}

BOOST_AUTO_TEST_CASE(WhatOnlyResolvesIsGivenUpAfterADay) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kServer));
  Push({Pending(1, "resolved", {"-a"}), Pending(2, "firing")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 2U; }));
  clock.Advance(Courier::kResolvedPatience);
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 3U; }));
  BOOST_TEST(AwaitThat([&] { return courier->stats().given_up == 1U; }));
  BOOST_TEST(store->DeadLetters(10)->front().notification.event_id == "event 1");
}

BOOST_AUTO_TEST_CASE(AnOutageIsTwoLines) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kServer));
  Push({Pending(1, "x")});
  for (std::uint64_t tries = 1; tries < 5; ++tries) {
    BOOST_TEST(AwaitThat([&] { return courier->stats().retried == tries; }));
    clock.Advance(Backoff::kLongest);
  }
  BOOST_TEST((courier->failing_since() == kNow));
  script->SetAnswer(Outcome{});
  clock.Advance(Backoff::kLongest);
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 1U; }));
  BOOST_TEST(AwaitIdle());
  BOOST_TEST(log.Count("does not take notifications") == 1);
  BOOST_TEST(log.Count("takes notifications again") == 1);
}

BOOST_AUTO_TEST_CASE(TheRateIsKept) {
  integration->rate_limit = {.per_second = 1, .burst = 2};
  courier = MakeCourier(*store);
  for (int i = 1; i <= 4; ++i) Push({Pending(i, std::to_string(i))});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 2U; }));
  BOOST_TEST(!courier->IsIdle());
  for (std::uint64_t sent = 3; sent <= 4; ++sent) {
    clock.Advance(seconds(1));
    BOOST_TEST(AwaitThat([&] { return courier->stats().sent == sent; }));
  }
  BOOST_TEST(script->count() == 4U);
}

BOOST_AUTO_TEST_CASE(WhatASenderRemembersIsHandedToTheNext) {
  script->SetAnswer([](Delivery& delivery, const std::stop_token& /*stop*/) {
    delivery.memory += "x";
    return Outcome{};
  });
  Push({Pending(1, "a")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 1U; }));
  Push({Pending(2, "a")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 2U; }));
  BOOST_TEST(script->sent()[1].memory == "x");
  const NotifyStore::Kept kept = AfterKill();
  BOOST_TEST((kept.memories.at({kSlack, "a"}) == "xx"));
  courier = MakeCourier(*store);
  courier->Restore({}, {{"a", "xx"}});
  Push({Pending(3, "a")});
  BOOST_TEST(AwaitSent(3));
  BOOST_TEST(script->sent()[2].memory == "xx");
}

BOOST_AUTO_TEST_CASE(AKillBeforeTheMarkSendsTheSameAgain) {
  Push({Pending(1, "a"), Pending(2, "b")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 2U; }));
  // The result is written after a moment, which does not come: the clock stands still.
  NotifyStore::Kept kept = AfterKillBeforeTheMark();
  BOOST_REQUIRE(kept.outbox.size() == 2U);
  std::vector<PendingDelivery> waiting;
  for (auto& [destination, pending] : kept.outbox) waiting.push_back(std::move(pending));
  const auto other = OpenStore(folder.path() / "other.db");
  courier = MakeCourier(*other);
  courier->Restore(std::move(waiting), {});
  BOOST_TEST(AwaitSent(4));
  BOOST_TEST(AwaitIdle());
  const std::vector<Delivery> sent = script->sent();
  BOOST_TEST(sent[2].notification.event_id == sent[0].notification.event_id);
  BOOST_TEST(sent[3].notification.event_id == sent[1].notification.event_id);
}

BOOST_AUTO_TEST_CASE(RestoredDeliveriesOfOneKeyBecomeOne) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kServer));
  const std::vector<PendingDelivery> waiting = {Pending(1, "x", {"-a"}), Pending(2, "x", {"b"})};
  NotifyStore::Decided decided;
  for (const PendingDelivery& pending : waiting) decided.outbox.emplace_back(kSlack, &pending);
  store->Commit(decided);
  courier->Restore(waiting, {});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 1U; }));
  BOOST_TEST(script->count() == 1U);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.outbox.size() == 1U);
  BOOST_TEST(kept.outbox[0].second.id == 2);
  BOOST_TEST(Alerts(kept.outbox[0].second.delivery) == (std::vector<std::string>{"-a", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(StoppingEndsARequestThatHangsAndKeepsWhatItWas) {
  script->SetAnswer([](Delivery& /*delivery*/, const std::stop_token& stop) {
    Gate().Pass(stop);
    return Failed(Next::kRetry, FailureReason::kTimeout);
  });
  Push({Pending(1, "a"), Pending(2, "b")});
  BOOST_TEST(AwaitSent(1));
  courier->Stop();
  courier->Push({Pending(3, "c")});
  BOOST_TEST(script->count() == 1U);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.outbox.size() == 2U);
  BOOST_TEST(kept.outbox[0].second.attempts == 0);
  BOOST_TEST(History().empty());
  BOOST_TEST(log.text().empty());
  BOOST_TEST(courier->stats().queue_length == 3U);
}

BOOST_AUTO_TEST_CASE(DrainingTriesOnceMore) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kUnreachable));
  Push({Pending(1, "a")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 1U; }));
  BOOST_TEST(courier->IsIdle());
  courier->Drain([] {});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 2U; }));
  BOOST_TEST(AwaitIdle());
  script->SetAnswer(Outcome{});
  courier->Drain([] {});
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 1U; }));
}

BOOST_AUTO_TEST_CASE(AReloadEndsPausesAndSpeaksDifferently) {
  script->SetAnswer(Failed(Next::kRetry, FailureReason::kRateLimit, hours(1)));
  Push({Pending(1, "a")});
  BOOST_TEST(AwaitThat([&] { return courier->stats().retried == 1U; }));
  const auto other = std::make_shared<Script>();
  courier->Configure(std::make_shared<FakeIntegration>(other), Parts());
  BOOST_TEST(AwaitThat([&] { return other->count() == 1U; }));
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == 1U; }));
  BOOST_TEST(script->count() == 1U);
}

BOOST_AUTO_TEST_CASE(AHundredThousandAreDeliveredOnceEach) {
  constexpr int kMany = 100'000;
  integration->max_in_flight = 4;
  std::vector<PendingDelivery> waiting;
  for (int i = 1; i <= kMany; ++i) waiting.push_back(Pending(i, std::to_string(i)));
  Push(std::move(waiting));
  BOOST_TEST(AwaitThat([&] { return courier->stats().sent == static_cast<std::uint64_t>(kMany); }));
  Flush();
  BOOST_TEST(script->count() == static_cast<std::size_t>(kMany));
  BOOST_TEST(store->stats().writes < 100U);
  BOOST_TEST(AfterKill().outbox.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::notify
