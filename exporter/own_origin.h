// Keeps foreign web pages from acting through the browser of somebody who may.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "exporter/http_message.h"

namespace tocsin {

/// Whether `request` comes from a page of this server, or from no web page at all: browsers say
/// which one they send a request for, in Sec-Fetch-Site or at least in Origin, and no page can
/// change that; other programs say nothing. `external_url` counts where a proxy has changed the
/// name of the host.
/// Source: Fetch Metadata Request Headers (W3C); RFC 6454, section 7.
bool IsFromOwnPage(const HttpRequest& request, std::string_view external_url);

/// `route`, but for requests that change something (all but GET) and come from foreign pages: they
/// are answered 403, in the route's own form of refusal.
Route FromOwnPagesOnly(Route route, std::function<std::string()> external_url);

}  // namespace tocsin
