// What is told of an alert.

#pragma once

#include <string>
#include <string_view>

#include "base/alert.h"
#include "rules/active_alert.h"

namespace tocsin {

/// Where an expression can be looked at: Prometheus' link to its table.
std::string GeneratorUrl(std::string_view external_url, std::string_view expression);

/// Whether telling of the alert now says what was told before.
bool IsRepeat(const ActiveAlert& alert);

/// The message about an alert that fires or has fired.
Alert ToMessage(const ActiveAlert& alert, const std::string& generator_url);

}  // namespace tocsin
