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
  std::shared_ptr<const std::string> notification;  ///< As ToJson() writes it. Not null.
};

/// What a receiver was last told of a group.
struct LogRow {
  std::int64_t id = 0;  ///< That of the delivery that tells it, if there is one that tells all.
  NotifyStore::LogKey key;
  LogEntry entry;
  TimePoint expires;
  std::shared_ptr<const std::string> notification;  ///< Null: there was nothing to say.
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
    /// The log's row of the same id has all but `created_at` and `attempts`.
    bool is_in_log = false;
    /// It is gone, and so is whatever there was between it and the one before, which is gone, too.
    bool is_gone_with_previous = false;
  };
  std::vector<Outbox> outbox;                                               ///< By id.
  std::vector<std::pair<std::int64_t, std::shared_ptr<const LogRow>>> log;  ///< By id.
  std::vector<std::pair<MemoryKey, std::shared_ptr<const MemoryRow>>> memories;
  std::vector<std::pair<std::string, std::shared_ptr<const Silence>>> silences;  ///< By id.
  std::deque<HistoryRecord> history;
  std::deque<DeadLetter> dead_letters;
  std::int64_t last_delivery = 0;  ///< The greatest ids there have been.
  std::int64_t last_record = 0;

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
