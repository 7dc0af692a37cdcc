#include "base/http_headers.h"

#include <string_view>

#include <fmt/format.h>

namespace tocsin {

bool HasBody(const OutgoingRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

Status AddHeaders(
    const HttpSettings& settings, const OutgoingRequest& request,
    const std::function<void(const std::string& name, const std::string& value)>& add) {
  Status status;
  const auto check_and_add = [&](const std::string& name, const std::string& value) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) {
      add(name, value);
    } else {
      status = Error{ErrorCode::kInvalidInput, fmt::format("header {}: holds a line break", name)};
    }
  };
  for (const auto& [name, value] : request.headers) check_and_add(name, value);
  for (const HttpHeader& header : settings.headers) {
    const Result<Secret> value = header.value.Read();
    if (!value) return value.error().Within("header " + header.name);
    check_and_add(header.name, value->Reveal());
  }
  if (settings.authorization) {
    const Result<Secret> credentials = settings.authorization->credentials.Read();
    if (!credentials) return credentials.error().Within("credentials");
    check_and_add("Authorization", settings.authorization->type + " " + credentials->Reveal());
  }
  return status;
}

}  // namespace tocsin
