#include "collectors/redis/info_topic.h"

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/number.h"
#include "collectors/redis/info.h"
#include "collectors/redis/info_table.h"

namespace tocsin::collectors::redis {
namespace {

constexpr MetricDesc kUp = {"redis_up", MetricType::kGauge,
                            "1 when the server answered. There is no 0: the series ends when it "
                            "does not, and tocsin_collector_up is 0 then."};
constexpr MetricDesc kInstance = {
    "redis_instance_info",
    MetricType::kGauge,
    "1, with what the server says about itself.",
    {"role", "redis_version", "redis_mode", "os", "maxmemory_policy", "run_id"}};
constexpr MetricDesc kDatabaseKeys = {
    "redis_db_keys", MetricType::kGauge, "Keys in a database.", {"db"}};
constexpr MetricDesc kDatabaseExpiring = {
    "redis_db_keys_expiring", MetricType::kGauge, "Keys that will expire.", {"db"}};
constexpr MetricDesc kDatabaseTtl = {"redis_db_avg_ttl_seconds",
                                     MetricType::kGauge,
                                     "Mean time to live of the keys that will expire.",
                                     {"db"}};
constexpr MetricDesc kMasterUp = {"redis_master_link_up",
                                  MetricType::kGauge,
                                  "On a replica: 1 while it is connected to its master.",
                                  {"master_host", "master_port"}};
constexpr MetricDesc kMasterDown = {
    "redis_master_link_down_since_seconds",
    MetricType::kGauge,
    "On a replica: how long it has been without its master; absent while it is connected.",
    {"master_host", "master_port"}};
constexpr MetricDesc kMasterIo = {
    "redis_master_last_io_seconds_ago",
    MetricType::kGauge,
    "On a replica: since it last heard of its master; absent while it is not connected.",
    {"master_host", "master_port"}};
constexpr MetricDesc kMasterSync = {"redis_master_sync_in_progress",
                                    MetricType::kGauge,
                                    "On a replica: 1 while it copies all of its master's data.",
                                    {"master_host", "master_port"}};
constexpr MetricDesc kReplicaOffset = {"redis_slave_repl_offset",
                                       MetricType::kGauge,
                                       "On a replica: how far it has followed, in bytes.",
                                       {"master_host", "master_port"}};
constexpr MetricDesc kReplicasOffset = {"redis_connected_slave_offset_bytes",
                                        MetricType::kGauge,
                                        "On a master: how far a replica has followed.",
                                        {"slave_ip", "slave_port", "slave_state"}};
constexpr MetricDesc kReplicasLag = {
    "redis_connected_slave_lag_seconds",
    MetricType::kGauge,
    "On a master: since a replica last said how far it has followed.",
    {"slave_ip", "slave_port", "slave_state"}};
constexpr MetricDesc kCommands = {
    "redis_commands_total", MetricType::kCounter, "Calls of a command.", {"cmd"}};
constexpr MetricDesc kCommandTime = {"redis_commands_duration_seconds_total",
                                     MetricType::kCounter,
                                     "Time that calls of a command took.",
                                     {"cmd"}};
constexpr MetricDesc kCommandsRejected = {
    "redis_commands_rejected_calls_total",
    MetricType::kCounter,
    "Calls of a command that were refused before it ran. Redis 6.2 and later.",
    {"cmd"}};
constexpr MetricDesc kCommandsFailed = {
    "redis_commands_failed_calls_total",
    MetricType::kCounter,
    "Calls of a command that failed while it ran. Redis 6.2 and later.",
    {"cmd"}};
constexpr MetricDesc kErrors = {"redis_errors_total",
                                MetricType::kCounter,
                                "Error answers by their code. Redis 6.2 and later.",
                                {"err"}};
constexpr MetricDesc kLatency = {
    "redis_command_latency_seconds",
    MetricType::kGauge,
    "Percentiles of a command's time since the server started. Redis 7.0 and later.",
    {"cmd", "percentile"}};
constexpr MetricDesc kLatencyMicroseconds = {
    "redis_latency_percentiles_usec",
    MetricType::kGauge,
    "Quantiles of a command's time since the server started, in microseconds.",
    {"cmd", "quantile"},
    {},
    Exported::kForCompatibility};

constexpr std::array kOthers = {
    kUp,          kInstance,      kDatabaseKeys,       kDatabaseExpiring,
    kDatabaseTtl, kMasterUp,      kMasterDown,         kMasterIo,
    kMasterSync,  kReplicaOffset, kReplicasOffset,     kReplicasLag,
    kCommands,    kCommandTime,   kCommandsRejected,   kCommandsFailed,
    kErrors,      kLatency,       kLatencyMicroseconds};

constexpr double kMicrosecond = 1e-6;

/// Where the points of INFO go.
class Points {
 public:
  Points(MetricSink& sink, bool compatibility_names)
      : sink_(sink), compatibility_names_(compatibility_names) {}

  void Add(const MetricDesc& metric, std::initializer_list<std::string_view> labels,
           std::optional<double> value, double unit = 1) {
    const bool is_wanted = metric.exported == Exported::kAlways || compatibility_names_;
    if (value && is_wanted) sink_.Add(metric, labels, *value * unit);
  }

 private:
  MetricSink& sink_;
  const bool compatibility_names_;
};

/// Redis says -1 where there is nothing to tell.
std::optional<double> UnlessNegative(std::optional<double> value) {
  return value && *value < 0 ? std::nullopt : value;
}

void PublishFields(const RedisInfo& info, Points& points) {
  for (const InfoRow& row : kInfoTable) {
    const std::optional<double> value = info.Number(row.field);
    points.Add(row.metric, {}, row.may_be_negative ? value : UnlessNegative(value), row.unit);
  }
}

void PublishInstance(const RedisInfo& info, Points& points) {
  // It is asked like this since Redis 5, and by others before.
  const std::string_view role = info.Text("role") == "slave" ? "replica" : info.Text("role");
  points.Add(kInstance,
             {role, info.Text("redis_version"), info.Text("redis_mode"), info.Text("os"),
              info.Text("maxmemory_policy"), info.Text("run_id")},
             1);
}

void PublishDatabases(const RedisInfo& info, Points& points) {
  for (const auto& [name, value] : info.Beginning("db")) {
    const std::optional<double> keys = InfoNumber(value, "keys");
    if (!keys) continue;  // Some other field that begins like this.
    points.Add(kDatabaseKeys, {name}, keys);
    points.Add(kDatabaseExpiring, {name}, InfoNumber(value, "expires"));
    points.Add(kDatabaseTtl, {name}, InfoNumber(value, "avg_ttl"), 1e-3);
  }
}

void PublishMaster(const RedisInfo& info, Points& points) {
  const std::string_view host = info.Text("master_host");
  const std::string_view port = info.Text("master_port");
  if (host.empty()) return;
  points.Add(kMasterUp, {host, port}, info.Number("master_link_status"));
  points.Add(kMasterDown, {host, port},
             UnlessNegative(info.Number("master_link_down_since_seconds")));
  points.Add(kMasterIo, {host, port}, UnlessNegative(info.Number("master_last_io_seconds_ago")));
  points.Add(kMasterSync, {host, port}, info.Number("master_sync_in_progress"));
  points.Add(kReplicaOffset, {host, port}, info.Number("slave_repl_offset"));
}

/// "slave0:ip=10.0.0.1,port=6379,state=online,offset=14,lag=0".
void PublishReplicas(const RedisInfo& info, Points& points) {
  for (const auto& [name, value] : info.Beginning("slave")) {
    const std::string_view ip = InfoPart(value, "ip");
    if (ip.empty()) continue;
    const std::string_view port = InfoPart(value, "port");
    const std::string_view state = InfoPart(value, "state");
    points.Add(kReplicasOffset, {ip, port, state}, InfoNumber(value, "offset"));
    points.Add(kReplicasLag, {ip, port, state}, UnlessNegative(InfoNumber(value, "lag")));
  }
}

void PublishCommands(const RedisInfo& info, Points& points) {
  constexpr std::string_view kPrefix = "cmdstat_";
  for (const auto& [name, value] : info.Beginning(kPrefix)) {
    const std::string_view command = name.substr(kPrefix.size());
    points.Add(kCommands, {command}, InfoNumber(value, "calls"));
    points.Add(kCommandTime, {command}, InfoNumber(value, "usec"), kMicrosecond);
    points.Add(kCommandsRejected, {command}, InfoNumber(value, "rejected_calls"));
    points.Add(kCommandsFailed, {command}, InfoNumber(value, "failed_calls"));
  }
}

void PublishErrors(const RedisInfo& info, Points& points) {
  constexpr std::string_view kPrefix = "errorstat_";
  for (const auto& [name, value] : info.Beginning(kPrefix)) {
    points.Add(kErrors, {name.substr(kPrefix.size())}, InfoNumber(value, "count"));
  }
}

void PublishLatencies(const RedisInfo& info, Points& points) {
  for (const RedisLatency& latency : LatenciesIn(info)) {
    points.Add(kLatency, {latency.command, latency.percentile}, latency.microseconds, kMicrosecond);
    points.Add(kLatencyMicroseconds, {latency.command, latency.quantile}, latency.microseconds);
  }
}

class InfoTopic final : public Topic {
 public:
  explicit InfoTopic(const InfoSettings& settings)
      : settings_(settings),
        commands_{settings.command_stats ? RedisCommand{"INFO", "ALL"} : RedisCommand{"INFO"}} {}

  std::span<const RedisCommand> commands() const override { return commands_; }
  void Publish(std::span<const RedisReply> replies, Collection& collection) override;

 private:
  const InfoSettings settings_;
  const std::array<RedisCommand, 1> commands_;
};

void InfoTopic::Publish(std::span<const RedisReply> replies, Collection& collection) {
  Points points(collection.points, settings_.compatibility_names);
  points.Add(kUp, {}, 1);
  if (Status good = CheckReply(replies[0], RedisReply::Kind::kText, "INFO"); !good) {
    collection.parts.push_back({"info", good});
    return;
  }
  const Result<RedisInfo> info = RedisInfo::Parse(replies[0].text);
  if (!info) {
    collection.parts.push_back({"info", info.error()});
    return;
  }
  for (const auto publish : {PublishFields, PublishInstance, PublishDatabases, PublishMaster,
                             PublishReplicas, PublishCommands, PublishErrors, PublishLatencies}) {
    publish(*info, points);
  }
}

}  // namespace

std::unique_ptr<Topic> MakeInfoTopic(const InfoSettings& settings) {
  return std::make_unique<InfoTopic>(settings);
}

std::vector<MetricDesc> InfoMetrics() {
  std::vector<MetricDesc> all(kOthers.begin(), kOthers.end());
  for (const InfoRow& row : kInfoTable) all.push_back(row.metric);
  return all;
}

}  // namespace tocsin::collectors::redis
