#include "collectors/redis/collector.h"

#include <utility>

#include "collectors/json_member.h"
#include "collectors/redis/leases.h"
#include "collectors/redis/server_time.h"
#include "collectors/redis/streams.h"

namespace tocsin::collectors::redis {
namespace {

/// The state is about the leases, whichever server process keeps them.
constexpr std::string_view kAnyServer;
constexpr std::string_view kTopics = "topics";

}  // namespace

RedisCollector::RedisCollector(const Settings& settings,
                               std::unique_ptr<RedisConnection> connection,
                               const Environment& environment)
    : environment_(environment),
      connection_(std::move(connection)),
      pipeline_{{"TIME"}},
      state_(environment.state_file, environment.log) {
  Add(MakeInfoTopic(settings.info));
  Add(MakeKeysTopic(settings.keys, settings.redis.database));
  Add(MakeLeasesTopic(settings.leases));
  Add(MakeStreamsTopic(settings.streams, settings.redis.database));
}

void RedisCollector::Add(std::unique_ptr<Topic> topic) {
  const std::span<const RedisCommand> commands = topic->commands();
  pipeline_.insert(pipeline_.end(), commands.begin(), commands.end());
  topics_.push_back(std::move(topic));
}

Status RedisCollector::Collect(const Attempt& attempt, Collection& collection) {
  const Status restored = TakeUpState();
  const std::uint64_t generation = connection_->generation();
  const RedisStopwatch stopwatch(environment_.clock);
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(pipeline_, attempt);
  if (!replies) return replies.error();
  const Result<double> server_time = RedisTime(replies->front());
  // Connecting took an unknown share of the time, so the first pipeline does not tell the skew.
  if (server_time && generation == connection_->generation()) {
    collection.clock_skew_seconds = stopwatch.SkewOf(*server_time);
  }
  if (!server_time) collection.parts.push_back({"time", server_time.error()});
  PublishTopics(std::span(*replies).subspan(1), collection);
  // Counters are on disk before anybody sees them. A full disk must not stop the metrics, though.
  if (Status kept = restored ? KeepState() : restored; !kept) {
    // Its reason is `other`: the trouble is this host's disk, and not the way to the source.
    collection.parts.push_back({"state", Error{ErrorCode::kInvalidInput, kept.error().message}});
  }
  return {};
}

void RedisCollector::PublishTopics(std::span<const RedisReply> replies, Collection& collection) {
  for (const std::unique_ptr<Topic>& topic : topics_) {
    const std::size_t asked = topic->commands().size();
    topic->Publish(replies.first(asked), collection);
    replies = replies.subspan(asked);
  }
}

Status RedisCollector::TakeUpState() {
  if (is_restored_) return {};
  const Result<boost::json::object> saved = state_.Load(kAnyServer);
  if (!saved) return saved.error();
  for (const std::unique_ptr<Topic>& topic : topics_) topic->Restore(MemberIn(*saved, kTopics));
  is_restored_ = true;
  return {};
}

Status RedisCollector::KeepState() {
  boost::json::object state;
  for (const std::unique_ptr<Topic>& topic : topics_) topic->Save(state);
  if (state.empty()) return {};
  return state_.Save(kAnyServer, {{kTopics, std::move(state)}});
}

}  // namespace tocsin::collectors::redis
