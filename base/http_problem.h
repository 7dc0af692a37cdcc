// What can be wrong with an HTTP request, in the words and codes of HttpClient::Send().

#pragma once

#include <cstddef>
#include <string_view>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin {

/// libcurl failed that way. `details` is what it wrote to its CURLOPT_ERRORBUFFER. The message
/// holds no path, user or secret.
Error ExplainCurl(CURL* easy, CURLcode problem, std::string_view details = {});

Error AnswerTooLong(std::size_t most_bytes);
Error NoAnswerWithin(Duration timeout);

}  // namespace tocsin
