#include "notify/notify_state.h"

#include <iterator>
#include <optional>

namespace tocsin::notify {
namespace {

std::shared_ptr<const OutboxRow> ToRow(const Destination& destination,
                                       const PendingDelivery& pending) {
  auto row = std::make_shared<OutboxRow>();
  row->destination = destination;
  row->key = pending.delivery.key;
  row->created_at = pending.created_at;
  row->notification = ToJson(pending.delivery.notification);
  return row;
}

/// The row of a key, or null if there is none.
template <class Map>
typename Map::mapped_type Find(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found != map.end() ? found->second : nullptr;
}

/// The rows that `keys` name, as they are now; the keys are then forgotten.
template <class Keys, class Map, class Rows>
void TakeRows(Keys& keys, const Map& map, Rows& rows) {
  rows.reserve(keys.size());
  for (const auto& key : keys) rows.emplace_back(key, Find(map, key));
  keys.clear();
}

template <class Queue>
void PutBefore(Queue& queue, Queue&& older) {
  queue.insert(queue.begin(), std::make_move_iterator(older.begin()),
               std::make_move_iterator(older.end()));
}

}  // namespace

DecidedRows ToRows(const NotifyStore::Decided& decided) {
  DecidedRows rows;
  rows.superseded = decided.superseded;
  rows.log.reserve(decided.log.size());
  for (const NotifyStore::Decided::Log& log : decided.log) {
    auto row = std::make_shared<LogRow>();
    row->entry = log.entry;
    row->expires = log.expires;
    if (log.last != nullptr) row->notification = ToJson(*log.last);
    rows.log.emplace_back(log.key, std::move(row));
  }
  rows.outbox.reserve(decided.outbox.size());
  for (const auto& [destination, pending] : decided.outbox) {
    rows.outbox.push_back(
        {.id = pending->id, .row = ToRow(destination, *pending), .attempts = pending->attempts});
  }
  return rows;
}

NotifyStore::Kept NotifyState::Kept(std::size_t& unreadable) const {
  NotifyStore::Kept kept;
  unreadable = known_.unreadable;
  for (const auto& [id, delivery] : deliveries_) {
    Result<Notification> notification = NotificationFromJson(delivery.row->notification);
    if (!notification) {
      ++unreadable;
      continue;
    }
    PendingDelivery pending{.id = id,
                            .delivery = {.key = delivery.row->key,
                                         .notification = std::move(*notification),
                                         .memory = {}},
                            .created_at = delivery.row->created_at,
                            .attempts = delivery.attempts};
    kept.outbox.emplace_back(delivery.row->destination, std::move(pending));
  }
  for (const auto& [key, row] : known_.log) {
    Result<Notification> last = row->notification.empty() ? Result<Notification>(Notification{})
                                                          : NotificationFromJson(row->notification);
    if (!last) {
      ++unreadable;
      continue;
    }
    kept.log[key] = {row->entry, row->expires, std::move(*last)};
  }
  for (const auto& [key, row] : known_.memories) kept.memories[key] = row->memory;
  kept.silences.reserve(known_.silences.size());
  for (const auto& [id, silence] : known_.silences) kept.silences.push_back(*silence);
  return kept;
}

void NotifyState::Commit(DecidedRows rows) {
  for (auto& [key, row] : rows.log) {
    changed_log_.insert(key);
    known_.log[std::move(key)] = std::move(row);
  }
  for (NotifyChanges::Outbox& delivery : rows.outbox) {
    changed_deliveries_[delivery.id] = true;
    deliveries_[delivery.id] = std::move(delivery);
  }
  for (const std::int64_t id : rows.superseded) {
    if (deliveries_.erase(id) != 0) changed_deliveries_[id] = true;
  }
}

void NotifyState::Settle(NotifyStore::Settled settled, TimePoint now) {
  SettleRows(settled, now);
  if (settled.dead_letter) {
    dead_letters_.push_back({.id = ++known_.last_dead_letter,
                             .at = now,
                             .destination = settled.destination,
                             .notification = std::move(*settled.dead_letter),
                             .answer = settled.record ? settled.record->answer : ""});
  }
  if (settled.record) {
    history_.push_back(std::move(*settled.record));
    history_.back().id = ++known_.last_record;
  }
}

void NotifyState::SettleRows(const NotifyStore::Settled& settled, TimePoint now) {
  if (const auto found = deliveries_.find(settled.id); found != deliveries_.end()) {
    bool& is_more = changed_deliveries_[settled.id];
    if (settled.done) {
      is_more = true;
      deliveries_.erase(found);
    } else {
      found->second.attempts = settled.attempts;
    }
  }
  if (settled.successor != nullptr) {
    const auto successor = deliveries_.find(settled.successor->id);
    if (successor != deliveries_.end()) {
      successor->second.row = ToRow(settled.destination, *settled.successor);
      changed_deliveries_[settled.successor->id] = true;
    }
  }
  MemoryKey key(settled.destination, settled.key);
  const std::shared_ptr<const MemoryRow> known = Find(known_.memories, key);
  if (settled.memory.empty() && known == nullptr) return;
  changed_memories_.insert(key);
  if (settled.memory.empty()) {
    known_.memories.erase(key);
  } else {
    known_.memories[std::move(key)] = std::make_shared<MemoryRow>(MemoryRow{settled.memory, now});
  }
}

void NotifyState::PutSilences(std::span<const Silence> changed,
                              std::span<const std::string> forgotten) {
  for (const Silence& silence : changed) {
    changed_silences_.insert(silence.id);
    known_.silences[silence.id] = std::make_shared<Silence>(silence);
  }
  for (const std::string& id : forgotten) {
    if (known_.silences.erase(id) != 0) changed_silences_.insert(id);
  }
}

void NotifyState::DropExpired(TimePoint now, TimePoint oldest_memory) {
  std::erase_if(known_.log, [&](const auto& entry) {
    const bool is_over = entry.second->expires <= now;
    if (is_over) changed_log_.insert(entry.first);
    return is_over;
  });
  std::erase_if(known_.memories, [&](const auto& entry) {
    const bool is_over = entry.second->used_at < oldest_memory;
    if (is_over) changed_memories_.insert(entry.first);
    return is_over;
  });
}

bool NotifyState::is_clean() const {
  return changed_deliveries_.empty() && changed_log_.empty() && changed_memories_.empty() &&
         changed_silences_.empty() && history_.empty() && dead_letters_.empty();
}

NotifyChanges NotifyState::Take() {
  NotifyChanges changes;
  changes.outbox.reserve(changed_deliveries_.size());
  for (const auto& [id, is_more] : changed_deliveries_) {
    const auto found = deliveries_.find(id);
    NotifyChanges::Outbox change{.id = id};
    if (found != deliveries_.end()) change = found->second;
    change.is_new = is_more;
    changes.outbox.push_back(std::move(change));
  }
  changed_deliveries_.clear();
  TakeRows(changed_log_, known_.log, changes.log);
  TakeRows(changed_memories_, known_.memories, changes.memories);
  TakeRows(changed_silences_, known_.silences, changes.silences);
  changes.history.swap(history_);
  changes.dead_letters.swap(dead_letters_);
  return changes;
}

std::size_t NotifyState::PutBack(NotifyChanges&& changes) {
  for (const NotifyChanges::Outbox& change : changes.outbox) {
    bool& is_more = changed_deliveries_[change.id];
    is_more = is_more || change.is_new;
  }
  for (const auto& [key, row] : changes.log) changed_log_.insert(key);
  for (const auto& [key, row] : changes.memories) changed_memories_.insert(key);
  for (const auto& [id, row] : changes.silences) changed_silences_.insert(id);
  PutBefore(history_, std::move(changes.history));
  PutBefore(dead_letters_, std::move(changes.dead_letters));
  return DropTooMany();
}

std::size_t NotifyState::DropTooMany() {
  std::size_t dropped = 0;
  for (; history_.size() > max_queued_; ++dropped) history_.pop_front();
  for (; dead_letters_.size() > max_queued_; ++dropped) dead_letters_.pop_front();
  return dropped;
}

void NotifyState::MarkAll() {
  for (const auto& [id, delivery] : deliveries_) changed_deliveries_[id] = true;
  for (const auto& [key, row] : known_.log) changed_log_.insert(key);
  for (const auto& [key, row] : known_.memories) changed_memories_.insert(key);
  for (const auto& [id, row] : known_.silences) changed_silences_.insert(id);
}

}  // namespace tocsin::notify
