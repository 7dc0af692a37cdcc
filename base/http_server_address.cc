#include "base/http_server_address.h"

#include <curl/curl.h>

#include "base/curl_handle.h"
#include "base/text.h"

namespace tocsin {
namespace {

std::optional<std::string> Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// Null if that is no URL.
CurlUrl Parse(const std::string& url) {
  CurlUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) parsed.reset();
  return parsed;
}

}  // namespace

std::string HttpServerAddress::Origin() const {
  return scheme + "://" + host + (is_default_port ? "" : ":" + port);
}

bool HttpServerAddress::MayRedirectTo(const HttpServerAddress& other) const {
  if (host != other.host || other.has_user) return false;
  if (scheme == other.scheme) return port == other.port;
  return scheme == "http" && other.scheme == "https";
}

std::optional<HttpServerAddress> ParseHttpServerAddress(const std::string& url) {
  const CurlUrl parsed = Parse(url);
  if (parsed == nullptr) return std::nullopt;
  const auto scheme = Part(parsed.get(), CURLUPART_SCHEME);
  const auto host = Part(parsed.get(), CURLUPART_HOST);
  const auto port = Part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || (*scheme != "http" && *scheme != "https")) return std::nullopt;
  return HttpServerAddress{
      .scheme = *scheme,
      .host = LowerCase(*host),
      .port = *port,
      .has_user = Part(parsed.get(), CURLUPART_USER).has_value(),
      .is_default_port = !Part(parsed.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT).has_value()};
}

std::optional<std::string> HttpTarget(const std::string& url) {
  const CurlUrl parsed = Parse(url);
  if (parsed == nullptr) return std::nullopt;
  std::optional<std::string> target = Part(parsed.get(), CURLUPART_PATH);
  if (!target) return std::nullopt;
  if (const auto query = Part(parsed.get(), CURLUPART_QUERY)) *target += "?" + *query;
  return target;
}

std::optional<std::string> RedirectTarget(const std::string& url, const std::string& location) {
  const auto from = ParseHttpServerAddress(url);
  const CurlUrl parsed = Parse(url);
  if (!from || parsed == nullptr) return std::nullopt;
  constexpr unsigned kAsLibcurlDoes = CURLU_URLENCODE | CURLU_ALLOW_SPACE;
  if (location.empty() ||
      curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(), kAsLibcurlDoes) != CURLUE_OK) {
    return std::nullopt;
  }
  std::optional<std::string> target = Part(parsed.get(), CURLUPART_URL);
  if (!target) return std::nullopt;
  const auto to = ParseHttpServerAddress(*target);
  if (!to || !from->MayRedirectTo(*to)) return std::nullopt;
  return target;
}

}  // namespace tocsin
