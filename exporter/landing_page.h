#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "exporter/metrics_page.h"

namespace tocsin {

/// The page at "/": what this is, where to go, and how each collector is, as of `now`.
/// `demo`: whether the data is the quickstart's, which the page then says before anything else.
std::string LandingPage(const MetricsPage::Views& views, std::string_view version, TimePoint now,
                        bool demo);

/// The page's style sheet, an address of its own because the page's Content-Security-Policy allows
/// no style inside it.
std::string_view LandingPageStyle();

}  // namespace tocsin
