#include "collectors/kailash/redis_source.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "collectors/json_member.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part_reports.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr std::string_view kWorkerSet = "kailash:workers";
constexpr std::string_view kDefaultQueue = "default";
constexpr std::string_view kAllQueues = "__all__";
constexpr std::string_view kBackend = "redis";
constexpr double kMillisecondsPerSecond = 1e3;

struct StateWord {
  std::string_view word;
  double value;
};
constexpr double kOpen = 2;
constexpr double kUnknownState = -1;
constexpr double kClosed = 1;
constexpr std::array kStates = {StateWord{"closed", kClosed}, StateWord{"open", kOpen},
                                StateWord{"half_open", 3}};

/// What the metric says for a word of Kailash's.
double ValueOf(std::string_view word) {
  const auto known = std::find_if(kStates.begin(), kStates.end(),
                                  [&](const StateWord& state) { return state.word == word; });
  return known == kStates.end() ? kUnknownState : known->value;
}

std::string BreakerKey(const std::string& name, std::string_view member) {
  return fmt::format("cb:{}:{}", name, member);
}

/// The queue "default" has keys without its name.
std::string QueueKey(std::string_view state, const std::string& queue) {
  const std::string key = fmt::format("kailash:tasks:{}", state);
  return queue == kDefaultQueue ? key : fmt::format("{}:{}", key, queue);
}

RedisCommand Heartbeat(const std::string& worker) {
  return {"GET", "kailash:worker:heartbeat:" + worker};
}

/// The queues that a worker serves. Older versions do not say, and have but one.
std::vector<std::string> QueuesOf(const boost::json::value& heartbeat) {
  const boost::json::object* const queues = MemberIn(heartbeat, "queues").if_object();
  if (queues == nullptr) return {std::string(kDefaultQueue)};
  std::vector<std::string> names;
  names.reserve(queues->size());
  for (const auto& [name, concurrency] : *queues) names.emplace_back(std::string_view(name));
  return names;
}

}  // namespace

/// The answers of a pipeline, taken in the order of its commands.
class RedisSource::Answers {
 public:
  explicit Answers(std::span<const RedisReply> replies) : replies_(replies) {}

  const RedisReply& Next() { return replies_[next_++]; }

 private:
  std::span<const RedisReply> replies_;
  std::size_t next_ = 0;
};

Status RedisSource::Read(const Attempt& attempt) {
  found_ = {};
  const RedisStopwatch stopwatch(clock_);
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(Commands(), attempt);
  if (!replies) return replies.error();
  Answers answers(*replies);
  TakeTime(answers.Next(), stopwatch);
  for (const std::string& breaker : settings_.breakers) TakeBreaker(breaker, answers);
  for (const std::string& queue : settings_.queues) TakeQueue(queue, answers);
  if (!settings_.redis_workers) return {};
  Status workers = TakeWorkers(answers, attempt);
  if (!workers) found_ = {};
  return workers;
}

std::vector<RedisCommand> RedisSource::Commands() const {
  std::vector<RedisCommand> commands = {{"TIME"}};
  for (const std::string& breaker : settings_.breakers) {
    commands.push_back({"GET", BreakerKey(breaker, "state")});
    commands.push_back({"GET", BreakerKey(breaker, "failure_count")});
    commands.push_back({"GET", BreakerKey(breaker, "last_failure")});
    commands.push_back({"PTTL", BreakerKey(breaker, "state")});
  }
  for (const std::string& queue : settings_.queues) {
    commands.push_back({"LLEN", QueueKey("pending", queue)});
    commands.push_back({"LLEN", QueueKey("processing", queue)});
  }
  if (!settings_.redis_workers) return commands;
  commands.push_back({"SCARD", std::string(kWorkerSet)});
  if (!heartbeats_) return commands;
  commands.push_back({"SMEMBERS", std::string(kWorkerSet)});
  for (const auto& [worker, heartbeat] : *heartbeats_) commands.push_back(Heartbeat(worker));
  return commands;
}

void RedisSource::TakeTime(const RedisReply& reply, const RedisStopwatch& stopwatch) {
  const Result<double> now = RedisTime(reply);
  if (!now) {
    AddPartError(found_.parts, "time", now.error());
    return;
  }
  found_.now = *now;
  found_.clock_skew_seconds = stopwatch.SkewOf(*now);
}

void RedisSource::TakeBreaker(const std::string& name, Answers& answers) {
  Breaker& breaker = found_.breakers[name];
  const RedisReply& state = answers.Next();
  breaker.failures = NumberOf(answers.Next(), BreakerKey(name, "failure_count"));
  breaker.last_failure = NumberOf(answers.Next(), BreakerKey(name, "last_failure"));
  const RedisReply& ttl = answers.Next();

  const Status usable = state.is_nil()
                            ? Status()
                            : CheckReply(state, RedisReply::Kind::kText, BreakerKey(name, "state"));
  if (!usable) {
    AddPartError(found_.parts, "breakers", usable.error());
    return;
  }
  breaker.state = state.is_nil() ? kClosed : ValueOf(state.text);
  if (*breaker.state == kUnknownState) {
    AddPartError(found_.parts, "breakers",
                 {ErrorCode::kCorrupt, fmt::format("{}: expected closed, open or half_open",
                                                   BreakerKey(name, "state"))});
  }
  // -2 is no such key, and -1 one that is kept for ever.
  const std::optional<std::int64_t> left = ttl.Integer();
  if (left && *left >= 0) {
    breaker.ttl_seconds = static_cast<double>(*left) / kMillisecondsPerSecond;
  }
}

void RedisSource::TakeQueue(const std::string& name, Answers& answers) {
  Queue& queue = found_.queues[name];
  queue.pending = CountOf(answers.Next(), "queues", QueueKey("pending", name));
  queue.processing = CountOf(answers.Next(), "queues", QueueKey("processing", name));
}

/// Fails only if the connection does.
Status RedisSource::TakeWorkers(Answers& answers, const Attempt& attempt) {
  found_.registered = CountOf(answers.Next(), "workers", std::string(kWorkerSet));
  if (heartbeats_) {
    const RedisReply& members = answers.Next();
    for (auto& [worker, heartbeat] : *heartbeats_) TakeHeartbeat(answers.Next(), heartbeat);
    TakeMembers(members);
  }
  if (!found_.registered) {
    heartbeats_.reset();
    return {};
  }
  if (*found_.registered > kMostWorkers) {
    heartbeats_.reset();
    AddPartError(
        found_.parts, "workers",
        {ErrorCode::kTooLarge, fmt::format("{} workers are more than the {} that are listed",
                                           *found_.registered, kMostWorkers)});
    return {};
  }
  if (!heartbeats_) {
    if (Status listed = ListWorkers(attempt); !listed) return listed;
  }
  if (Status asked = AskNewWorkers(attempt); !asked) return asked;
  if (found_.can_list) {
    NoteHeartbeats();
  } else {
    heartbeats_.reset();
  }
  return {};
}

Status RedisSource::ListWorkers(const Attempt& attempt) {
  const std::vector<RedisCommand> list = {{"SMEMBERS", std::string(kWorkerSet)}};
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(list, attempt);
  if (!replies) return replies.error();
  heartbeats_.emplace();
  TakeMembers(replies->front());
  return {};
}

/// Forgets the workers that are no longer registered, and notes new ones with an empty heartbeat.
void RedisSource::TakeMembers(const RedisReply& members) {
  Status usable = CheckReply(members, RedisReply::Kind::kArray, kWorkerSet);
  if (!usable) RefuseList(usable.error());
  std::map<std::string, std::optional<std::string>> now;
  for (const RedisReply& member : members.items) {
    const auto known = heartbeats_->find(member.text);
    now[member.text] = known == heartbeats_->end() ? std::optional<std::string>("") : known->second;
  }
  heartbeats_ = std::move(now);
}

void RedisSource::TakeHeartbeat(const RedisReply& reply, std::optional<std::string>& heartbeat) {
  heartbeat.reset();
  if (reply.is_nil()) return;
  if (Status usable = CheckReply(reply, RedisReply::Kind::kText, "a heartbeat"); !usable) {
    RefuseList(usable.error());
  } else {
    heartbeat = reply.text;
  }
}

/// Who lives cannot be told in this collection.
void RedisSource::RefuseList(const Error& error) {
  found_.can_list = false;
  AddPartError(found_.parts, "workers", error);
}

/// Asks for the heartbeats that are empty: no worker writes such a one.
Status RedisSource::AskNewWorkers(const Attempt& attempt) {
  std::vector<RedisCommand> commands;
  std::vector<std::optional<std::string>*> asked;
  for (auto& [worker, heartbeat] : *heartbeats_) {
    if (heartbeat != "") continue;
    commands.push_back(Heartbeat(worker));
    asked.push_back(&heartbeat);
  }
  if (commands.empty()) return {};
  const Result<std::vector<RedisReply>> replies = connection_->Pipeline(commands, attempt);
  if (!replies) {
    heartbeats_.reset();
    return replies.error();
  }
  for (std::size_t i = 0; i < asked.size(); ++i) TakeHeartbeat((*replies)[i], *asked[i]);
  return {};
}

void RedisSource::NoteHeartbeats() {
  for (const std::string& queue : settings_.queues) found_.workers[queue];
  for (const auto& [worker, heartbeat] : *heartbeats_) {
    if (heartbeat) NoteHeartbeat(*heartbeat);
  }
}

/// A worker lives while its heartbeat is there, whatever that says.
void RedisSource::NoteHeartbeat(std::string_view heartbeat) {
  boost::json::error_code problem;
  const boost::json::value value =
      boost::json::parse({heartbeat.data(), heartbeat.size()}, problem);
  const std::optional<double> beat = problem ? std::nullopt : NumberIn(value, "timestamp");
  if (!beat) {
    AddPartError(found_.parts, "workers",
                 {ErrorCode::kCorrupt, "a heartbeat is no JSON object with a timestamp"});
  }
  for (const std::string& queue : QueuesOf(value)) {
    Workers& workers = found_.workers[queue];
    ++workers.alive;
    if (!beat || !found_.now) continue;
    const double age = std::max(0.0, *found_.now - *beat);
    workers.oldest_age_seconds = std::max(workers.oldest_age_seconds.value_or(0), age);
  }
}

std::optional<double> RedisSource::CountOf(const RedisReply& reply, std::string_view part,
                                           const std::string& what) {
  if (Status usable = CheckReply(reply, RedisReply::Kind::kInteger, what); !usable) {
    AddPartError(found_.parts, part, usable.error());
    return std::nullopt;
  }
  return static_cast<double>(reply.integer);
}

/// A number that a breaker keeps as text; 0 if there is none.
std::optional<double> RedisSource::NumberOf(const RedisReply& reply, const std::string& what) {
  if (reply.is_nil()) return 0;
  Status usable = CheckReply(reply, RedisReply::Kind::kText, what);
  const std::optional<double> number = usable ? reply.Number() : std::nullopt;
  if (number && std::isfinite(*number)) return number;
  AddPartError(found_.parts, "breakers",
               usable ? Error{ErrorCode::kCorrupt, what + ": expected a number"} : usable.error());
  return std::nullopt;
}

void RedisSource::Publish(MetricSink& points) const {
  for (const auto& [name, breaker] : found_.breakers) {
    if (breaker.state) {
      points.Add(kBreakerState, {name}, *breaker.state);
      points.Add(kBreakerOpen, {name}, *breaker.state == kOpen ? 1 : 0);
    }
    if (breaker.failures) points.Add(kBreakerFailures, {name}, *breaker.failures);
    // A breaker that never failed has no time of its last failure.
    if (breaker.last_failure && *breaker.last_failure > 0) {
      points.Add(kBreakerLastFailure, {name}, *breaker.last_failure);
    }
    if (breaker.ttl_seconds) points.Add(kBreakerTtl, {name}, *breaker.ttl_seconds);
  }
  for (const auto& [name, queue] : found_.queues) {
    if (queue.pending) points.Add(kQueueDepth, {name, "pending", kBackend}, *queue.pending);
    if (queue.processing) {
      points.Add(kQueueDepth, {name, "processing", kBackend}, *queue.processing);
    }
  }
  if (found_.registered) points.Add(kWorkers, {kAllQueues, kBackend}, *found_.registered);
  for (const auto& [queue, workers] : found_.workers) {
    points.Add(kWorkersAlive, {queue, kBackend}, workers.alive);
    if (workers.oldest_age_seconds) {
      points.Add(kHeartbeatAge, {queue, kBackend}, *workers.oldest_age_seconds);
    }
  }
}

}  // namespace tocsin::collectors::kailash
