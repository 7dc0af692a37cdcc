// Servers that commands ask: Prometheus' HTTP API, and whatever else speaks HTTP.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"

namespace tocsin {

/// `text`, as users write addresses, as a URL: "http://" before it where there is no scheme.
std::string WithScheme(std::string text);
/// The same for a server, whose paths follow: no slash at its end.
std::string ServerUrl(std::string text);

/// `url` without what may be secret, the name, the password and the query, for messages. Of what is
/// no URL of http or https nothing is shown but that.
std::string WithoutPassword(const std::string& url);

/// The client of all commands: speaks to the server itself, whatever the environment says of
/// proxies.
std::unique_ptr<HttpClient> MakeCommandClient(Duration timeout);

/// What was answered, errors in the API's form included.
struct ApiAnswer {
  std::string from;  ///< The address, without name and password; for messages.
  int status = 200;
  std::string body;
};

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

/// POSTs `parameters` as a form to `path` on `server`, a URL, and waits for the answer, a little
/// longer than a server's own timeout. Fails as HttpClient::Send() if there is none.
Result<ApiAnswer> AskApi(const std::string& server, std::string_view path,
                         const ApiParameters& parameters);

}  // namespace tocsin
