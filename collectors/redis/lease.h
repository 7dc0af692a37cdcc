// A lease: a key that holds its holder's name and expires unless that one renews it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/redis/connection.h"

namespace tocsin::collectors {

/// The metrics of a lease; the first label of each is the lease's name.
struct RedisLeaseMetrics {
  const MetricDesc& held;     ///< 0 or 1.
  const MetricDesc& ttl;      ///< Seconds; absent while nobody holds it or if it never expires.
  const MetricDesc& holder;   ///< 1, with the holder as second label; absent while nobody does.
  const MetricDesc& changes;  ///< How often another holder was seen than before.
};

/// What is known about one lease. One thread at a time.
class RedisLease {
 public:
  /// A holder's name is a label, so longer ones are not shown.
  static constexpr std::size_t kLongestHolder = 256;

  RedisLease(std::string name, std::string key) : name_(std::move(name)), key_(std::move(key)) {}

  const std::string& name() const { return name_; }
  RedisCommand AskHolder() const { return {"GET", key_}; }
  RedisCommand AskTtl() const { return {"PTTL", key_}; }

  /// Takes the answers to AskHolder() and AskTtl(). Fails as CheckReply() does: then nothing is
  /// known about the lease.
  Status Note(const RedisReply& holder, const RedisReply& ttl);
  /// The same for a lease that is kept elsewhere. Empty: nobody holds it.
  void Note(std::string holder, std::optional<double> ttl_seconds);

  /// Adds what was last noted; nothing after a failure. `changes` only once Restore() was called:
  /// a count that began at 0 would fall when what was saved is found.
  void Publish(const RedisLeaseMetrics& metrics, MetricSink& points) const;

  /// The last holder and the number of changes, to survive restarts.
  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  std::string name_;
  std::string key_;
  bool is_known_ = false;
  std::string holder_;  // Now; empty while nobody holds it.
  std::optional<double> ttl_seconds_;
  bool is_restored_ = false;
  std::string last_holder_;  // The last one that there was.
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::collectors
