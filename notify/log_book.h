// What receivers were last told of each group.

#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/clock.h"
#include "notify/decision.h"
#include "notify/notify_store.h"

namespace tocsin::notify {

/// The log as it is in memory; NotifyStore keeps it. One thread at a time.
class LogBook {
 public:
  /// Null if nothing was told, or that has expired.
  const LogEntry* Find(const NotifyStore::LogKey& key) const;
  void Put(const NotifyStore::LogKey& key, LogEntry entry, TimePoint expires);
  /// As if nothing had been told.
  void Forget(const NotifyStore::LogKey& key) { entries_.erase(key); }
  void DropExpired(TimePoint now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Kept {
    LogEntry entry;
    TimePoint expires;
  };
  std::unordered_map<NotifyStore::LogKey, Kept, NotifyStore::LogKeyHash> entries_;
};

}  // namespace tocsin::notify
