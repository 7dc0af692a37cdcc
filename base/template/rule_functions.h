// What the templates of Prometheus' rules may call.

#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/template/functions.h"
#include "base/template/value.h"

namespace tocsin::text_template {

/// One element of what `query` returns: `.Labels` and `.Value`.
Value Sample(const Labels& labels, double value);

/// What these functions need to know and cannot compute.
struct RuleContext {
  TimePoint now = {};             ///< For `now`: when the rule is evaluated.
  std::string external_url = {};  ///< For externalURL, pathPrefix. May be empty.
  /// For `query`: a list of Sample(); for a scalar or a text one without labels. Called by the
  /// thread that executes the template. Null refuses every query.
  std::function<Result<Value>(const std::string& expression)> query = nullptr;
};

/// All of them but those of a RuleContext. Lives as long as the program.
const Functions& CommonFunctions();

/// CommonFunctions() and `now`, `query`, `externalURL`, `pathPrefix`. Cheap to make: one per
/// evaluation. With RuleContext() it tells Template::Parse() what there is.
Functions RuleFunctions(RuleContext context);

}  // namespace tocsin::text_template
