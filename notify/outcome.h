// What became of one request to a receiver.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"

namespace tocsin::notify {

/// Why a request failed, as the `reason` label of tocsin_notifications_failed_total.
enum class FailureReason {
  kAuth,         ///< 401, 403, 407; a certificate that is not trusted; a secret that is not there.
  kRateLimit,    ///< 429.
  kInvalid,      ///< Any other status that is not 2xx or 5xx: the receiver will not have it.
  kTimeout,      ///< No answer in time, or 408.
  kServer,       ///< 5xx, 425, or an answer that is no HTTP.
  kUnreachable,  ///< No connection, or one that broke.
};
inline constexpr std::array kFailureReasons = {
    FailureReason::kAuth,    FailureReason::kRateLimit, FailureReason::kInvalid,
    FailureReason::kTimeout, FailureReason::kServer,    FailureReason::kUnreachable};
/// "auth", "rate_limit", "invalid", "timeout", "server", "unreachable".
std::string_view Name(FailureReason reason);

/// Delivered, or how it failed and what to do next.
struct Outcome {
  enum class Next { kDelivered, kRetry, kGiveUp };

  Next next = Next::kDelivered;
  FailureReason reason = FailureReason::kInvalid;  ///< Unless delivered.
  std::string message;                  ///< What the receiver said, or why it was not asked.
  std::optional<Duration> retry_after;  ///< What the receiver asks for.
  bool in_part =
      false;  ///< Delivered, but not to all that it was for: the message says to whom not.
};

/// Judges by the status, as most receivers mean it: 2xx is delivered; 408, 425, 429 and 5xx are
/// retried, and so is what brought no answer; all else is given up, since asking the same again
/// gives the same answer. `now` is for a Retry-After that is a date.
Outcome Judge(const Result<HttpAnswer>& answer, TimePoint now);

}  // namespace tocsin::notify
