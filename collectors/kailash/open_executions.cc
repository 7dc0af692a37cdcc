#include "collectors/kailash/open_executions.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace tocsin::collectors::kailash {

bool OpenExecutions::Add(const std::string& run_id, Moment now) {
  if (since_.size() >= kMost && !since_.contains(run_id)) return false;
  since_.emplace(run_id, now);
  return true;
}

std::vector<std::string> OpenExecutions::NextBatch(std::size_t most) {
  std::vector<std::string> batch;
  batch.reserve(std::min(most, since_.size()));
  auto next = since_.upper_bound(last_);
  while (batch.size() < most && batch.size() < since_.size()) {
    if (next == since_.end()) next = since_.begin();
    batch.push_back(next->first);
    ++next;
  }
  if (!batch.empty()) last_ = batch.back();
  return batch;
}

std::size_t OpenExecutions::Expire(Moment now) {
  return std::erase_if(since_, [&](const auto& run) { return now - run.second > kLongest; });
}

boost::json::object OpenExecutions::Save() const {
  boost::json::object saved;
  for (const auto& [run_id, since] : since_) saved[run_id] = since.time_since_epoch().count();
  return saved;
}

void OpenExecutions::Restore(const boost::json::value& saved) {
  const boost::json::object* const runs = saved.if_object();
  if (runs == nullptr) return;
  for (const auto& [run_id, since] : *runs) {
    if (!since.is_int64() || since_.size() >= kMost) continue;
    since_.emplace(std::string(std::string_view(run_id)), Moment(Microseconds(since.get_int64())));
  }
}

}  // namespace tocsin::collectors::kailash
