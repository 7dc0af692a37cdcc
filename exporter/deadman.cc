#include "exporter/deadman.h"

#include <utility>

#include <fmt/format.h>

#include "base/secret.h"
#include "notify/outcome.h"

namespace tocsin {
namespace {

/// How late a call may be after the evaluation that it tells of.
constexpr Duration kLook = std::chrono::milliseconds(200);

}  // namespace

Deadman::Deadman(Parts parts)
    : parts_(std::move(parts)),
      rounds_(parts_.progress),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Deadman::~Deadman() {
  Stop();
}

void Deadman::Configure(std::shared_ptr<const notify::NotifyConfig> config) {
  const MutexLock lock(mutex_);
  config_ = std::move(config);
}

Deadman::Stats Deadman::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void Deadman::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Deadman::Run(const std::stop_token& stop) {
  do {
    Look(stop);
  } while (parts_.clock.WaitUntil(parts_.clock.SteadyNow() + kLook, stop));
}

void Deadman::Look(const std::stop_token& stop) {
  std::shared_ptr<const notify::NotifyConfig> config;
  {
    const MutexLock lock(mutex_);
    config = config_;
  }
  if (config == nullptr || !config->deadman.url.is_set()) return;
  const SteadyPoint now = parts_.clock.SteadyNow();
  if (last_call_ && now < *last_call_ + config->deadman.interval) return;
  if (!rounds_.HasEnded()) return;
  last_call_ = now;
  const Status called = Call(config->deadman, stop);
  if (!stop.stop_requested()) Report(called);
}

Status Deadman::Call(const notify::DeadmanConfig& config, const std::stop_token& stop) const {
  const Result<Secret> url = config.url.Read();
  if (!url) return url.error();
  HttpSettings settings = config.http;
  settings.user_agent = parts_.user_agent;
  OutgoingRequest request;
  request.url = url->Reveal();
  const Result<HttpAnswer> answer = parts_.make_client(std::move(settings))->Send(request, stop);
  const notify::Outcome outcome = notify::Judge(answer, parts_.clock.Now());
  if (outcome.next == notify::Outcome::Next::kDelivered) return {};
  // What the answer says is not shown: it may repeat the URL, which is a secret.
  return Error{ErrorCode::kUnavailable,
               answer ? fmt::format("status {}", answer->status) : outcome.message};
}

void Deadman::Report(const Status& called) {
  {
    const MutexLock lock(mutex_);
    ++(called ? stats_.calls : stats_.failures);
  }
  const bool fails = !called;
  if (fails == is_failing_) return;
  is_failing_ = fails;
  if (fails) {
    parts_.log.Warn("the dead-man's switch cannot be told that tocsin is alive",
                    {{"error", called.error().message}});
  } else {
    parts_.log.Info("the dead-man's switch is told again that tocsin is alive");
  }
}

}  // namespace tocsin
