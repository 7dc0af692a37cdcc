#include "collectors/http/round.h"

#include <algorithm>

namespace tocsin::collectors {

Duration TimeForRequests(const Attempt& attempt) {
  using std::chrono::milliseconds;
  const auto left =
      std::chrono::duration_cast<Duration>(attempt.deadline - std::chrono::steady_clock::now());
  const Duration kept = std::clamp<Duration>(left / 10, milliseconds(50), milliseconds(500));
  return std::max<Duration>(left - kept, milliseconds(1));
}

std::size_t HttpRound::Add(Ask ask) {
  asks_.push_back(std::move(ask));
  return asks_.size() - 1;
}

void HttpRound::Send(ParallelHttpClient& client, const std::stop_token& stop) {
  std::vector<HttpJob> jobs;
  jobs.reserve(asks_.size());
  for (const Ask& ask : asks_) jobs.push_back({ask.settings, ask.request, ask.timeout, ask.fresh});
  outcomes_ = client.SendAll(jobs, stop);
}

}  // namespace tocsin::collectors
