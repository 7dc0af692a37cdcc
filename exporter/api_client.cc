#include "exporter/api_client.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>

#include <fmt/format.h>

#include "base/template/builtins.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

constexpr Duration kPatience = std::chrono::seconds(130);  ///< More than a server's own timeout.
constexpr std::size_t kLargestAnswer = std::size_t{1} << 30;

std::string FormOf(const ApiParameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    form +=
        fmt::format("{}{}={}", form.empty() ? "" : "&", name, text_template::QueryEscaped(value));
  }
  return form;
}

}  // namespace

std::string WithScheme(std::string text) {
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  return text;
}

std::string ServerUrl(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return WithScheme(std::move(text));
}

std::string WithoutPassword(const std::string& url) {
  const std::optional<std::string> origin = HttpOrigin(url);
  if (!origin) return "no URL of http or https";
  const std::size_t host = url.find("://") + 3;
  const std::size_t path = std::min(url.find_first_of("/?#", host), url.size());
  return *origin + url.substr(path, url.find_first_of("?#", path) - path);
}

std::unique_ptr<HttpClient> MakeCommandClient(Duration timeout) {
  HttpSettings settings;
  settings.timeout = timeout;
  settings.max_answer_bytes = kLargestAnswer;
  settings.user_agent = fmt::format("tocsin/{}", Version());
  return MakeHttpClient(std::move(settings));
}

Result<ApiAnswer> AskApi(const std::string& server, std::string_view path,
                         const ApiParameters& parameters) {
  OutgoingRequest request;
  request.method = "POST";
  request.url = ServerUrl(server).append(path);
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = FormOf(parameters);
  Result<HttpAnswer> answer = MakeCommandClient(kPatience)->Send(request, std::stop_token());
  if (!answer) return answer.error();
  return ApiAnswer{WithoutPassword(request.url), answer->status, std::move(answer->body)};
}

}  // namespace tocsin
