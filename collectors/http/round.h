// Requests of one collection, all made at the same time.

#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// The time that requests sent now may take, so that what became of them is told before the
/// deadline: a collection that ends later than that has failed as a whole, and the servers that
/// answered are not heard. Keeps back a tenth, but at least 50 ms and at most half a second.
Duration TimeForRequests(const Attempt& attempt);

/// Gathers requests, sends them together, and holds what became of each. One thread at a time.
class HttpRound {
 public:
  struct Ask {
    const HttpSettings& settings;  ///< Outlives the round.
    OutgoingRequest request;
    Duration timeout;
    bool fresh = false;  ///< As in HttpJob.
  };

  /// The number of the request, by which its outcome is found.
  std::size_t Add(Ask ask);
  /// To be called once, after the last Add().
  void Send(ParallelHttpClient& client, const std::stop_token& stop);

  /// Only after Send().
  HttpOutcome& At(std::size_t number) { return outcomes_[number]; }
  const HttpOutcome& At(std::size_t number) const { return outcomes_[number]; }

 private:
  std::deque<Ask> asks_;
  std::vector<HttpOutcome> outcomes_;
};

}  // namespace tocsin::collectors
