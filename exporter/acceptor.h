// The thread that takes new connections, and looks after those there are.

#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "exporter/connections.h"
#include "exporter/listener.h"

namespace tocsin {

/// Takes connections from the listening sockets and gives them away, until stopped. Every
/// `sweep_period`, as long as there are connections, it closes those that are overdue and stops the
/// requests whose clients have left.
class Acceptor {
 public:
  /// Called with each new socket, on the acceptor's thread, and owns it.
  using Accepted = std::function<void(FileDescriptor)>;

  /// `connections` outlives this.
  Acceptor(std::vector<Listener> listeners, Connections& connections, Duration sweep_period,
           Accepted accepted);
  /// Stops as StopAccepting() does.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::vector<std::string> addresses() const;

  /// Ends the thread and closes the listening sockets. Clients that had connected are still
  /// accepted.
  void StopAccepting();

 private:
  void Run(const std::stop_token& stop);
  void AcceptWaiting(int listener);
  void AcceptOne(int listener);

  std::vector<Listener> listeners_;
  Connections& connections_;
  const Duration sweep_period_;
  const Accepted accepted_;
  FileDescriptor wake_;
  std::jthread thread_;
};

}  // namespace tocsin
