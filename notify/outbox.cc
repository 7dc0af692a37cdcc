#include "notify/outbox.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <tuple>

namespace tocsin::notify {

std::optional<PendingDelivery> Outbox::Push(PendingDelivery delivery) {
  auto& entry = *keys_.try_emplace(delivery.delivery.key).first;
  Key& key = entry.second;
  if (key.waiting) {
    ForgetAge(key.waiting->pending.created_at);
    PendingDelivery superseded = Replace(*key.waiting, std::move(delivery));
    created_.insert(key.waiting->pending.created_at);
    return superseded;
  }
  created_.insert(delivery.created_at);
  key.waiting = Waiting{.pending = std::move(delivery), .place = ++last_place_};
  if (!key.sent) Enqueue(entry);
  return std::nullopt;
}

const PendingDelivery* Outbox::FindWaiting(const std::string& key) const {
  const auto found = keys_.find(key);
  if (found == keys_.end() || !found->second.waiting) return nullptr;
  return &found->second.waiting->pending;
}

/// Puts `newer` into the place of the one that waits there, which is returned.
PendingDelivery Outbox::Replace(Waiting& older, PendingDelivery newer) {
  PendingDelivery superseded = std::exchange(older.pending, std::move(newer));
  Notification& told = older.pending.delivery.notification;
  told = Coalesce(superseded.delivery.notification, std::move(told));
  older.pending.created_at = std::min(older.pending.created_at, superseded.created_at);
  return superseded;
}

std::optional<PendingDelivery> Outbox::Take(SteadyPoint now) {
  while (!paused_.empty() && paused_.begin()->first.first <= now) {
    const auto over = paused_.begin();
    ready_.emplace(over->first.second, over->second);
    over->second->second.waiting->not_before = SteadyPoint::min();
    paused_.erase(over);
  }
  if (ready_.empty()) return std::nullopt;
  Key& key = ready_.begin()->second->second;
  ready_.erase(ready_.begin());
  PendingDelivery taken = std::move(key.waiting->pending);
  key.sent = Sent{key.waiting->place, taken.created_at};
  key.waiting.reset();
  ++in_flight_;
  return taken;
}

bool Outbox::CanTake(SteadyPoint now) const {
  return !ready_.empty() || (!paused_.empty() && paused_.begin()->first.first <= now);
}

void Outbox::Finish(const PendingDelivery& taken) {
  const auto entry = keys_.find(taken.delivery.key);
  assert(entry != keys_.end() && entry->second.sent);
  Key& key = entry->second;
  ForgetAge(key.sent->created_at);
  key.sent.reset();
  --in_flight_;
  if (key.waiting) {
    Enqueue(*entry);
  } else {
    keys_.erase(entry);
  }
}

const PendingDelivery* Outbox::Retry(PendingDelivery taken, SteadyPoint when) {
  const auto entry = keys_.find(taken.delivery.key);
  assert(entry != keys_.end() && entry->second.sent);
  Key& key = entry->second;
  const Sent sent = *key.sent;
  key.sent.reset();
  --in_flight_;
  ForgetAge(sent.created_at);
  Waiting again{.pending = std::move(taken), .place = sent.place, .not_before = when};
  const bool is_superseded = key.waiting.has_value();
  if (is_superseded) {
    ForgetAge(key.waiting->pending.created_at);
    static_cast<void>(Replace(again, std::move(key.waiting->pending)));
  }
  created_.insert(again.pending.created_at);
  key.waiting = std::move(again);
  Enqueue(*entry);
  return is_superseded ? &key.waiting->pending : nullptr;
}

void Outbox::Enqueue(Keys::value_type& key) {
  const Waiting& waiting = *key.second.waiting;
  if (waiting.not_before == SteadyPoint::min()) {
    ready_.emplace(waiting.place, &key);
  } else {
    paused_.emplace(std::pair(waiting.not_before, waiting.place), &key);
  }
}

void Outbox::ForgetAge(TimePoint created_at) {
  created_.erase(created_.find(created_at));
}

std::optional<SteadyPoint> Outbox::NextPauseEnd() const {
  if (paused_.empty()) return std::nullopt;
  return paused_.begin()->first.first;
}

void Outbox::EndPauses() {
  for (const auto& [when, key] : paused_) {
    key->second.waiting->not_before = SteadyPoint::min();
    ready_.emplace(when.second, key);
  }
  paused_.clear();
}

std::optional<TimePoint> Outbox::oldest() const {
  if (created_.empty()) return std::nullopt;
  return *created_.begin();
}

std::vector<PendingDelivery> Outbox::All() const {
  std::vector<PendingDelivery> all;
  for (const auto& [name, key] : keys_) {
    if (key.waiting) all.push_back(key.waiting->pending);
  }
  return all;
}

Notification Coalesce(const Notification& older, Notification newer) {
  std::unordered_map<Labels, NotifiedAlert*> told;
  told.reserve(newer.alerts.size());
  for (NotifiedAlert& alert : newer.alerts) told.emplace(alert.labels, &alert);
  std::vector<NotifiedAlert> ended;
  for (const NotifiedAlert& alert : older.alerts) {
    const auto found = told.find(alert.labels);
    if (found != told.end()) {
      const bool was_new = alert.is_new && !alert.resolved && !found->second->resolved;
      found->second->is_new = found->second->is_new || was_new;
    } else if (alert.resolved) {
      ended.push_back(alert);
    }
  }
  if (older.reason == NotifyReason::kFirst && newer.is_firing()) {
    newer.reason = NotifyReason::kFirst;
  }
  if (ended.empty()) return newer;
  newer.alerts.insert(newer.alerts.end(), std::make_move_iterator(ended.begin()),
                      std::make_move_iterator(ended.end()));
  std::sort(newer.alerts.begin(), newer.alerts.end(),
            [](const NotifiedAlert& a, const NotifiedAlert& b) {
              return std::tie(a.starts_at, a.labels) < std::tie(b.starts_at, b.labels);
            });
  return newer;
}

TokenBucket::TokenBucket(RateLimit limit) : limit_(limit), tokens_(std::max(limit.burst, 1.0)) {
  limit_.burst = tokens_;
}

std::optional<SteadyPoint> TokenBucket::Take(SteadyPoint now) {
  if (limit_.per_second <= 0) return std::nullopt;
  if (last_ && now > *last_) {
    tokens_ = std::min(limit_.burst, tokens_ + Seconds(now - *last_) * limit_.per_second);
  }
  last_ = now;
  // A thousandth less than a whole token: what was waited for is not missed for a rounding.
  constexpr double kWhole = 0.999;
  if (tokens_ >= kWhole) {
    tokens_ -= 1;
    return std::nullopt;
  }
  const std::chrono::duration<double> missing((1 - tokens_) / limit_.per_second);
  return now + std::chrono::ceil<Duration>(missing);
}

}  // namespace tocsin::notify
