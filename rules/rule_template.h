#pragma once

#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Whether `text`, a label or an annotation of an alerting rule, is a template that can be
/// expanded. Fails with kInvalidInput and what is wrong with it.
Status CheckRuleTemplate(std::string_view text);

}  // namespace tocsin
