#include "notify/outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

struct Verdict {
  Next next;
  FailureReason reason;
};

Verdict VerdictOn(int status) {
  switch (status) {
    case 401:
    case 403:
    case 407: return {Next::kGiveUp, FailureReason::kAuth};
    case 408: return {Next::kRetry, FailureReason::kTimeout};
    case 425: return {Next::kRetry, FailureReason::kServer};
    case 429: return {Next::kRetry, FailureReason::kRateLimit};
    default: break;
  }
  if (status >= 500) return {Next::kRetry, FailureReason::kServer};
  return {Next::kGiveUp, FailureReason::kInvalid};
}

Verdict VerdictOn(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTimeout: return {Next::kRetry, FailureReason::kTimeout};
    case ErrorCode::kDenied: return {Next::kRetry, FailureReason::kAuth};
    case ErrorCode::kCorrupt: return {Next::kRetry, FailureReason::kServer};
    case ErrorCode::kUnavailable:
    case ErrorCode::kNotFound: return {Next::kRetry, FailureReason::kUnreachable};
    case ErrorCode::kInvalidInput:
    case ErrorCode::kTooLarge: break;
  }
  return {Next::kGiveUp, FailureReason::kInvalid};
}

/// The beginning of the first line of an answer, for a message.
std::string FirstLine(std::string_view body) {
  constexpr std::size_t kMostShown = 200;
  return ToUtf8(body.substr(0, std::min(body.find_first_of("\r\n"), kMostShown)));
}

}  // namespace

std::string_view Name(FailureReason reason) {
  switch (reason) {
    case FailureReason::kAuth: return "auth";
    case FailureReason::kRateLimit: return "rate_limit";
    case FailureReason::kInvalid: return "invalid";
    case FailureReason::kTimeout: return "timeout";
    case FailureReason::kServer: return "server";
    case FailureReason::kUnreachable: return "unreachable";
  }
  return {};
}

Outcome Judge(const Result<HttpAnswer>& answer, TimePoint now) {
  if (!answer) {
    const Verdict verdict = VerdictOn(answer.error().code);
    return {verdict.next, verdict.reason, answer.error().message, std::nullopt};
  }
  if (answer->ok()) return {};
  const Verdict verdict = VerdictOn(answer->status);
  std::string message = fmt::format("status {}", answer->status);
  if (const std::string line = FirstLine(answer->body); !line.empty()) message += ": " + line;
  return {verdict.next, verdict.reason, std::move(message), RetryAfter(*answer, now)};
}

}  // namespace tocsin::notify
