// The task store of a Miroir: a Redis, or a SQLite file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/miroir/reading.h"
#include "collectors/redis/connection.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::miroir {

/// An index whose changes go to a sink.
struct CdcIndex {
  std::string sink;
  std::string index;
};

/// What is looked for in the store.
struct StoreSettings {
  std::string prefix = "miroir";  ///< Of the keys in Redis.
  std::vector<std::string> lease_scopes = {"drift_reconciler"};
  std::vector<std::string> canaries = {};  ///< Their ids; empty: those that the store lists.
  std::vector<std::string> sinks = {};
  std::vector<CdcIndex> cursors = {};
  std::vector<std::string> operation_scopes = {};
  bool sample_queue = false;
};

/// More canaries than these are looked at only if they are named.
inline constexpr std::size_t kMostCanaries = 200;
inline Error TooManyCanaries() {
  return {ErrorCode::kTooLarge, "more than 200 canaries: name those to watch"};
}

/// Reads one task store over one connection. One thread at a time.
class TaskStore {
 public:
  TaskStore() = default;
  virtual ~TaskStore() = default;
  TaskStore(const TaskStore&) = delete;
  TaskStore& operator=(const TaskStore&) = delete;

  virtual std::string_view backend() const = 0;

  /// Opens the connection, if that is not done, and waits until it is free.
  virtual Status MakeReady(const Attempt& attempt) = 0;
  /// What Probe() can do: "ping", "get", "scard".
  virtual std::span<const std::string_view> operations() const = 0;
  /// Does one of operations() and nothing else.
  virtual Status Probe(std::string_view operation, const Attempt& attempt) = 0;

  /// Reads all that is looked for. Fails if the store does not answer; what is wrong with one topic
  /// is among Reading::parts and costs that topic only.
  virtual Result<Reading> Read(const Attempt& attempt) = 0;
};

/// A Redis store. One pipeline for each Read(); a second one when the queue is sampled, which is
/// once a minute. It only uses commands whose time does not grow with the store, except for a list
/// of at most 200 canaries every five minutes.
///
/// Two generations of Miroir keep their keys in different places, and which one this is is looked
/// at in each Read(): where there is no trace of either, nothing is said about the queue, because 0
/// would look like an empty one. Likewise, only in the current one is a lease free that is not
/// there.
std::unique_ptr<TaskStore> MakeRedisStore(StoreSettings settings,
                                          std::unique_ptr<RedisConnection> connection,
                                          const Clock& clock);

/// A SQLite store. Only the newest 10000 jobs are looked at: nothing indexes their state.
std::unique_ptr<TaskStore> MakeSqliteStore(StoreSettings settings,
                                           std::unique_ptr<SqlConnection> connection,
                                           const Clock& clock);

}  // namespace tocsin::collectors::miroir
