#include "exporter/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

namespace tocsin {
namespace {

SteadyPoint SteadyNow() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

}  // namespace

Acceptor::Acceptor(std::vector<Listener> listeners, Connections& connections, Duration sweep_period,
                   Accepted accepted)
    : listeners_(std::move(listeners)),
      connections_(connections),
      sweep_period_(sweep_period),
      accepted_(std::move(accepted)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Acceptor::~Acceptor() {
  StopAccepting();
}

std::vector<std::string> Acceptor::addresses() const {
  std::vector<std::string> addresses;
  for (const Listener& listener : listeners_) addresses.push_back(listener.address);
  return addresses;
}

void Acceptor::StopAccepting() {
  thread_.request_stop();
  eventfd_write(wake_.get(), 1);
  if (!thread_.joinable()) return;
  thread_.join();
  for (Listener& listener : listeners_) {
    AcceptWaiting(listener.socket.get());
    listener.socket = FileDescriptor();
  }
}

void Acceptor::Run(const std::stop_token& stop) {
  std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}};
  for (const Listener& listener : listeners_) polled.push_back({listener.socket.get(), POLLIN, 0});
  SteadyPoint looked = SteadyNow();
  while (!stop.stop_requested()) {
    // Nothing to sweep without connections, and they come by this thread only.
    const bool idle = connections_.size() == 0;
    poll(polled.data(), polled.size(), idle ? -1 : static_cast<int>(sweep_period_.count()));
    const SteadyPoint now = SteadyNow();
    connections_.CloseOverdue(now);
    if (now - looked >= sweep_period_) {  // Not with each new connection: it asks the system.
      connections_.StopAbandoned();
      looked = now;
    }
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) AcceptOne(polled[i].fd);
    }
  }
}

/// Takes the clients that have connected and were not accepted yet: they may have asked already.
void Acceptor::AcceptWaiting(int listener) {
  for (;;) {
    FileDescriptor socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() < 0) return;
    accepted_(std::move(socket));
  }
}

void Acceptor::AcceptOne(int listener) {
  FileDescriptor socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.get() >= 0) {
    accepted_(std::move(socket));
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    // The client stays in the kernel's queue: make room, and do not spin meanwhile.
    connections_.CloseLongestWaiting();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace tocsin
