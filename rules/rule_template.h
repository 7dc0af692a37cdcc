// The templates of alerting rules, looked at without being expanded.

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/template/syntax.h"

namespace tocsin {

/// Parses a label or an annotation of an alerting rule: the text itself is defined by the name
/// kRuleTemplateName. Fails with kInvalidInput and what is wrong, as Go says it.
inline constexpr std::string_view kRuleTemplateName = "text";
Result<text_template::Definitions> ParseRuleTemplate(std::string_view text);

/// Whether ParseRuleTemplate() succeeds.
Status CheckRuleTemplate(std::string_view text);

}  // namespace tocsin
