// What is told of an alert.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/alert.h"
#include "rules/active_alert.h"
#include "rules/promql/ast.h"

namespace tocsin {

/// Where an expression can be looked at: Prometheus' link to its table.
std::string GeneratorUrl(std::string_view external_url, std::string_view expression);

/// Whether telling of the alert now says what was told before.
bool IsRepeat(const ActiveAlert& alert);

/// What messages about the alerts of a rule say of it. `expression` is what `parsed` prints as;
/// null if that is no PromQL.
AlertRule DescribeRule(std::string group, std::string expression, const promql::Query* parsed);

/// The message about an alert of `rule` that fires or has fired.
Alert ToMessage(const ActiveAlert& alert, const std::string& generator_url,
                std::shared_ptr<const AlertRule> rule);

}  // namespace tocsin
