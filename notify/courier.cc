#include "notify/courier.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/duration.h"
#include "base/mutex.h"
#include "notify/failure_log.h"
#include "notify/pauses.h"

namespace tocsin::notify {
namespace {

/// How a destination is spoken to. Immutable.
struct Manner {
  std::shared_ptr<const Integration> integration;
  SenderParts parts;
};

/// What one thread is sending.
struct Attempt {
  PendingDelivery pending;
  std::shared_ptr<const Manner> manner;
  std::uint64_t epoch = 0;  ///< Of the pauses, when it began.
  SteadyPoint begin;
};

std::vector<std::uint64_t> Fingerprints(const Notification& notification) {
  std::vector<std::uint64_t> fingerprints;
  fingerprints.reserve(notification.alerts.size());
  for (const NotifiedAlert& alert : notification.alerts) fingerprints.push_back(alert.fingerprint);
  std::sort(fingerprints.begin(), fingerprints.end());
  return fingerprints;
}

}  // namespace

class Courier::Impl {
 public:
  Impl(Destination destination, Manner manner, NotifyStore& store);
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Configure(Manner manner);
  void Restore(std::vector<PendingDelivery> waiting,
               std::unordered_map<std::string, std::string> memories);
  std::vector<std::int64_t> WouldSupersede(std::vector<PendingDelivery>& waiting) const;
  void Push(std::vector<PendingDelivery> waiting);
  void Drain(std::function<void()> idle);
  bool IsIdle() const;
  void Stop();
  DeliveryStats stats() const;
  std::optional<TimePoint> failing_since() const;
  std::string last_error() const;

 private:
  void Add(std::vector<PendingDelivery> waiting) TOCSIN_REQUIRES(mutex_);
  void StartThreads() TOCSIN_REQUIRES(mutex_);
  void EndPauses() TOCSIN_REQUIRES(mutex_);
  void Wake() TOCSIN_REQUIRES(mutex_);
  bool IsIdleNow() const TOCSIN_REQUIRES(mutex_);
  void TellIfIdle() TOCSIN_REQUIRES(mutex_);

  void Run(std::size_t number, const std::stop_token& stop);
  std::optional<Attempt> AwaitWork(std::size_t number, const std::stop_token& stop);
  std::optional<Attempt> Take(SteadyPoint now) TOCSIN_REQUIRES(mutex_);
  SteadyPoint NextLook(SteadyPoint now) const TOCSIN_REQUIRES(mutex_);

  void LogAttempt(const Attempt& attempt, const Outcome& outcome) const;
  void Settle(Attempt attempt, Outcome outcome, bool is_stopping);
  void Deliver(const Attempt& attempt, const Outcome& outcome) TOCSIN_REQUIRES(mutex_);
  void TryAgain(Attempt attempt, const Outcome& outcome) TOCSIN_REQUIRES(mutex_);
  void GiveUp(Attempt attempt, const Outcome& outcome) TOCSIN_REQUIRES(mutex_);
  void RememberKey(const Delivery& delivery) TOCSIN_REQUIRES(mutex_);
  void SettleSuperseded(const PendingDelivery& older, const PendingDelivery* newer)
      TOCSIN_REQUIRES(mutex_);
  NotifyStore::Settled Settled(const PendingDelivery& pending, HistoryRecord::State state,
                               std::string answer) TOCSIN_REQUIRES(mutex_);

  const Destination destination_;
  NotifyStore& store_;
  const Clock& clock_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const Manner> manner_ TOCSIN_GUARDED_BY(mutex_);
  Outbox outbox_ TOCSIN_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::string> memories_ TOCSIN_GUARDED_BY(mutex_);
  TokenBucket bucket_ TOCSIN_GUARDED_BY(mutex_);
  SteadyPoint next_token_ TOCSIN_GUARDED_BY(mutex_) = SteadyPoint::min();

  Pauses pauses_ TOCSIN_GUARDED_BY(mutex_);
  FailureLog failures_ TOCSIN_GUARDED_BY(mutex_);
  DeliveryStats stats_ TOCSIN_GUARDED_BY(mutex_);
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  std::function<void()> idle_ TOCSIN_GUARDED_BY(mutex_);
  /// Of the one thread that waits on the clock for all; the others wait for `changed_`.
  std::optional<std::stop_source> wait_ TOCSIN_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_ TOCSIN_GUARDED_BY(mutex_);
};

Courier::Impl::Impl(Destination destination, Manner manner, NotifyStore& store)
    : destination_(std::move(destination)),
      store_(store),
      clock_(*manner.parts.clock),
      manner_(std::make_shared<const Manner>(std::move(manner))),
      bucket_(manner_->integration->rate_limit),
      failures_(destination_, clock_, *manner_->parts.log) {
  stats_.receiver = destination_.receiver;
  stats_.target = destination_.entry;
}

void Courier::Impl::Configure(Manner manner) {
  const MutexLock lock(mutex_);
  const RateLimit before = manner_->integration->rate_limit;
  const RateLimit now = manner.integration->rate_limit;
  if (before.per_second != now.per_second || before.burst != now.burst) {
    bucket_ = TokenBucket(now);
    next_token_ = SteadyPoint::min();
  }
  manner_ = std::make_shared<const Manner>(std::move(manner));
  pauses_.Reset();
  EndPauses();
}

void Courier::Impl::Restore(std::vector<PendingDelivery> waiting,
                            std::unordered_map<std::string, std::string> memories) {
  const MutexLock lock(mutex_);
  memories_ = std::move(memories);
  Add(std::move(waiting));
}

std::vector<std::int64_t> Courier::Impl::WouldSupersede(
    std::vector<PendingDelivery>& waiting) const {
  const MutexLock lock(mutex_);
  std::vector<std::int64_t> superseded;
  for (PendingDelivery& newer : waiting) {
    const PendingDelivery* const older = outbox_.FindWaiting(newer.delivery.key);
    if (older == nullptr) continue;
    superseded.push_back(older->id);
    Notification& told = newer.delivery.notification;
    told = Coalesce(older->delivery.notification, std::move(told));
    newer.created_at = std::min(newer.created_at, older->created_at);
  }
  return superseded;
}

void Courier::Impl::Push(std::vector<PendingDelivery> waiting) {
  const MutexLock lock(mutex_);
  Add(std::move(waiting));
}

void Courier::Impl::Add(std::vector<PendingDelivery> waiting) {
  for (PendingDelivery& pending : waiting) {
    const std::string key = pending.delivery.key;
    const std::size_t alerts = pending.delivery.notification.alerts.size();
    const std::optional<PendingDelivery> superseded = outbox_.Push(std::move(pending));
    if (!superseded) continue;
    // Mostly it is in the store already as it is now: see WouldSupersede().
    const PendingDelivery* const newer = outbox_.FindWaiting(key);
    const bool has_grown = newer->delivery.notification.alerts.size() != alerts;
    SettleSuperseded(*superseded, has_grown ? newer : nullptr);
  }
  StartThreads();
  Wake();
}

void Courier::Impl::StartThreads() {
  const std::size_t most = std::max<std::size_t>(manner_->integration->max_in_flight, 1);
  while (!stopping_ && threads_.size() < std::min(most, outbox_.size())) {
    threads_.emplace_back([this, number = threads_.size()](const std::stop_token& stop) {
      pthread_setname_np(pthread_self(), "courier");
      Run(number, stop);
    });
  }
}

void Courier::Impl::Drain(std::function<void()> idle) {
  const MutexLock lock(mutex_);
  idle_ = std::move(idle);
  EndPauses();
  TellIfIdle();
}

void Courier::Impl::TellIfIdle() {
  if (idle_ != nullptr && IsIdleNow()) std::exchange(idle_, nullptr)();
}

void Courier::Impl::EndPauses() {
  outbox_.EndPauses();
  pauses_.End();
  StartThreads();
  Wake();
}

bool Courier::Impl::IsIdle() const {
  const MutexLock lock(mutex_);
  return IsIdleNow();
}

bool Courier::Impl::IsIdleNow() const {
  if (outbox_.in_flight() != 0) return false;
  const SteadyPoint now = clock_.SteadyNow();
  return stopping_ || pauses_.until() > now || !outbox_.CanTake(now);
}

void Courier::Impl::Stop() {
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (std::jthread& thread : threads_) thread.request_stop();
    threads.swap(threads_);
    Wake();
  }
  threads.clear();  // Joins them.
}

void Courier::Impl::Wake() {
  if (wait_) wait_->request_stop();
  changed_.notify_all();
}

void Courier::Impl::Run(std::size_t number, const std::stop_token& stop) {
  std::shared_ptr<const Manner> manner;
  std::unique_ptr<Sender> sender;
  while (std::optional<Attempt> attempt = AwaitWork(number, stop)) {
    if (manner != attempt->manner) {
      manner = attempt->manner;
      sender = manner->integration->MakeSender(manner->parts);
    }
    Outcome outcome = sender->Send(attempt->pending.delivery, stop);
    LogAttempt(*attempt, outcome);
    Settle(std::move(*attempt), std::move(outcome), stop.stop_requested());
  }
}

/// One line for each attempt, for whoever debugs; what an outcome says holds no secrets.
void Courier::Impl::LogAttempt(const Attempt& attempt, const Outcome& outcome) const {
  const bool is_delivered = outcome.next == Outcome::Next::kDelivered;
  attempt.manner->parts.log->Debug(
      is_delivered ? "notification delivered" : "notification not delivered",
      {{"receiver", destination_.receiver},
       {"entry", destination_.entry},
       {"group", attempt.pending.delivery.notification.group_key},
       {"attempt", std::to_string(attempt.pending.attempts)},
       {"duration",
        FormatDuration(std::chrono::floor<Duration>(clock_.SteadyNow() - attempt.begin))},
       {"error", is_delivered ? std::string() : outcome.message}});
}

/// Nothing: the courier is to end.
std::optional<Attempt> Courier::Impl::AwaitWork(std::size_t number, const std::stop_token& stop) {
  for (;;) {
    std::stop_token wait;
    SteadyPoint until;
    {
      const MutexLock lock(mutex_);
      const SteadyPoint now = clock_.SteadyNow();
      if (stopping_ || stop.stop_requested()) return std::nullopt;
      // A reload may have left less work for threads than there are.
      const bool is_surplus =
          number >= std::max<std::size_t>(manner_->integration->max_in_flight, 1);
      if (!is_surplus) {
        if (std::optional<Attempt> attempt = Take(now)) return attempt;
        until = NextLook(now);
      }
      if (is_surplus || wait_ || until == SteadyPoint::max()) {
        changed_.wait(mutex_);
        continue;
      }
      wait_.emplace();
      wait = wait_->get_token();
    }
    clock_.WaitUntil(until, wait);
    const MutexLock lock(mutex_);
    wait_.reset();
    changed_.notify_all();  // Another one waits on the clock, if this one gets something to do.
  }
}

std::optional<Attempt> Courier::Impl::Take(SteadyPoint now) {
  if (pauses_.until() > now || next_token_ > now || !outbox_.CanTake(now)) return std::nullopt;
  if (const std::optional<SteadyPoint> later = bucket_.Take(now)) {
    next_token_ = *later;
    return std::nullopt;
  }
  std::optional<PendingDelivery> pending = outbox_.Take(now);
  Attempt attempt{
      .pending = std::move(*pending), .manner = manner_, .epoch = pauses_.epoch(), .begin = now};
  Delivery& delivery = attempt.pending.delivery;
  if (const auto known = memories_.find(delivery.key); known != memories_.end()) {
    delivery.memory = known->second;
  }
  ++attempt.pending.attempts;
  return attempt;
}

/// When there may be something to take, which there is not now; the end of time if only a push can
/// bring it.
SteadyPoint Courier::Impl::NextLook(SteadyPoint now) const {
  SteadyPoint next = SteadyPoint::min();
  if (!outbox_.CanTake(now)) {
    const std::optional<SteadyPoint> pause_end = outbox_.NextPauseEnd();
    if (!pause_end) return SteadyPoint::max();
    next = *pause_end;
  }
  return std::max({next, pauses_.until(), next_token_});
}

void Courier::Impl::Settle(Attempt attempt, Outcome outcome, bool is_stopping) {
  using Next = Outcome::Next;
  const MutexLock lock(mutex_);
  if (is_stopping && outcome.next != Next::kDelivered) {
    // It failed because of the end, perhaps: nothing is known, and it is sent again.
    RememberKey(attempt.pending.delivery);
    --attempt.pending.attempts;
    NotifyStore::Settled settled = Settled(attempt.pending, HistoryRecord::State::kRetried, {});
    settled.done = false;
    settled.record.reset();
    store_.Settle(std::move(settled));
    static_cast<void>(outbox_.Retry(std::move(attempt.pending), SteadyPoint::min()));
    return;
  }
  stats_.latency.Add(Seconds(clock_.SteadyNow() - attempt.begin));
  RememberKey(attempt.pending.delivery);
  const Notification& told = attempt.pending.delivery.notification;
  if (outcome.next == Next::kRetry && !told.is_firing() &&
      clock_.Now() - told.decided_at >= kResolvedPatience) {
    outcome.next = Next::kGiveUp;
    outcome.message = "given up after a day: " + outcome.message;
  }
  switch (outcome.next) {
    case Next::kDelivered: Deliver(attempt, outcome); break;
    case Next::kRetry: TryAgain(std::move(attempt), outcome); break;
    case Next::kGiveUp: GiveUp(std::move(attempt), outcome); break;
  }
  Wake();
  TellIfIdle();
}

void Courier::Impl::Deliver(const Attempt& attempt, const Outcome& outcome) {
  const PendingDelivery& pending = attempt.pending;
  ++stats_.sent;
  // Never less than nothing, whoever sets the wall clock: sums of histograms never fall.
  const Duration delay = clock_.Now() - pending.created_at;
  stats_.delay.Add(Seconds(std::max(delay, Duration(0))));
  failures_.Delivered(outcome);
  pauses_.Succeeded(pending.delivery.key);
  outbox_.Finish(pending);
  store_.Settle(Settled(pending, HistoryRecord::State::kDelivered, outcome.message));
}

void Courier::Impl::TryAgain(Attempt attempt, const Outcome& outcome) {
  ++stats_.failed[static_cast<std::size_t>(outcome.reason)];
  ++stats_.retried;
  failures_.Retried(outcome);
  const std::string key = attempt.pending.delivery.key;
  const SteadyPoint when = pauses_.Failed(key, outcome, attempt.epoch, clock_.SteadyNow());
  NotifyStore::Settled settled =
      Settled(attempt.pending, HistoryRecord::State::kRetried, outcome.message);
  settled.done = false;
  store_.Settle(std::move(settled));
  std::optional<PendingDelivery> superseded;
  if (outbox_.FindWaiting(key) != nullptr) superseded = attempt.pending;
  const PendingDelivery* const newer = outbox_.Retry(std::move(attempt.pending), when);
  if (superseded) SettleSuperseded(*superseded, newer);
}

void Courier::Impl::GiveUp(Attempt attempt, const Outcome& outcome) {
  const PendingDelivery& pending = attempt.pending;
  ++stats_.failed[static_cast<std::size_t>(outcome.reason)];
  ++stats_.given_up;
  failures_.GivenUp(pending.delivery.notification, outcome);
  pauses_.Forget(pending.delivery.key);
  outbox_.Finish(pending);
  if (attempt.manner->parts.given_up != nullptr) {
    attempt.manner->parts.given_up(destination_.receiver, destination_.entry,
                                   pending.delivery.notification.group_key);
  }
  NotifyStore::Settled settled = Settled(pending, HistoryRecord::State::kGivenUp, outcome.message);
  settled.dead_letter = std::move(attempt.pending.delivery.notification);
  store_.Settle(std::move(settled));
}

void Courier::Impl::RememberKey(const Delivery& delivery) {
  if (delivery.memory.empty()) {
    memories_.erase(delivery.key);
  } else {
    memories_[delivery.key] = delivery.memory;
  }
}

/// `newer` is null unless its row has to change. Within the lock, so that what becomes of it is
/// told after this.
void Courier::Impl::SettleSuperseded(const PendingDelivery& older, const PendingDelivery* newer) {
  ++stats_.superseded;
  NotifyStore::Settled settled = Settled(older, HistoryRecord::State::kSuperseded, {});
  settled.successor = newer;
  store_.Settle(std::move(settled));
}

NotifyStore::Settled Courier::Impl::Settled(const PendingDelivery& pending,
                                            HistoryRecord::State state, std::string answer) {
  const Notification& told = pending.delivery.notification;
  NotifyStore::Settled settled{.id = pending.id,
                               .attempts = pending.attempts,
                               .destination = destination_,
                               .key = pending.delivery.key};
  if (const auto known = memories_.find(settled.key); known != memories_.end()) {
    settled.memory = known->second;
  }
  HistoryRecord record;
  record.at = clock_.Now();
  record.destination = destination_;
  record.event_id = told.event_id;
  record.group_key = told.group_key;
  record.key = pending.delivery.key;
  record.reason = told.reason;
  record.firing = told.is_firing();
  record.state = state;
  record.answer = std::move(answer);
  record.attempt = pending.attempts;
  record.alerts = Fingerprints(told);
  settled.record = std::move(record);
  return settled;
}

DeliveryStats Courier::Impl::stats() const {
  const MutexLock lock(mutex_);
  DeliveryStats stats = stats_;
  stats.queue_length = outbox_.size();
  stats.oldest = outbox_.oldest();
  return stats;
}

std::optional<TimePoint> Courier::Impl::failing_since() const {
  const MutexLock lock(mutex_);
  return failures_.failing_since();
}

std::string Courier::Impl::last_error() const {
  const MutexLock lock(mutex_);
  return failures_.last_error();
}

Courier::Courier(Destination destination, std::shared_ptr<const Integration> integration,
                 SenderParts parts, NotifyStore& store)
    : destination_(destination),
      impl_(std::make_unique<Impl>(std::move(destination),
                                   Manner{std::move(integration), std::move(parts)}, store)) {}

Courier::~Courier() = default;

void Courier::Configure(std::shared_ptr<const Integration> integration, SenderParts parts) {
  impl_->Configure({std::move(integration), std::move(parts)});
}

void Courier::Restore(std::vector<PendingDelivery> waiting,
                      std::unordered_map<std::string, std::string> memories) {
  impl_->Restore(std::move(waiting), std::move(memories));
}

std::vector<std::int64_t> Courier::WouldSupersede(std::vector<PendingDelivery>& waiting) const {
  return impl_->WouldSupersede(waiting);
}

void Courier::Push(std::vector<PendingDelivery> waiting) {
  impl_->Push(std::move(waiting));
}

void Courier::Drain(std::function<void()> idle) {
  impl_->Drain(std::move(idle));
}

bool Courier::IsIdle() const {
  return impl_->IsIdle();
}

void Courier::Stop() {
  impl_->Stop();
}

DeliveryStats Courier::stats() const {
  return impl_->stats();
}

std::optional<TimePoint> Courier::failing_since() const {
  return impl_->failing_since();
}

std::string Courier::last_error() const {
  return impl_->last_error();
}

}  // namespace tocsin::notify
