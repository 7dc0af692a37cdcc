#include "notify/notify_state.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace tocsin::notify {
namespace {

std::shared_ptr<const std::string> ToText(const Notification& notification) {
  return std::make_shared<const std::string>(ToJson(notification));
}

std::shared_ptr<const OutboxRow> ToRow(const Destination& destination,
                                       const PendingDelivery& pending,
                                       std::shared_ptr<const std::string> notification) {
  auto row = std::make_shared<OutboxRow>();
  row->destination = destination;
  row->key = pending.delivery.key;
  row->created_at = pending.created_at;
  row->notification = std::move(notification);
  return row;
}

/// Whether two notifications of one event, of which one may be a part of it, or have taken up an
/// older one, say the same.
bool AreSame(const Notification& a, const Notification& b) {
  return a.reason == b.reason &&
         std::equal(a.alerts.begin(), a.alerts.end(), b.alerts.begin(), b.alerts.end(),
                    [](const NotifiedAlert& one, const NotifiedAlert& other) {
                      return one.fingerprint == other.fingerprint && one.is_new == other.is_new &&
                             one.resolved == other.resolved;
                    });
}

/// What the log is told that deliveries tell, too. For each destination both come in one order.
class ToldEvents {
 public:
  void Add(const Notification& told, LogRow* row) {
    events_[row->key.second].told.push_back({&told, row});
  }
  /// The row that says all that the delivery says, and no other delivery does yet; or null.
  LogRow* Find(const Destination& destination, const Delivery& delivery) {
    const auto found = events_.find(destination);
    if (found == events_.end()) return nullptr;
    auto& [told, next] = found->second;
    const std::string& event = delivery.notification.event_id;
    while (next < told.size() && told[next].notification->event_id != event) ++next;
    if (next == told.size()) return nullptr;
    const auto& [notification, row] = told[next];
    const bool fits = row->id == 0 && row->key.first == delivery.key &&
                      AreSame(*notification, delivery.notification);
    return fits ? row : nullptr;
  }

 private:
  struct Event {
    const Notification* notification;
    LogRow* row;
  };
  struct Events {
    std::vector<Event> told;
    std::size_t next = 0;
  };
  std::map<Destination, Events> events_;
};

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
  ToldEvents events;
  for (const NotifyStore::Decided::Log& log : decided.log) {
    auto row = std::make_shared<LogRow>();
    row->key = log.key;
    row->entry = log.entry;
    row->expires = log.expires;
    if (log.last != nullptr) {
      row->notification = ToText(*log.last);
      events.Add(*log.last, row.get());
    }
    rows.log.push_back(std::move(row));
  }
  rows.outbox.reserve(decided.outbox.size());
  for (const auto& [destination, pending] : decided.outbox) {
    LogRow* const told = events.Find(destination, pending->delivery);
    if (told != nullptr) told->id = pending->id;
    auto text = told != nullptr ? told->notification : ToText(pending->delivery.notification);
    rows.outbox.push_back({.id = pending->id,
                           .row = ToRow(destination, *pending, std::move(text)),
                           .attempts = pending->attempts,
                           .is_in_log = told != nullptr});
  }
  return rows;
}

NotifyState::NotifyState(NotifyFile::Contents contents, std::size_t max_queued)
    : max_queued_(max_queued), known_(std::move(contents)) {
  for (NotifyChanges::Outbox& delivery : known_.outbox) {
    deliveries_[delivery.id].row = std::move(delivery);
  }
  known_.outbox.clear();
  for (LogRowPointer& row : known_.log) PutLog(std::move(row));
  known_.log.clear();
  for (const std::int64_t id : known_.unreadable_log) ForgetLog(id);
}

void NotifyState::Mark(Deliveries::value_type& delivery, Change change) {
  Change& known = delivery.second.change;
  if (known == Change::kNothing) changed_deliveries_.push_back(delivery.first);
  known = std::max(known, change);
}

void NotifyState::Forget(Deliveries::iterator delivery) {
  changed_deliveries_.push_back(delivery->first);
  deliveries_.erase(delivery);
}

/// What was told of the same group before is forgotten.
void NotifyState::PutLog(LogRowPointer row) {
  LogRowPointer& known = log_[row->key];
  if (known != nullptr) ForgetLog(known->id);
  known = std::move(row);
}

void NotifyState::ForgetLog(std::int64_t id) {
  const auto changed = changed_log_.find(id);
  if (changed != changed_log_.end() && changed->second != nullptr) {
    changed_log_.erase(changed);  // It is not in the file.
  } else {
    changed_log_[id] = nullptr;
  }
  const auto delivery = deliveries_.find(id);
  if (delivery == deliveries_.end() || !delivery->second.row.is_in_log) return;
  delivery->second.row.is_in_log = false;
  Mark(*delivery, Change::kAll);
}

NotifyStore::Kept NotifyState::Kept(std::size_t& unreadable) const {
  NotifyStore::Kept kept;
  unreadable = known_.unreadable;
  for (const auto& [id, known] : deliveries_) {
    const NotifyChanges::Outbox& delivery = known.row;
    Result<Notification> notification = NotificationFromJson(*delivery.row->notification);
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
  for (const auto& [key, row] : log_) {
    Result<Notification> last = row->notification == nullptr
                                    ? Result<Notification>(Notification{})
                                    : NotificationFromJson(*row->notification);
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
  for (std::shared_ptr<LogRow>& row : rows.log) {
    if (row->id == 0) row->id = NextId();
    PutLog(row);
    changed_log_.insert_or_assign(row->id, std::move(row));
  }
  for (NotifyChanges::Outbox& delivery : rows.outbox) {
    const std::int64_t id = delivery.id;
    known_.last_delivery = std::max(known_.last_delivery, id);
    const auto known = deliveries_.insert_or_assign(deliveries_.end(), id,
                                                    KnownDelivery{.row = std::move(delivery)});
    Mark(*known, Change::kAll);
  }
  for (const std::int64_t id : rows.superseded) {
    if (const auto found = deliveries_.find(id); found != deliveries_.end()) Forget(found);
  }
}

void NotifyState::Settle(NotifyStore::Settled settled, TimePoint now) {
  if (settled.dead_letter) {
    dead_letters_.push_back({.id = ++known_.last_dead_letter,
                             .at = now,
                             .destination = settled.destination,
                             .notification = std::move(*settled.dead_letter),
                             .answer = settled.record ? settled.record->answer : ""});
  }
  if (settled.record) AddRecord(settled.id, std::move(*settled.record));
  SettleRows(settled, now);
}

void NotifyState::AddRecord(std::int64_t delivery, HistoryRecord record) {
  record.id = ++known_.last_record;
  record.first = record.id;
  if (const auto found = deliveries_.find(delivery); found != deliveries_.end()) {
    std::int64_t& first = found->second.first_record;
    if (first == 0) first = record.id;
    record.first = first;
  }
  history_.push_back(std::move(record));
}

void NotifyState::SettleRows(const NotifyStore::Settled& settled, TimePoint now) {
  if (const auto found = deliveries_.find(settled.id); found != deliveries_.end()) {
    if (settled.done) {
      Forget(found);
    } else {
      found->second.row.attempts = settled.attempts;
      Mark(*found, Change::kAttempts);
    }
  }
  if (settled.successor != nullptr) {
    const auto successor = deliveries_.find(settled.successor->id);
    if (successor != deliveries_.end()) {
      NotifyChanges::Outbox& row = successor->second.row;
      row.row = ToRow(settled.destination, *settled.successor,
                      ToText(settled.successor->delivery.notification));
      row.is_in_log = false;
      Mark(*successor, Change::kAll);
    }
  }
  if (settled.memory.empty() && known_.memories.empty()) return;
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
  std::erase_if(log_, [&](const auto& entry) {
    const bool is_over = entry.second->expires <= now;
    if (is_over) ForgetLog(entry.second->id);
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

std::vector<NotifyChanges::Outbox> NotifyState::TakeOutbox() {
  std::vector<std::int64_t> ids;
  ids.swap(changed_deliveries_);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<NotifyChanges::Outbox> outbox;
  outbox.reserve(ids.size());
  auto after_previous = deliveries_.end();
  bool is_previous_gone = false;
  for (const std::int64_t id : ids) {
    const auto at = deliveries_.lower_bound(id);
    const bool is_gone = at == deliveries_.end() || at->first != id;
    if (is_gone) {
      outbox.push_back(
          {.id = id, .is_gone_with_previous = is_previous_gone && at == after_previous});
    } else {
      outbox.push_back(at->second.row);
      outbox.back().is_new = at->second.change == Change::kAll;
      at->second.change = Change::kNothing;
    }
    is_previous_gone = is_gone;
    after_previous = at;
  }
  return outbox;
}

NotifyChanges NotifyState::Take() {
  NotifyChanges changes;
  changes.outbox = TakeOutbox();
  changes.log.assign(std::make_move_iterator(changed_log_.begin()),
                     std::make_move_iterator(changed_log_.end()));
  changed_log_.clear();
  TakeRows(changed_memories_, known_.memories, changes.memories);
  TakeRows(changed_silences_, known_.silences, changes.silences);
  changes.history.swap(history_);
  changes.dead_letters.swap(dead_letters_);
  changes.last_delivery = known_.last_delivery;
  changes.last_record = known_.last_record;
  return changes;
}

std::size_t NotifyState::PutBack(NotifyChanges&& changes) {
  for (const NotifyChanges::Outbox& change : changes.outbox) {
    const auto found = deliveries_.find(change.id);
    if (found != deliveries_.end()) {
      Mark(*found, change.is_new ? Change::kAll : Change::kAttempts);
    } else {
      changed_deliveries_.push_back(change.id);
    }
  }
  // What has changed again is newer.
  for (auto& [id, row] : changes.log) changed_log_.try_emplace(id, std::move(row));
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
  for (auto& delivery : deliveries_) Mark(delivery, Change::kAll);
  for (const auto& [key, row] : log_) changed_log_[row->id] = row;
  for (const auto& [key, row] : known_.memories) changed_memories_.insert(key);
  for (const auto& [id, row] : known_.silences) changed_silences_.insert(id);
}

}  // namespace tocsin::notify
