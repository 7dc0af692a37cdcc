#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "collectors/json_member.h"
#include "collectors/miroir/queue_sample.h"
#include "collectors/miroir/task_store.h"
#include "collectors/redis/info.h"
#include "collectors/redis/server_time.h"

namespace tocsin::collectors::miroir {
namespace {

using Kind = RedisReply::Kind;

constexpr std::array<std::string_view, 3> kOperations = {"ping", "get", "scard"};
constexpr Duration kListCanariesEvery = std::chrono::minutes(5);
constexpr Duration kSampleEvery = std::chrono::minutes(1);
/// Where the old generation has one lease for everything.
constexpr const char* kOldScope = "global";

/// The answers to a pipeline, taken one after the other in the order of its commands.
class Answers {
 public:
  explicit Answers(std::span<const RedisReply> replies) : replies_(replies) {}

  const RedisReply& Next() {
    const RedisReply& reply = replies_.front();
    replies_ = replies_.subspan(1);
    return reply;
  }

 private:
  std::span<const RedisReply> replies_;
};

/// Notes what is wrong with a topic, if anything is; otherwise true.
bool IsGood(Reading& reading, std::string_view part, const Status& status) {
  if (!status) reading.parts.push_back({std::string(part), status});
  return bool{status};
}

std::optional<double> IntegerIn(Reading& reading, std::string_view part, const RedisReply& reply) {
  if (!IsGood(reading, part, CheckReply(reply, Kind::kInteger, part))) return std::nullopt;
  return static_cast<double>(reply.integer);
}

/// A text that is a number; nothing for a key that is not there.
std::optional<double> NumberIn(Reading& reading, std::string_view part, const RedisReply& reply) {
  if (reply.is_nil()) return std::nullopt;
  if (!IsGood(reading, part, CheckReply(reply, Kind::kText, part))) return std::nullopt;
  const std::optional<double> number = reply.Number();
  if (!number) {
    reading.parts.push_back({std::string(part), Error{ErrorCode::kCorrupt, "expected a number"}});
  }
  return number;
}

/// Milliseconds at a place of a list, such as HMGET answers with, in seconds.
std::optional<double> SecondsAt(const RedisReply& list, std::size_t place) {
  if (place >= list.items.size()) return std::nullopt;
  const std::optional<double> milliseconds = list.items[place].Number();
  return milliseconds ? std::optional(*milliseconds / 1000) : std::nullopt;
}

class RedisStore final : public TaskStore {
 public:
  RedisStore(StoreSettings settings, std::unique_ptr<RedisConnection> connection,
             const Clock& clock)
      : settings_(std::move(settings)),
        connection_(std::move(connection)),
        clock_(clock),
        canaries_(settings_.canaries) {}

  std::string_view backend() const override { return "redis"; }
  std::span<const std::string_view> operations() const override { return kOperations; }
  Status MakeReady(const Attempt& attempt) override;
  Status Probe(std::string_view operation, const Attempt& attempt) override;
  Result<Reading> Read(const Attempt& attempt) override;

 private:
  std::string Key(std::string_view name) const {
    return settings_.prefix + ":" + std::string(name);
  }
  bool IsDue(const std::optional<SteadyPoint>& last, Duration every) const;

  std::vector<RedisCommand> Commands() const;
  void AskWhatIsWatched(std::vector<RedisCommand>& commands) const;

  bool TakeQueue(Answers& answers, Reading& reading) const;
  static void TakeOldLease(const RedisReply& lease, const RedisReply& ttl, Reading& reading);
  static void TakeInfo(const RedisReply& reply, Reading& reading);
  void TakeLeases(Answers& answers, bool is_current, Reading& reading) const;
  void TakeChanges(Answers& answers, Reading& reading) const;
  void TakeOperations(Answers& answers, Reading& reading);
  void TakeCanaries(Answers& answers, Reading& reading);
  void TakeCanaryList(Answers& answers, Reading& reading);
  Status TakeSample(Answers& answers, const Attempt& attempt, Reading& reading);

  const StoreSettings settings_;
  const std::unique_ptr<RedisConnection> connection_;
  const Clock& clock_;

  std::vector<std::string> canaries_;
  std::optional<SteadyPoint> canaries_listed_;
  bool lists_canaries_ = false;                       // In the pipeline that is under way.
  bool has_too_many_canaries_ = false;                // When they were last listed.
  std::map<std::string, std::string> operation_ids_;  // By scope, as last seen.
  std::optional<SteadyPoint> sampled_;
  bool samples_ = false;  // In the pipeline that is under way.
  std::optional<QueueSample> sample_;
};

Status RedisStore::MakeReady(const Attempt& attempt) {
  const Result<std::vector<RedisReply>> nothing = connection_->Pipeline({}, attempt);
  if (!nothing) return nothing.error();
  return {};
}

Status RedisStore::Probe(std::string_view operation, const Attempt& attempt) {
  RedisCommand command = {"PING"};
  if (operation == "get") command = {"GET", Key("schema_version")};
  if (operation == "scard") command = {"SCARD", Key("jobs:_queued")};
  const Result<std::vector<RedisReply>> replies =
      connection_->Pipeline(std::array{std::move(command)}, attempt);
  if (!replies) return replies.error();
  return {};  // Whatever the answer is, it has come.
}

bool RedisStore::IsDue(const std::optional<SteadyPoint>& last, Duration every) const {
  return !last || clock_.SteadyNow() - *last >= every;
}

Result<Reading> RedisStore::Read(const Attempt& attempt) {
  samples_ = settings_.sample_queue && IsDue(sampled_, kSampleEvery);
  lists_canaries_ = settings_.canaries.empty() && IsDue(canaries_listed_, kListCanariesEvery);
  const std::uint64_t generation = connection_->generation();
  const RedisStopwatch stopwatch(clock_);
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(Commands(), attempt);
  if (!replies) return replies.error();
  Answers answers(*replies);
  Reading reading;
  const Result<double> time = RedisTime(answers.Next());
  if (!time) return time.error();  // Without it no age can be told.
  reading.now = *time;
  if (generation == connection_->generation()) {
    reading.clock_skew_seconds = stopwatch.SkewOf(*time);
  }
  TakeInfo(answers.Next(), reading);
  const bool is_current = TakeQueue(answers, reading);
  TakeLeases(answers, is_current, reading);
  TakeChanges(answers, reading);
  TakeOperations(answers, reading);
  TakeCanaries(answers, reading);
  if (lists_canaries_) TakeCanaryList(answers, reading);
  if (has_too_many_canaries_) {
    // In each reading, not only in one that lists them: what is wrong must not come and go.
    reading.parts.push_back({"canaries", TooManyCanaries()});
  }
  if (samples_) {
    if (Status taken = TakeSample(answers, attempt, reading); !taken) return taken.error();
  }
  reading.sample = sample_;
  return reading;
}

std::vector<RedisCommand> RedisStore::Commands() const {
  std::vector<RedisCommand> commands = {
      {"TIME"},
      {"INFO", "ALL"},
      {"TYPE", Key("jobs:_queued")},
      {"EXISTS", Key("schema_version")},
      {"TYPE", Key("jobs:enqueued")},
      {"EXISTS", Key("leader_lease")},
      {"SCARD", Key("jobs:_queued")},
      {"LLEN", Key("jobs:enqueued")},
      {"SCARD", Key("jobs:_index")},
      {"SCARD", Key("tasks:_index")},
      {"GET", Key("schema_version")},
      {"GET", Key("leader_lease")},
      {"PTTL", Key("leader_lease")},
  };
  AskWhatIsWatched(commands);
  return commands;
}

void RedisStore::AskWhatIsWatched(std::vector<RedisCommand>& commands) const {
  for (const std::string& scope : settings_.lease_scopes) {
    commands.push_back({"GET", Key("lease:" + scope)});
    commands.push_back({"PTTL", Key("lease:" + scope)});
  }
  for (const std::string& sink : settings_.sinks) {
    commands.push_back({"LLEN", Key("cdc:overflow:" + sink)});
    commands.push_back({"GET", Key("cdc:overflow_bytes:" + sink)});
  }
  for (const auto& [sink, index] : settings_.cursors) {
    commands.push_back({"HMGET", Key(fmt::format("cdc_cursor:{}:{}", sink, index)), "updated_at"});
  }
  // Which operation a scope is about was seen the last time; should it be another one by now, then
  // that is asked for the next time.
  for (const std::string& scope : settings_.operation_scopes) {
    const auto known = operation_ids_.find(scope);
    const std::string id = known == operation_ids_.end() ? "" : known->second;
    commands.push_back({"GET", Key("mode_b_ops_scope:" + scope)});
    commands.push_back({"HMGET", Key("mode_b_ops:" + id), "status", "phase_started_at"});
  }
  for (const std::string& canary : canaries_) {
    commands.push_back({"ZREVRANGE", Key("canary_runs:" + canary), "0", "0", "WITHSCORES"});
  }
  if (lists_canaries_) {
    commands.push_back({"SCARD", Key("canary:_index")});
    // More members than we look at cost the server no more than these.
    commands.push_back({"SRANDMEMBER", Key("canary:_index"), std::to_string(kMostCanaries)});
  }
  if (samples_) {
    commands.push_back({"SRANDMEMBER", Key("jobs:_queued"), std::to_string(kSampledJobs)});
  }
}

/// Decides which generation of Miroir this is, and takes its queue. Whether it is the current one.
bool RedisStore::TakeQueue(Answers& answers, Reading& reading) const {
  const bool is_set = answers.Next().text == "set";
  const bool has_version = answers.Next().integer > 0;
  const bool is_list = answers.Next().text == "list";
  const bool has_old_lease = answers.Next().integer > 0;
  const RedisReply& queued = answers.Next();
  const RedisReply& enqueued = answers.Next();
  const RedisReply& jobs = answers.Next();
  const RedisReply& tasks = answers.Next();
  const RedisReply& version = answers.Next();
  const RedisReply& lease = answers.Next();
  const RedisReply& ttl = answers.Next();
  if (is_set || has_version) {
    reading.queue_depth = IntegerIn(reading, "queue", queued);
    reading.jobs_known = IntegerIn(reading, "jobs", jobs);
    reading.tasks_known = IntegerIn(reading, "tasks", tasks);
    reading.schema_version = NumberIn(reading, "schema_version", version);
  } else if (is_list || has_old_lease) {
    reading.queue_depth = IntegerIn(reading, "queue", enqueued);
    TakeOldLease(lease, ttl, reading);
  } else {
    reading.parts.push_back(
        {"queue", Error{ErrorCode::kNotFound,
                        "there is no key of Miroir's with the prefix " + settings_.prefix}});
  }
  return is_set || has_version;
}

/// The lease of the old generation is JSON with the holder in it.
void RedisStore::TakeOldLease(const RedisReply& lease, const RedisReply& ttl, Reading& reading) {
  const std::string part = std::string("lease ") + kOldScope;
  if (!lease.is_nil() && !IsGood(reading, part, CheckReply(lease, Kind::kText, "GET"))) return;
  const std::optional<double> milliseconds = IntegerIn(reading, part, ttl);
  if (!milliseconds) return;
  Leader& leader = reading.leaders[kOldScope];
  if (lease.is_nil()) return;
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse(lease.text, problem);
  leader.holder = problem ? "" : TextIn(value, "holder");
  if (leader.holder.empty()) leader.holder = "unknown";
  if (*milliseconds >= 0) leader.ttl_seconds = *milliseconds / 1000;
}

void RedisStore::TakeInfo(const RedisReply& reply, Reading& reading) {
  if (!IsGood(reading, "info", CheckReply(reply, Kind::kText, "INFO"))) return;
  const Result<RedisInfo> info = RedisInfo::Parse(reply.text);
  if (!info) {
    reading.parts.push_back({"info", info.error()});
    return;
  }
  reading.redis = {.memory_used_bytes = info->Number("used_memory"),
                   .memory_max_bytes = info->Number("maxmemory"),
                   .evicted_keys = info->Number("evicted_keys"),
                   .connected_clients = info->Number("connected_clients"),
                   .last_save_at = info->Number("rdb_last_save_time"),
                   .uptime_seconds = info->Number("uptime_in_seconds")};
  for (const RedisLatency& latency : LatenciesIn(*info)) {
    reading.latencies.push_back({std::string(latency.command), std::string(latency.percentile),
                                 latency.quantile, latency.microseconds * 1e-6});
  }
  if (info->Text("master_link_status") == "down") {
    reading.parts.push_back(
        {"replica", Error{ErrorCode::kUnavailable,
                          "it is a replica without its master, and what it says may be old"}});
  }
}

/// A lease that is not there is free in the current generation only: the old one has none, and with
/// a wrong prefix there is nothing at all.
void RedisStore::TakeLeases(Answers& answers, bool is_current, Reading& reading) const {
  for (const std::string& scope : settings_.lease_scopes) {
    const RedisReply& holder = answers.Next();
    const RedisReply& ttl = answers.Next();
    if (holder.is_nil() && !is_current) continue;
    const std::string part = "lease " + scope;
    if (!holder.is_nil() && !IsGood(reading, part, CheckReply(holder, Kind::kText, "GET"))) {
      continue;
    }
    const std::optional<double> milliseconds = IntegerIn(reading, part, ttl);
    if (!milliseconds) continue;
    Leader& leader = reading.leaders[scope];
    leader.holder = holder.text;
    if (*milliseconds >= 0) leader.ttl_seconds = *milliseconds / 1000;
  }
}

void RedisStore::TakeChanges(Answers& answers, Reading& reading) const {
  for (const std::string& sink : settings_.sinks) {
    const std::optional<double> events = IntegerIn(reading, "sink " + sink, answers.Next());
    std::optional<double> bytes = NumberIn(reading, "sink " + sink, answers.Next());
    if (!bytes && events == 0.0) bytes = 0;  // Neither key is there: nothing waits.
    reading.overflows.push_back({sink, events, bytes});
  }
  for (const auto& [sink, index] : settings_.cursors) {
    const RedisReply& cursor = answers.Next();
    const std::string part = fmt::format("cursor {} {}", sink, index);
    if (!IsGood(reading, part, CheckReply(cursor, Kind::kArray, "HMGET"))) continue;
    if (const auto moved = SecondsAt(cursor, 0)) reading.cursors.push_back({sink, index, *moved});
  }
}

void RedisStore::TakeOperations(Answers& answers, Reading& reading) {
  for (const std::string& scope : settings_.operation_scopes) {
    const RedisReply& id = answers.Next();
    const RedisReply& operation = answers.Next();
    const std::string part = "operation " + scope;
    if (!id.is_nil() && !IsGood(reading, part, CheckReply(id, Kind::kText, "GET"))) continue;
    const bool is_known = !id.text.empty() && operation_ids_[scope] == id.text;
    operation_ids_[scope] = id.text;
    if (!is_known || !IsGood(reading, part, CheckReply(operation, Kind::kArray, "HMGET"))) continue;
    const std::string status = operation.items.empty() ? "" : operation.items[0].text;
    const std::optional<double> started = SecondsAt(operation, 1);
    if (!started || (status != "running" && status != "paused")) continue;
    reading.operations.push_back({scope, std::max(0.0, reading.now - *started)});
  }
}

void RedisStore::TakeCanaries(Answers& answers, Reading& reading) {
  for (const std::string& canary : canaries_) {
    const RedisReply& run = answers.Next();
    if (!IsGood(reading, "canary " + canary, CheckReply(run, Kind::kArray, "ZREVRANGE"))) continue;
    const std::optional<double> ran_at = SecondsAt(run, 1);
    if (!ran_at) continue;  // It has not run yet.
    boost::json::error_code problem;
    const boost::json::value value = boost::json::parse(run.items[0].text, problem);
    const bool passed = !problem && TextIn(value, "status") == "passed";
    reading.canaries.push_back({canary, *ran_at, passed});
  }
}

/// Which canaries there are, for the next pipeline.
void RedisStore::TakeCanaryList(Answers& answers, Reading& reading) {
  const RedisReply& count = answers.Next();
  const RedisReply& members = answers.Next();
  if (!IsGood(reading, "canaries", CheckReply(members, Kind::kArray, "SRANDMEMBER"))) return;
  canaries_listed_ = clock_.SteadyNow();
  canaries_.clear();
  has_too_many_canaries_ = count.integer > static_cast<std::int64_t>(kMostCanaries);
  if (has_too_many_canaries_) return;
  for (const RedisReply& member : members.items) canaries_.push_back(member.text);
  std::sort(canaries_.begin(), canaries_.end());
}

/// Looks at the sampled jobs one by one.
Status RedisStore::TakeSample(Answers& answers, const Attempt& attempt, Reading& reading) {
  const RedisReply& members = answers.Next();
  sample_.reset();
  if (!IsGood(reading, "sample", CheckReply(members, Kind::kArray, "SRANDMEMBER"))) return {};
  sampled_ = clock_.SteadyNow();
  std::vector<RedisCommand> commands;
  for (const RedisReply& member : members.items) {
    commands.push_back({"SISMEMBER", Key("jobs:_queued"), member.text});
    commands.push_back({"HMGET", Key("jobs:" + member.text), "state", "type", "created_at"});
  }
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(commands, attempt);
  if (!replies) return replies.error();
  sample_ = SummarizeJobs(*replies, reading.queue_depth.value_or(0));
  return {};
}

}  // namespace

std::unique_ptr<TaskStore> MakeRedisStore(StoreSettings settings,
                                          std::unique_ptr<RedisConnection> connection,
                                          const Clock& clock) {
  return std::make_unique<RedisStore>(std::move(settings), std::move(connection), clock);
}

}  // namespace tocsin::collectors::miroir
