#include "notify/pauses.h"

#include <algorithm>

namespace tocsin::notify {
namespace {

bool ConcernsDestination(const Outcome& outcome) {
  return outcome.retry_after.has_value() || outcome.reason == FailureReason::kRateLimit ||
         outcome.reason == FailureReason::kUnreachable;
}

}  // namespace

Pauses::Pauses() : random_(std::random_device{}()) {}

void Pauses::Succeeded(const std::string& key) {
  destination_.Succeeded();
  keys_.erase(key);
}

SteadyPoint Pauses::Failed(const std::string& key, const Outcome& outcome, std::uint64_t epoch,
                           SteadyPoint now) {
  const double random = std::uniform_real_distribution<double>()(random_);
  if (!ConcernsDestination(outcome)) return now + keys_[key].Failed(random, std::nullopt);
  if (epoch == epoch_) {
    until_ = std::max(until_, now + destination_.Failed(random, outcome.retry_after));
    ++epoch_;
  } else if (outcome.retry_after) {
    until_ = std::max(until_, now + std::min(*outcome.retry_after, Backoff::kLongestAsked));
  }
  return SteadyPoint::min();
}

void Pauses::End() {
  until_ = SteadyPoint::min();
  ++epoch_;
}

void Pauses::Reset() {
  keys_.clear();
  destination_.Succeeded();
  End();
}

}  // namespace tocsin::notify
