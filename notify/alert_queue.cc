#include "notify/alert_queue.h"

#include <iterator>
#include <utility>

namespace tocsin::notify {
namespace {

bool IsExpired(const Alert& alert, TimePoint now) {
  if (alert.ends_at == TimePoint{}) return false;
  return now >= alert.ends_at + (alert.resolved ? AlertQueue::kResolvedPatience : Duration(0));
}

}  // namespace

std::size_t AlertQueue::Push(OutgoingAlert alert) {
  if (const auto found = by_labels_.find(alert.labels); found != by_labels_.end()) {
    found->second->alert = std::move(alert.alert);
    return 0;
  }
  std::size_t dropped = 0;
  if (alerts_.size() >= capacity_) {
    by_labels_.erase(alerts_.front().labels);
    alerts_.pop_front();
    dropped = 1;
  }
  alerts_.push_back(std::move(alert));
  by_labels_.emplace(alerts_.back().labels, std::prev(alerts_.end()));
  return dropped;
}

AlertQueue::Batch AlertQueue::Take(std::size_t most, TimePoint now) {
  Batch batch;
  while (!alerts_.empty() && batch.alerts.size() < most) {
    by_labels_.erase(alerts_.front().labels);
    if (IsExpired(*alerts_.front().alert, now)) {
      ++batch.expired;
    } else {
      batch.alerts.push_back(std::move(alerts_.front()));
    }
    alerts_.pop_front();
  }
  return batch;
}

AlertQueue::Returned AlertQueue::PutBack(OutgoingAlerts alerts) {
  Returned returned;
  for (auto alert = alerts.rbegin(); alert != alerts.rend(); ++alert) {  // The newest first.
    if (by_labels_.contains(alert->labels)) continue;
    if (alerts_.size() >= capacity_) {
      ++returned.dropped;
      continue;
    }
    alerts_.push_front(std::move(*alert));
    by_labels_.emplace(alerts_.front().labels, alerts_.begin());
    ++returned.kept;
  }
  return returned;
}

std::size_t AlertQueue::Clear() {
  const std::size_t size = alerts_.size();
  by_labels_.clear();
  alerts_.clear();
  return size;
}

}  // namespace tocsin::notify
