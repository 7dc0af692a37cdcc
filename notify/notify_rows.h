// The rows of the notifier's state, as its file and its memory have them.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "notify/decision.h"
#include "notify/label_matcher.h"
#include "notify/notify_store.h"
#include "notify/silence.h"

namespace tocsin::notify {

/// A delivery that is not done, but for the number of its attempts.
struct OutboxRow {
  Destination destination;
  std::string key;
  TimePoint created_at;
  std::string notification;  ///< As ToJson() writes it.
};

/// What a receiver was last told of a group.
struct LogRow {
  LogEntry entry;
  TimePoint expires;
  std::string notification;  ///< As ToJson() writes it.
};

using MemoryKey = std::pair<Destination, std::string>;
/// What a kind of receiver remembers of a key.
struct MemoryRow {
  std::string memory;
  TimePoint used_at;
};

/// What one transaction does. A null row is gone. Rows are shared and immutable.
struct NotifyChanges {
  struct Outbox {
    std::int64_t id = 0;
    std::shared_ptr<const OutboxRow> row = nullptr;
    int attempts = 0;
    bool is_new = true;  ///< Or only its attempts have changed.
  };
  std::vector<Outbox> outbox;
  std::vector<std::pair<NotifyStore::LogKey, std::shared_ptr<const LogRow>>> log;
  std::vector<std::pair<MemoryKey, std::shared_ptr<const MemoryRow>>> memories;
  std::vector<std::pair<std::string, std::shared_ptr<const Silence>>> silences;  ///< By id.
  std::deque<HistoryRecord> history;
  std::deque<DeadLetter> dead_letters;

  bool empty() const {
    return outbox.empty() && log.empty() && memories.empty() && silences.empty() &&
           history.empty() && dead_letters.empty();
  }
  std::size_t rows() const {
    return outbox.size() + log.size() + memories.size() + silences.size() + history.size() +
           dead_letters.size();
  }
};

/// "00000000000000ff,..." and back; nothing if that is something else.
std::string FingerprintsToText(std::span<const std::uint64_t> fingerprints);
std::optional<std::vector<std::uint64_t>> FingerprintsFromText(std::string_view text);

/// A JSON array of objects with `name`, `kind` and `value`, and back.
std::string MatchersToJson(const LabelMatchers& matchers);
std::optional<LabelMatchers> MatchersFromJson(std::string_view text);

}  // namespace tocsin::notify
