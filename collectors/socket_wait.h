#pragma once

#include <stop_token>

#include "collectors/collector.h"

namespace tocsin::collectors {

/// Waits for sockets during one attempt; its end wakes the waiter at once. One thread at a time.
/// The attempt must outlive it.
class SocketWait {
 public:
  explicit SocketWait(const Attempt& attempt);
  SocketWait(const SocketWait&) = delete;
  SocketWait& operator=(const SocketWait&) = delete;

  /// Waits until one of `events` (POLLIN, POLLOUT) or an error is there on `socket`. False if the
  /// attempt is over, even if the socket happens to be ready as well.
  bool For(int socket, short events) const;

 private:
  /// An eventfd, readable once a stop is requested; -1 if none can come or no descriptor was left.
  class Event {
   public:
    explicit Event(const std::stop_token& stop);
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    int descriptor() const { return descriptor_; }

   private:
    const int descriptor_;
  };

  struct Wake {
    int descriptor;
    void operator()() const;
  };

  const Attempt& attempt_;
  const Event event_;  // Closed after the callback that writes to it is gone.
  const std::stop_callback<Wake> on_stop_;
};

}  // namespace tocsin::collectors
