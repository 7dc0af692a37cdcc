#include "exporter/connections.h"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

namespace tocsin {
namespace {

/// Who gives way first: those who have sent nothing of a request, then those who are at it, then
/// those who do not take their answer. A request that is being handled is never cut off.
int Rank(Connections::Phase phase) {
  switch (phase) {
    case Connections::Phase::kFresh:
    case Connections::Phase::kIdle:
    case Connections::Phase::kReading: return 0;
    case Connections::Phase::kSending: return 1;
    case Connections::Phase::kHandling: break;
  }
  return 2;
}

}  // namespace

void Connections::Add(int socket, SteadyPoint now) {
  const MutexLock lock(mutex_);
  if (held_.size() - closing_ >= limits_.most) CloseLongestWaitingLocked();
  held_.insert_or_assign(socket, Held{.phase = Phase::kFresh, .since = now});
}

void Connections::Remove(int socket) {
  const MutexLock lock(mutex_);
  const auto found = held_.find(socket);
  if (found == held_.end()) return;
  if (found->second.closing) --closing_;
  held_.erase(found);
  if (held_.empty()) gone_.notify_all();
}

void Connections::Enter(int socket, Phase phase, SteadyPoint now) {
  const MutexLock lock(mutex_);
  const auto found = held_.find(socket);
  if (found == held_.end()) return;
  found->second.phase = phase;
  found->second.since = now;
  found->second.abandoned = std::stop_source(std::nostopstate);
  if (phase == Phase::kIdle && draining()) Close(socket, found->second, SHUT_RDWR);
}

std::stop_token Connections::Watch(int socket) {
  const MutexLock lock(mutex_);
  const auto found = held_.find(socket);
  if (found == held_.end()) return {};
  found->second.abandoned = std::stop_source();
  return found->second.abandoned.get_token();
}

void Connections::StopAbandoned() {
  std::vector<std::stop_source> abandoned;
  {
    const MutexLock lock(mutex_);  // So that no socket is closed meanwhile.
    for (auto& [socket, held] : held_) {
      // Of those that are being closed, the end of the input is our own doing.
      if (held.closing || !held.abandoned.stop_possible()) continue;
      pollfd polled = {socket, POLLRDHUP, 0};
      if (poll(&polled, 1, 0) > 0) abandoned.push_back(held.abandoned);
    }
  }
  for (std::stop_source& source : abandoned) source.request_stop();
}

Duration Connections::LimitOf(Phase phase) const {
  switch (phase) {
    case Phase::kFresh: return limits_.first_request;
    case Phase::kIdle: return limits_.next_request;
    case Phase::kReading: return limits_.request;
    case Phase::kSending: return limits_.answer;
    case Phase::kHandling: break;
  }
  return Duration::max();
}

void Connections::CloseOverdue(SteadyPoint now) {
  const MutexLock lock(mutex_);
  for (auto& [socket, held] : held_) {
    if (now - held.since > LimitOf(held.phase)) Close(socket, held, SHUT_RDWR);
  }
}

void Connections::CloseLongestWaiting() {
  const MutexLock lock(mutex_);
  CloseLongestWaitingLocked();
}

void Connections::CloseLongestWaitingLocked() {
  auto chosen = held_.end();
  for (auto candidate = held_.begin(); candidate != held_.end(); ++candidate) {
    const Held& held = candidate->second;
    if (held.closing || held.phase == Phase::kHandling) continue;
    const bool first = chosen == held_.end();
    const int rank = Rank(held.phase);
    if (first || rank < Rank(chosen->second.phase) ||
        (rank == Rank(chosen->second.phase) && held.since < chosen->second.since)) {
      chosen = candidate;
    }
  }
  if (chosen != held_.end()) Close(chosen->first, chosen->second, SHUT_RDWR);
}

void Connections::Drain() {
  draining_.store(true, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  for (auto& [socket, held] : held_) {
    // What has come already is still read, and what was read is still answered: only the end of the
    // input is brought forward. To look for unread bytes instead would miss those that the library
    // has taken from the socket and not yet told us of.
    const bool waits = held.phase == Phase::kFresh || held.phase == Phase::kIdle;
    if (waits) Close(socket, held, SHUT_RD);
  }
}

bool Connections::AwaitNone(Duration grace) {
  const auto until = std::chrono::steady_clock::now() + grace;
  const MutexLock lock(mutex_);
  while (!held_.empty()) {
    if (gone_.wait_until(mutex_, until) == std::cv_status::timeout) return held_.empty();
  }
  return true;
}

std::size_t Connections::size() const {
  const MutexLock lock(mutex_);
  return held_.size();
}

void Connections::Close(int socket, Held& held, int how) {
  if (held.closing) return;
  held.closing = true;
  ++closing_;
  shutdown(socket, how);
}

}  // namespace tocsin
