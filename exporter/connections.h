// The connections that the HTTP server holds, and which of them must go.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <stop_token>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"

namespace tocsin {

/// Keeps count of what each connection is doing and since when, so that clients who do nothing, or
/// do it too slowly, give way to those who ask.
///
/// When the server is full, the connection that has waited longest for its client is closed in
/// favour of the new one. Nobody is refused, so a client that holds many idle connections only ever
/// closes its own: to shut a scraper out, it would have to open `most` connections between the
/// scraper's connecting and its request. Counting by address would be weaker: the scraper may come
/// from the same address.
///
/// Closing means shutdown(): the library that owns the socket then sees its end and closes it.
/// Safe for concurrent use.
class Connections {
 public:
  struct Limits {
    std::size_t most;
    Duration first_request;  ///< From connecting to the first line of the first request.
    Duration next_request;   ///< From the end of an answer to the first line of the next request.
    Duration request;        ///< From the first line of a request to the end of its body.
    Duration answer;         ///< For sending an answer, however large.
  };

  enum class Phase {
    kFresh,     ///< Waits for the first request.
    kIdle,      ///< Waits for another request.
    kReading,   ///< A request has begun.
    kHandling,  ///< A request is complete and its answer is being made: our own time.
    kSending,   ///< The answer is on its way.
  };

  explicit Connections(Limits limits) : limits_(limits) {}

  /// Takes a new connection in, closing another one if there are too many.
  void Add(int socket, SteadyPoint now);
  /// To be called before `socket` is closed, which may then be another connection's number.
  void Remove(int socket);
  void Enter(int socket, Phase phase, SteadyPoint now);

  /// For a request whose handling may take long: stops if the client leaves before the connection
  /// enters its next phase. A client that only sends no more counts as one that has left, as it
  /// does for Prometheus; the two cannot be told apart before something is sent.
  std::stop_token Watch(int socket);
  /// Looks which of the watched clients have left. To be called about once a second.
  void StopAbandoned();

  /// Closes the connections that have been in their phase for too long.
  void CloseOverdue(SteadyPoint now);
  /// Closes the connection that has waited longest for its client, if there is one.
  void CloseLongestWaiting();

  /// From now on no connection is kept for a next request; those that wait for one are closed,
  /// unless it is on its way.
  void Drain();
  bool draining() const { return draining_.load(std::memory_order_relaxed); }
  /// Waits until all have gone, at most for `grace`. Returns whether they have.
  bool AwaitNone(Duration grace);

  std::size_t size() const;

 private:
  struct Held {
    Phase phase = Phase::kFresh;
    SteadyPoint since;
    bool closing = false;
    std::stop_source abandoned{std::nostopstate};  ///< With a state while it is watched.
  };

  Duration LimitOf(Phase phase) const;
  /// `how`: as for shutdown().
  void Close(int socket, Held& held, int how) TOCSIN_REQUIRES(mutex_);
  void CloseLongestWaitingLocked() TOCSIN_REQUIRES(mutex_);

  const Limits limits_;
  mutable Mutex mutex_;
  std::condition_variable_any gone_;
  std::unordered_map<int, Held> held_ TOCSIN_GUARDED_BY(mutex_);
  std::size_t closing_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> draining_ = false;
};

}  // namespace tocsin
