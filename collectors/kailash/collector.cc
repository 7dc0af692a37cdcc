#include "collectors/kailash/collector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "collectors/http/round.h"
#include "collectors/kailash/part_reports.h"
#include "collectors/kailash/pools.h"

namespace tocsin::collectors::kailash {
namespace {

/// As long as a PostgreSQL connection that hangs may go on after its deadline, cancelling what
/// runs.
constexpr Duration kLongestCancel = std::chrono::milliseconds(500);

SteadyPoint Now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

/// The same attempt, with a `part`-th of the time that is left: a source that hangs must leave some
/// to the others.
Attempt ShareOf(const Attempt& attempt, int part) {
  const SteadyPoint now = Now();
  return {now + std::max(Duration(0), attempt.deadline - now) / part, attempt.stop};
}

/// The same attempt, less the time to cancel a statement, as far as there is so much.
Attempt WithTimeToCancel(const Attempt& attempt) {
  const SteadyPoint now = Now();
  const Duration left = std::max(Duration(0), attempt.deadline - now);
  return {now + std::max(left - kLongestCancel, left / 3), attempt.stop};
}

}  // namespace

KailashCollector::KailashCollector(Settings settings, Sources sources,
                                   const Environment& environment)
    : settings_(std::move(settings)) {
  if (sources.redis) redis_.emplace(std::move(sources.redis), settings_, environment.clock);
  if (sources.http) {
    server_.emplace(std::move(sources.http), std::move(sources.urls), settings_.max_workflows);
  }
  if (!sources.database) return;
  dialect_ = sources.database->dialect;
  database_.emplace(std::move(*sources.database), settings_, environment);
}

Status KailashCollector::Collect(const Attempt& attempt, Collection& collection) {
  PublishPoolSizes(collection.points, settings_);
  // What hangs must be told in time: a collection that ends late has failed with all its sources.
  const SteadyPoint now = Now();
  const Attempt mine{now + TimeForRequests(attempt), attempt.stop};
  if (redis_) CollectRedis(ShareOf(mine, 3), collection);
  if (server_) CollectServer(database_ ? ShareOf(mine, 2) : mine, collection);
  if (database_) {
    CollectDatabase(dialect_ == Dialect::kPostgres ? WithTimeToCancel(mine) : mine, collection);
  }
  return {};
}

void KailashCollector::CollectRedis(const Attempt& attempt, Collection& collection) {
  const Status read = redis_->Read(attempt);
  collection.sources.push_back({"redis", read, redis_->clock_skew_seconds()});
  if (!read) return;
  for (const SourceReport& part : redis_->parts()) AddPart(collection.parts, part);
  redis_->Publish(collection.points);
}

void KailashCollector::CollectServer(const Attempt& attempt, Collection& collection) {
  server_->Read(attempt);
  server_->Report(collection);
  server_->Publish(collection.points, settings_.workflow_source);
  PublishPools(collection.points, settings_, server_->pools());
}

void KailashCollector::CollectDatabase(const Attempt& attempt, Collection& collection) {
  const Status read = database_->Read(attempt);
  const char* const name = dialect_ == Dialect::kPostgres ? "postgres" : "sqlite";
  collection.sources.push_back({name, read, database_->clock_skew_seconds()});
  if (!read) return;
  for (const SourceReport& part : database_->parts()) AddPart(collection.parts, part);
  database_->Publish(collection.points);
}

}  // namespace tocsin::collectors::kailash
