#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/kailash/settings.h"
#include "collectors/redis/connection.h"
#include "collectors/redis/server_time.h"

namespace tocsin::collectors::kailash {

/// What Kailash keeps in Redis: its distributed circuit breakers, task queues and workers.
///
/// A collection is one pipeline of commands that each cost the same however much there is, plus one
/// or two more when workers have come. A set of more than kMostWorkers workers is not listed; their
/// number is still told. One thread at a time.
/// Source: kailash/core/resilience/distributed_circuit_breaker.py, kailash/runtime/distributed.py,
/// kailash/runtime/_queue_keys.py, 2.63.
class RedisSource {
 public:
  static constexpr std::int64_t kMostWorkers = 1000;

  /// Of the settings, breakers, queues and redis_workers matter. `clock` outlives the source.
  RedisSource(std::unique_ptr<RedisConnection> connection, const Settings& settings,
              const Clock& clock)
      : connection_(std::move(connection)), settings_(settings), clock_(clock) {}

  /// Fails as RedisConnection::Pipeline() does, and then Publish() has nothing. A single answer
  /// that cannot be used costs its own series.
  Status Read(const Attempt& attempt);

  /// What could not be read: "breakers", "queues", "workers", and "time", without which
  /// there are no ages.
  const std::vector<SourceReport>& parts() const { return found_.parts; }
  /// Redis' clock minus ours.
  std::optional<double> clock_skew_seconds() const { return found_.clock_skew_seconds; }

  /// Adds what the last Read() found.
  void Publish(MetricSink& points) const;

 private:
  struct Breaker {
    std::optional<double> state = std::nullopt;
    std::optional<double> failures = std::nullopt;
    std::optional<double> last_failure = std::nullopt;
    std::optional<double> ttl_seconds = std::nullopt;
  };
  struct Queue {
    std::optional<double> pending = std::nullopt;
    std::optional<double> processing = std::nullopt;
  };
  /// The living workers that serve one queue.
  struct Workers {
    double alive = 0;
    std::optional<double> oldest_age_seconds = std::nullopt;
  };
  /// What one Read() found.
  struct Found {
    std::optional<double> now = std::nullopt;  ///< Redis' clock, in Unix seconds.
    std::optional<double> clock_skew_seconds = std::nullopt;
    std::map<std::string, Breaker> breakers = {};
    std::map<std::string, Queue> queues = {};
    std::optional<double> registered = std::nullopt;
    bool can_list = true;  ///< Whether workers and their heartbeats may be read.
    std::map<std::string, Workers> workers = {};  ///< By queue; empty: they could not be listed.
    std::vector<SourceReport> parts = {};
  };
  class Answers;

  std::vector<RedisCommand> Commands() const;
  void TakeTime(const RedisReply& reply, const RedisStopwatch& stopwatch);
  void TakeBreaker(const std::string& name, Answers& answers);
  void TakeQueue(const std::string& name, Answers& answers);
  Status TakeWorkers(Answers& answers, const Attempt& attempt);
  Status ListWorkers(const Attempt& attempt);
  void TakeMembers(const RedisReply& members);
  void TakeHeartbeat(const RedisReply& reply, std::optional<std::string>& heartbeat);
  void RefuseList(const Error& error);
  Status AskNewWorkers(const Attempt& attempt);
  void NoteHeartbeats();
  void NoteHeartbeat(std::string_view heartbeat);
  std::optional<double> CountOf(const RedisReply& reply, std::string_view part,
                                const std::string& what);
  std::optional<double> NumberOf(const RedisReply& reply, const std::string& what);

  const std::unique_ptr<RedisConnection> connection_;
  const Settings settings_;
  const Clock& clock_;
  /// Heartbeats by worker, as last read; nothing stands for a dead worker. No map: the workers have
  /// not been listed, or are too many.
  std::optional<std::map<std::string, std::optional<std::string>>> heartbeats_;
  Found found_;
};

}  // namespace tocsin::collectors::kailash
