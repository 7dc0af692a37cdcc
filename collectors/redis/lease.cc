#include "collectors/redis/lease.h"

#include <utility>

#include "collectors/json_member.h"

namespace tocsin::collectors {

Status RedisLease::Note(const RedisReply& holder, const RedisReply& ttl) {
  is_known_ = false;
  if (!holder.is_nil()) {
    if (Status good = CheckReply(holder, RedisReply::Kind::kText, "GET " + key_); !good) {
      return good;
    }
  }
  if (Status good = CheckReply(ttl, RedisReply::Kind::kInteger, "PTTL " + key_); !good) return good;
  Note(holder.text,
       ttl.integer < 0 ? std::nullopt : std::optional(static_cast<double>(ttl.integer) / 1000));
  return {};
}

void RedisLease::Note(std::string holder, std::optional<double> ttl_seconds) {
  is_known_ = true;
  holder_ = std::move(holder);
  ttl_seconds_ = holder_.empty() ? std::nullopt : ttl_seconds;
  if (!is_restored_ || holder_.empty() || holder_ == last_holder_) return;
  if (!last_holder_.empty()) ++changes_;
  last_holder_ = holder_;
}

void RedisLease::Publish(const RedisLeaseMetrics& metrics, MetricSink& points) const {
  if (is_restored_) points.Add(metrics.changes, {name_}, static_cast<double>(changes_));
  if (!is_known_) return;
  points.Add(metrics.held, {name_}, holder_.empty() ? 0 : 1);
  if (ttl_seconds_) points.Add(metrics.ttl, {name_}, *ttl_seconds_);
  if (!holder_.empty() && holder_.size() <= kLongestHolder) {
    points.Add(metrics.holder, {name_, holder_}, 1);
  }
}

boost::json::object RedisLease::Save() const {
  return {{"holder", last_holder_}, {"changes", changes_}};
}

void RedisLease::Restore(const boost::json::value& saved) {
  is_restored_ = true;
  last_holder_ = TextIn(saved, "holder");
  changes_ = CountIn(saved, "changes");
}

}  // namespace tocsin::collectors
