#include "notify/log_book.h"

namespace tocsin::notify {

const LogEntry* LogBook::Find(const NotifyStore::LogKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.entry;
}

void LogBook::Put(const NotifyStore::LogKey& key, LogEntry entry, TimePoint expires) {
  entries_.insert_or_assign(key, Kept{std::move(entry), expires});
}

void LogBook::DropExpired(TimePoint now) {
  std::erase_if(entries_, [now](const auto& kept) { return kept.second.expires <= now; });
}

}  // namespace tocsin::notify
