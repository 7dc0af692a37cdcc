#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "exporter/metrics_page.h"
#include "rules/active_alert.h"

namespace tocsin {

/// The page at "/": what this is, where to go, what fires, and how each collector is, as of `now`.
/// `firing` are the alerts of rules that fire, in any order. `demo`: whether the data is the
/// quickstart's, which the page then says before anything else.
std::string LandingPage(const MetricsPage::Views& views, std::vector<ActiveAlert> firing,
                        std::string_view version, TimePoint now, bool demo);

/// The page's style sheet, an address of its own because the page's Content-Security-Policy allows
/// no style inside it.
std::string_view LandingPageStyle();

}  // namespace tocsin
