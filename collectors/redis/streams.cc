#include "collectors/redis/streams.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace tocsin::collectors::redis {
namespace {

constexpr MetricDesc kLength = {"redis_stream_length",
                                MetricType::kGauge,
                                "Entries of a stream; 0 for one that is not there.",
                                {"db", "stream"}};
constexpr MetricDesc kGroups = {
    "redis_stream_groups", MetricType::kGauge, "Consumer groups of a stream.", {"db", "stream"}};
constexpr MetricDesc kConsumers = {"redis_stream_group_consumers",
                                   MetricType::kGauge,
                                   "Consumers of a group.",
                                   {"db", "stream", "group"}};
constexpr MetricDesc kPending = {"redis_stream_group_messages_pending",
                                 MetricType::kGauge,
                                 "Entries that consumers of a group have taken and not confirmed.",
                                 {"db", "stream", "group"}};
constexpr MetricDesc kLag = {
    "redis_stream_group_lag",
    MetricType::kGauge,
    "Entries that no consumer of a group has taken yet; absent before Redis 7.0 and where the "
    "server cannot tell, after entries were deleted.",
    {"db", "stream", "group"}};

/// The value beside `name` in a list of names and values; null if there is none.
const RedisReply* Find(const RedisReply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2) {
    if (list.items[i].text == name) return &list.items[i + 1];
  }
  return nullptr;
}

class StreamsTopic final : public Topic {
 public:
  StreamsTopic(std::vector<std::string> streams, int database)
      : streams_(std::move(streams)), database_("db" + std::to_string(database)) {
    for (const std::string& stream : streams_) {
      commands_.push_back({"XLEN", stream});
      commands_.push_back({"XINFO", "GROUPS", stream});
    }
  }

  std::span<const RedisCommand> commands() const override { return commands_; }
  void Publish(std::span<const RedisReply> replies, Collection& collection) override;

 private:
  Status PublishStream(const std::string& stream, const RedisReply& length,
                       const RedisReply& groups, MetricSink& points) const;
  void PublishGroup(const std::string& stream, const RedisReply& group, MetricSink& points) const;

  const std::vector<std::string> streams_;
  const std::string database_;
  std::vector<RedisCommand> commands_;
};

void StreamsTopic::Publish(std::span<const RedisReply> replies, Collection& collection) {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const Status published =
        PublishStream(streams_[i], replies[2 * i], replies[2 * i + 1], collection.points);
    if (!published) collection.parts.push_back({"stream " + streams_[i], published});
  }
}

Status StreamsTopic::PublishStream(const std::string& stream, const RedisReply& length,
                                   const RedisReply& groups, MetricSink& points) const {
  if (Status good = CheckReply(length, RedisReply::Kind::kInteger, "XLEN"); !good) return good;
  points.Add(kLength, {database_, stream}, static_cast<double>(length.integer));
  const bool is_missing = groups.is_error() && groups.text.starts_with("ERR no such key");
  if (is_missing) {
    points.Add(kGroups, {database_, stream}, 0);
    return {};
  }
  if (Status good = CheckReply(groups, RedisReply::Kind::kArray, "XINFO GROUPS"); !good) {
    return good;
  }
  points.Add(kGroups, {database_, stream}, static_cast<double>(groups.items.size()));
  for (const RedisReply& group : groups.items) PublishGroup(stream, group, points);
  return {};
}

void StreamsTopic::PublishGroup(const std::string& stream, const RedisReply& group,
                                MetricSink& points) const {
  const RedisReply* const name = Find(group, "name");
  if (name == nullptr) return;
  constexpr std::array<std::pair<std::string_view, const MetricDesc*>, 3> kFields = {
      {{"consumers", &kConsumers}, {"pending", &kPending}, {"lag", &kLag}}};
  for (const auto& [field, metric] : kFields) {
    const RedisReply* const value = Find(group, field);
    const std::optional<double> number = value == nullptr ? std::nullopt : value->Number();
    if (number) points.Add(*metric, {database_, stream, name->text}, *number);
  }
}

}  // namespace

std::unique_ptr<Topic> MakeStreamsTopic(std::vector<std::string> streams, int database) {
  return std::make_unique<StreamsTopic>(std::move(streams), database);
}

std::vector<MetricDesc> StreamMetrics() {
  return {kLength, kGroups, kConsumers, kPending, kLag};
}

}  // namespace tocsin::collectors::redis
