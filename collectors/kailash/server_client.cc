#include "collectors/kailash/server_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace tocsin::collectors::kailash {
namespace {

/// The parallel client, because that lets each request have a time of its own.
class CurlServerClient final : public ServerClient {
 public:
  explicit CurlServerClient(HttpSettings settings) : settings_(std::move(settings)) {}

  Result<HttpAnswer> Send(const OutgoingRequest& request, const Attempt& attempt) override {
    const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
    const Duration left = attempt.deadline - now;
    if (left <= Duration(0)) return Error{ErrorCode::kTimeout, "no time was left to ask"};
    const std::array jobs = {HttpJob{
        .settings = settings_, .request = request, .timeout = std::min(settings_.timeout, left)}};
    return std::move(client_.SendAll(jobs, attempt.stop).front().answer);
  }

 private:
  const HttpSettings settings_;
  ParallelHttpClient client_;
};

}  // namespace

std::unique_ptr<ServerClient> MakeServerClient(HttpSettings settings) {
  return std::make_unique<CurlServerClient>(std::move(settings));
}

}  // namespace tocsin::collectors::kailash
