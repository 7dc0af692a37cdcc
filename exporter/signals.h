// The signals that tocsin answers, as something that a loop can wait for.

#pragma once

#include <csignal>

namespace tocsin {

/// Takes SIGHUP, SIGINT and SIGTERM out of the hands of the kernel, so that no code of ours ever
/// runs inside a signal handler; ignores SIGPIPE. One per process, made before any thread is,
/// because threads inherit what is blocked. To be used by the thread that made it.
class Signals {
 public:
  enum class Request { kReload, kStop };

  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Blocks until there is a request.
  Request Wait() const;

  /// Makes Wait() return kStop, as SIGTERM does. From any thread.
  void RequestStop() const;

  /// Gives the signals back: from now on the next one ends the process at once, whatever it is
  /// doing.
  void GiveBack() const;

 private:
  sigset_t taken_{};
};

}  // namespace tocsin
