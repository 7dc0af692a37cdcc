#include "base/http_problem.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "base/curl_handle.h"
#include "base/duration.h"

namespace tocsin {
namespace {

constexpr std::string_view kBroken = "the connection ended before the answer did";
constexpr std::string_view kNoHttp = "the answer is no HTTP";

/// What libcurl's problems mean to the caller. All others are kUnavailable.
struct Problem {
  CURLcode curl;
  ErrorCode code;
  std::string_view words;  ///< Empty: libcurl's own.
};
constexpr std::array<Problem, 14> kProblems = {{
    {CURLE_ABORTED_BY_CALLBACK, ErrorCode::kUnavailable, "stopped"},
    {CURLE_GOT_NOTHING, ErrorCode::kUnavailable, kBroken},
    {CURLE_PARTIAL_FILE, ErrorCode::kUnavailable, kBroken},
    {CURLE_RECV_ERROR, ErrorCode::kUnavailable, kBroken},
    {CURLE_SEND_ERROR, ErrorCode::kUnavailable, kBroken},
    {CURLE_PEER_FAILED_VERIFICATION, ErrorCode::kDenied, ""},
    {CURLE_SSL_CERTPROBLEM, ErrorCode::kDenied, ""},
    {CURLE_SSL_CACERT_BADFILE, ErrorCode::kDenied, ""},
    {CURLE_SSL_ISSUER_ERROR, ErrorCode::kDenied, ""},
    {CURLE_URL_MALFORMAT, ErrorCode::kInvalidInput, ""},
    // What does not begin like HTTP is HTTP 0.9 to libcurl, and that an unknown protocol. Unknown
    // ones of URLs never get that far.
    {CURLE_UNSUPPORTED_PROTOCOL, ErrorCode::kCorrupt, kNoHttp},
    {CURLE_WEIRD_SERVER_REPLY, ErrorCode::kCorrupt, kNoHttp},
    {CURLE_HTTP2, ErrorCode::kCorrupt, ""},
    {CURLE_HTTP2_STREAM, ErrorCode::kCorrupt, ""},
}};

Problem MeaningOf(CURLcode curl) {
  for (const Problem& problem : kProblems) {
    if (problem.curl == curl) return problem;
  }
  return {curl, ErrorCode::kUnavailable, ""};
}

}  // namespace

Error ExplainCurl(CURL* easy, CURLcode problem, std::string_view details) {
  const Problem meaning = MeaningOf(problem);
  if (!meaning.words.empty()) return {meaning.code, std::string(meaning.words)};
  // The text of others might quote what must not be seen; here it names the server at most.
  if (problem == CURLE_PEER_FAILED_VERIFICATION && !details.empty()) {
    return {meaning.code, std::string(details)};
  }
  return {meaning.code, WordsOf(easy, problem)};
}

Error AnswerTooLong(std::size_t most_bytes) {
  return {ErrorCode::kTooLarge, fmt::format("the answer is longer than {} bytes", most_bytes)};
}

Error NoAnswerWithin(Duration timeout) {
  return {ErrorCode::kTimeout, "no answer within " + FormatDuration(timeout)};
}

}  // namespace tocsin
