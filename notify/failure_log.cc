#include "notify/failure_log.h"

#include <utility>

namespace tocsin::notify {
namespace {

constexpr RateLimit kLines{.per_second = 1.0 / 60, .burst = 10};

}  // namespace

FailureLog::FailureLog(Destination destination, const Clock& clock, const Log& log)
    : destination_(std::move(destination)), clock_(clock), log_(log), lines_(kLines) {}

void FailureLog::Delivered(const Outcome& outcome) {
  failing_since_.reset();
  last_error_.clear();
  if (outcome.in_part && !lines_.Take(clock_.SteadyNow())) {
    log_.Warn("notification delivered in part", {{"receiver", destination_.receiver},
                                                 {"integration", destination_.entry},
                                                 {"error", outcome.message}});
  }
  if (!std::exchange(is_said_, false)) return;
  log_.Info("receiver takes notifications again",
            {{"receiver", destination_.receiver}, {"integration", destination_.entry}});
}

void FailureLog::Retried(const Outcome& outcome) {
  Remember(outcome);
  if (std::exchange(is_said_, true)) return;
  log_.Warn("receiver does not take notifications, trying again",
            {{"receiver", destination_.receiver},
             {"integration", destination_.entry},
             {"reason", std::string(Name(outcome.reason))},
             {"error", outcome.message}});
}

void FailureLog::GivenUp(const Notification& notification, const Outcome& outcome) {
  Remember(outcome);
  if (lines_.Take(clock_.SteadyNow())) {
    ++not_said_;
    return;
  }
  log_.Error("notification given up", {{"receiver", destination_.receiver},
                                       {"integration", destination_.entry},
                                       {"event", notification.event_id},
                                       {"group", notification.group_key},
                                       {"reason", std::string(Name(outcome.reason))},
                                       {"error", outcome.message},
                                       {"not_said", std::to_string(std::exchange(not_said_, 0))}});
}

void FailureLog::Remember(const Outcome& outcome) {
  if (!failing_since_) failing_since_ = clock_.Now();
  last_error_ = outcome.message;
}

}  // namespace tocsin::notify
