// What some jobs of a Redis store tell about its whole queue.

#pragma once

#include <cstddef>
#include <span>

#include "collectors/miroir/reading.h"
#include "collectors/redis/connection.h"

namespace tocsin::collectors::miroir {

/// How many jobs are looked at.
inline constexpr std::size_t kSampledJobs = 64;

/// `replies` come in pairs, one for each job that was in the queue a moment ago: SISMEMBER, whether
/// it still is, and HMGET of its state, type and created_at. Jobs that have left the queue since do
/// not count. One in it that is gone or in another state is stale: Miroir forgets to take out jobs
/// that ended without being claimed. `depth` is the size of the whole queue.
QueueSample SummarizeJobs(std::span<const RedisReply> replies, double depth);

}  // namespace tocsin::collectors::miroir
