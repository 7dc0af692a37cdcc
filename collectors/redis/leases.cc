#include "collectors/redis/leases.h"

#include <set>
#include <utility>

#include "collectors/json_member.h"

namespace tocsin::collectors::redis {
namespace {

constexpr MetricDesc kHeld = {
    "redis_lease_held", MetricType::kGauge, "1 while somebody holds the lease.", {"lease"}};
constexpr MetricDesc kTtl = {
    "redis_lease_ttl_seconds",
    MetricType::kGauge,
    "Time until the lease runs out; absent while nobody holds it or if it never does.",
    {"lease"}};
constexpr MetricDesc kHolder = {
    "redis_lease_info", MetricType::kGauge, "1, with who holds the lease.", {"lease", "holder"}};
constexpr MetricDesc kChanges = {"redis_lease_holder_changes_total",
                                 MetricType::kCounter,
                                 "Times that another holder was seen than before. Changes between "
                                 "two collections are not.",
                                 {"lease"}};
constexpr RedisLeaseMetrics kMetrics = {kHeld, kTtl, kHolder, kChanges};

class LeasesTopic final : public Topic {
 public:
  explicit LeasesTopic(std::vector<RedisLease> leases) : leases_(std::move(leases)) {
    for (const RedisLease& lease : leases_) {
      commands_.push_back(lease.AskHolder());
      commands_.push_back(lease.AskTtl());
    }
  }

  std::span<const RedisCommand> commands() const override { return commands_; }
  void Publish(std::span<const RedisReply> replies, Collection& collection) override;
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  std::vector<RedisLease> leases_;
  std::vector<RedisCommand> commands_;
};

void LeasesTopic::Publish(std::span<const RedisReply> replies, Collection& collection) {
  for (std::size_t i = 0; i < leases_.size(); ++i) {
    if (Status noted = leases_[i].Note(replies[2 * i], replies[2 * i + 1]); !noted) {
      collection.parts.push_back({"lease " + leases_[i].name(), noted});
    }
    leases_[i].Publish(kMetrics, collection.points);
  }
}

void LeasesTopic::Save(boost::json::object& state) const {
  for (const RedisLease& lease : leases_) state[lease.name()] = lease.Save();
}

void LeasesTopic::Restore(const boost::json::value& saved) {
  for (RedisLease& lease : leases_) lease.Restore(MemberIn(saved, lease.name()));
}

}  // namespace

std::vector<RedisLease> ReadLeases(YamlMap& options) {
  std::vector<RedisLease> leases;
  std::set<std::string> names;
  for (const YamlNode& node : options.List("leases")) {
    YamlMap entry(node, options.diagnostics());
    std::string key = entry.RequiredString("key");
    std::string name = entry.StringOr("name", key);
    if (!names.insert(name).second) entry.Refuse("name", "another lease has this name");
    leases.emplace_back(std::move(name), std::move(key));
  }
  return leases;
}

std::unique_ptr<Topic> MakeLeasesTopic(std::vector<RedisLease> leases) {
  return std::make_unique<LeasesTopic>(std::move(leases));
}

std::vector<MetricDesc> LeaseMetrics() {
  return {kHeld, kTtl, kHolder, kChanges};
}

}  // namespace tocsin::collectors::redis
