#include "rules/rule_template.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/template/parser.h"
#include "base/template/rule_functions.h"
#include "base/template/template.h"

namespace tocsin {

Result<text_template::Definitions> ParseRuleTemplate(std::string_view text) {
  static const text_template::Functions kFunctions =
      text_template::RuleFunctions(text_template::RuleContext());
  static const std::vector<std::string> kVariables = [] {
    std::vector<std::string> names;
    for (const text_template::Prelude& prelude : text_template::kRulePrelude) {
      names.emplace_back(prelude.variable);
    }
    return names;
  }();
  text_template::Definitions definitions;
  const Status parsed =
      text_template::ParseInto(definitions, kRuleTemplateName,
                               std::make_shared<const std::string>(text), kFunctions, kVariables);
  if (!parsed) return parsed.error();
  return definitions;
}

Status CheckRuleTemplate(std::string_view text) {
  const auto parsed = ParseRuleTemplate(text);
  if (parsed) return {};
  return parsed.error();
}

}  // namespace tocsin
