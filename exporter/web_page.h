// The web page: a program for the browser, at each address that it knows how to show.

#pragma once

#include <vector>

#include "exporter/http_message.h"

namespace tocsin {

/// "/" and the other addresses of the page, all of which get the same document, and what it loads
/// from below "/ui/"; and the runbooks' texts, "/runbooks/NAME.md". With `demo` the page says
/// loudly that its data is the quickstart's. Whoever has no scripts is led to the pages below
/// "/plain/".
std::vector<Route> WebPageRoutes(bool demo);

}  // namespace tocsin
