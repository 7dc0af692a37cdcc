#include "notify/couriers.h"

#include <atomic>
#include <stop_token>
#include <utility>

namespace tocsin::notify {

Couriers::Couriers(NotifyStore& store, NotifyStore::Kept& kept) : store_(store) {
  const MutexLock lock(mutex_);
  for (auto& [destination, pending] : kept.outbox) {
    waiting_[destination].deliveries.push_back(std::move(pending));
  }
  for (auto& [place, memory] : kept.memories) {
    waiting_[place.first].memories.emplace(place.second, std::move(memory));
  }
}

void Couriers::Configure(const std::vector<Receiver>& receivers, const SenderParts& parts) {
  const MutexLock lock(mutex_);
  std::map<Destination, std::shared_ptr<Courier>> next;
  for (const Receiver& receiver : receivers) {
    for (const Receiver::Entry& entry : receiver.entries) {
      const Destination destination = {receiver.name, entry.Id()};
      next.emplace(destination, FindOrMake(destination, entry, parts));
    }
  }
  for (auto& [destination, courier] : couriers_) {
    if (!next.contains(destination)) leaving_.emplace(destination, std::move(courier));
  }
  couriers_ = std::move(next);
  for (const auto& [destination, waiting] : waiting_) {
    if (waiting.deliveries.empty() || !warned_.insert(destination).second) continue;
    parts.log->Warn("deliveries wait for a receiver that is not configured",
                    {{"receiver", destination.receiver},
                     {"integration", destination.entry},
                     {"deliveries", std::to_string(waiting.deliveries.size())}});
  }
}

std::shared_ptr<Courier> Couriers::FindOrMake(const Destination& destination,
                                              const Receiver::Entry& entry,
                                              const SenderParts& parts) {
  for (auto* known : {&couriers_, &leaving_}) {
    const auto found = known->find(destination);
    if (found == known->end()) continue;
    std::shared_ptr<Courier> courier = found->second;
    courier->Configure(entry.integration, parts);
    leaving_.erase(destination);
    return courier;
  }
  auto courier = std::make_shared<Courier>(destination, entry.integration, parts, store_);
  const auto waiting = waiting_.find(destination);
  if (waiting != waiting_.end()) {
    courier->Restore(std::move(waiting->second.deliveries), std::move(waiting->second.memories));
    waiting_.erase(waiting);
  }
  return courier;
}

std::shared_ptr<Courier> Couriers::Find(const Destination& destination) const {
  const MutexLock lock(mutex_);
  for (const auto* known : {&couriers_, &leaving_}) {
    const auto found = known->find(destination);
    if (found != known->end()) return found->second;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Courier>> Couriers::All() const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Courier>> all;
  all.reserve(couriers_.size());
  for (const auto& [destination, courier] : couriers_) all.push_back(courier);
  return all;
}

void Couriers::DropIdle() {
  std::vector<std::shared_ptr<Courier>> idle;  // Ends without the lock: that waits for threads.
  const MutexLock lock(mutex_);
  for (auto entry = leaving_.begin(); entry != leaving_.end();) {
    if (entry->second->stats().queue_length == 0) {
      idle.push_back(std::move(entry->second));
      entry = leaving_.erase(entry);
    } else {
      ++entry;
    }
  }
}

std::vector<DeliveryStats> Couriers::stats() const {
  const MutexLock lock(mutex_);
  std::vector<DeliveryStats> all;
  all.reserve(couriers_.size() + leaving_.size());
  for (const auto* known : {&couriers_, &leaving_}) {
    for (const auto& [destination, courier] : *known) all.push_back(courier->stats());
  }
  return all;
}

void Couriers::Stop(const Clock& clock, SteadyPoint deadline) {
  std::vector<std::shared_ptr<Courier>> all = All();
  {
    const MutexLock lock(mutex_);
    for (const auto& [destination, courier] : leaving_) all.push_back(courier);
  }
  if (all.empty()) return;
  std::stop_source all_idle;
  const auto busy = std::make_shared<std::atomic<std::size_t>>(all.size());
  for (const auto& courier : all) {
    courier->Drain([busy, all_idle]() mutable {
      if (--*busy == 0) all_idle.request_stop();
    });
  }
  clock.WaitUntil(deadline, all_idle.get_token());
  for (const auto& courier : all) courier->Stop();
}

}  // namespace tocsin::notify
