// A topic of the Redis collector: some commands of its one pipeline, and what their answers become.

#pragma once

#include <span>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "collectors/collector.h"
#include "collectors/redis/connection.h"

namespace tocsin::collectors::redis {

/// One topic of one collector. To add a metric to it, touch its file and that file's test. One
/// thread at a time.
class Topic {
 public:
  Topic() = default;
  virtual ~Topic() = default;
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  /// Its commands, which are asked in every collection. Each takes the server a time that does not
  /// grow with what is stored.
  virtual std::span<const RedisCommand> commands() const = 0;

  /// Adds the points for the answers, one for each of commands(). What was refused or makes no
  /// sense becomes one of the collection's parts, and costs its own series only.
  virtual void Publish(std::span<const RedisReply> replies, Collection& collection) = 0;

  /// What must survive a restart. Restore() is called at most once, before the first Publish().
  virtual void Save(boost::json::object& /*state*/) const {}
  virtual void Restore(const boost::json::value& /*saved*/) {}
};

}  // namespace tocsin::collectors::redis
