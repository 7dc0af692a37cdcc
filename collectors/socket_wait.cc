#include "collectors/socket_wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace tocsin::collectors {
namespace {

/// How often a stop is looked for when there was no descriptor left for the event.
constexpr Duration kWithoutEvent{100};
/// So that a far deadline fits poll(2)'s milliseconds.
constexpr Duration kLongestWait = std::chrono::hours(1);

}  // namespace

SocketWait::Event::Event(const std::stop_token& stop)
    : descriptor_(stop.stop_possible() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1) {}

SocketWait::Event::~Event() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SocketWait::Wake::operator()() const {
  if (descriptor >= 0) static_cast<void>(::eventfd_write(descriptor, 1));
}

SocketWait::SocketWait(const Attempt& attempt)
    : attempt_(attempt), event_(attempt.stop), on_stop_(attempt.stop, Wake{event_.descriptor()}) {}

bool SocketWait::For(int socket, short events) const {
  for (;;) {
    const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
    if (attempt_.stop.stop_requested() || now >= attempt_.deadline) return false;
    Duration wait = std::min(attempt_.deadline - now, kLongestWait);
    if (event_.descriptor() < 0 && attempt_.stop.stop_possible()) {
      wait = std::min(wait, kWithoutEvent);
    }
    // poll(2) skips negative descriptors.
    std::array<pollfd, 2> ready = {pollfd{socket, events, 0},
                                   pollfd{event_.descriptor(), POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), static_cast<int>(wait.count())) > 0 &&
        ready[0].revents != 0) {
      return !attempt_.stop.stop_requested();
    }
  }
}

}  // namespace tocsin::collectors
