#include "collectors/dagster/json_answer.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/clock.h"

namespace tocsin::collectors::dagster {
namespace {

/// A time of 0 would be no limit at all.
constexpr Duration kLeastTime{10};

ErrorCode CodeOf(int status) {
  if (status == 401 || status == 403) return ErrorCode::kDenied;
  if (status == 404) return ErrorCode::kNotFound;
  return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kCorrupt;
}

}  // namespace

Result<boost::json::object> JsonObjectOf(const HttpAnswer& answer) {
  if (!answer.ok()) {
    return Error{CodeOf(answer.status), fmt::format("answered with status {}", answer.status)};
  }
  boost::json::error_code problem;
  boost::json::value value = boost::json::parse(answer.body, problem);
  if (problem || !value.is_object()) {
    return Error{ErrorCode::kCorrupt, "expected a JSON object, got something else"};
  }
  return std::move(value.get_object());
}

Result<HttpAnswer> Ask(ParallelHttpClient& client, const HttpSettings& settings,
                       const OutgoingRequest& request, const Attempt& attempt) {
  const auto left =
      std::chrono::duration_cast<Duration>(attempt.deadline - std::chrono::steady_clock::now());
  const HttpJob job{
      .settings = settings, .request = request, .timeout = std::max(left, kLeastTime)};
  return std::move(client.SendAll(std::span(&job, 1), attempt.stop).front().answer);
}

}  // namespace tocsin::collectors::dagster
