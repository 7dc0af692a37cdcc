#include "exporter/own_origin.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/http_client.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kForeignPage =
    "refused: a page of another site has asked for this; open it from tocsin's own pages";

/// "host:port" of "http://host:port".
std::string_view WithoutScheme(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

}  // namespace

bool IsFromOwnPage(const HttpRequest& request, std::string_view external_url) {
  // Where both are there the first one is right also behind a proxy that changes Host.
  if (const std::string_view site = request.Header("Sec-Fetch-Site"); !site.empty()) {
    return site == "same-origin" || site == "none";
  }
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return true;
  const std::string_view host = WithoutScheme(origin);
  if (host.empty()) return false;  // "null": a page without an origin.
  if (EqualsIgnoringCase(host, request.Header("Host"))) return true;
  const std::optional<std::string> own = HttpOrigin(std::string(external_url));
  return own && EqualsIgnoringCase(*own, origin);
}

Route FromOwnPagesOnly(Route route, std::function<std::string()> external_url) {
  route.handle = [handle = std::move(route.handle), refusal = route.refusal,
                  external_url = std::move(external_url)](const HttpRequest& request) {
    if (request.method == "GET" || IsFromOwnPage(request, external_url())) return handle(request);
    return refusal ? refusal(403, kForeignPage)
                   : HttpResponse::Text(403, fmt::format("{}\n", kForeignPage));
  };
  return route;
}

}  // namespace tocsin
