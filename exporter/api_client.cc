#include "exporter/api_client.h"

#include <algorithm>
#include <cstddef>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr long kPatienceSeconds = 130;  ///< A little more than a server's own timeout.

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

std::string FormOf(const ApiParameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    const std::unique_ptr<char, decltype(&curl_free)> escaped(
        curl_easy_escape(nullptr, value.data(), static_cast<int>(value.size())), &curl_free);
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, escaped.get());
  }
  return form;
}

/// An address without the name and password that may stand in it, for messages.
std::string WithoutPassword(std::string url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at != std::string::npos && at >= begin) url.erase(begin, at + 1 - begin);
  return url;
}

}  // namespace

Result<ApiAnswer> AskApi(const std::string& server, std::string_view path,
                         const ApiParameters& parameters) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(),
                                                                    &curl_easy_cleanup);
  if (request == nullptr) return Error{ErrorCode::kUnavailable, "libcurl does not start"};
  std::string url = server;
  while (url.ends_with('/')) url.pop_back();
  url += path;
  const std::string form = FormOf(parameters);
  ApiAnswer answer{.from = WithoutPassword(url), .body = {}};
  curl_easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(request.get(), CURLOPT_POSTFIELDS, form.c_str());
  curl_easy_setopt(request.get(), CURLOPT_TIMEOUT, kPatienceSeconds);
  curl_easy_setopt(request.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(request.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &answer.body);
  const CURLcode done = curl_easy_perform(request.get());
  if (done != CURLE_OK) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("{}: {}", answer.from, curl_easy_strerror(done))};
  }
  curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace tocsin
