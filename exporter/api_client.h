// Prometheus' HTTP API, asked by a command and waited for.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// What was answered, errors in the API's form included.
struct ApiAnswer {
  std::string from;  ///< The address, without name and password; for messages.
  long status = 200;
  std::string body;
};

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

/// POSTs `parameters` as a form to `path` on `server`, a URL, and waits for the answer, a little
/// longer than a server's own timeout. Fails with kUnavailable if there is none.
Result<ApiAnswer> AskApi(const std::string& server, std::string_view path,
                         const ApiParameters& parameters);

}  // namespace tocsin
