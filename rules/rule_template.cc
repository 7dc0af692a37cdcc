#include "rules/rule_template.h"

namespace tocsin {

Status CheckRuleTemplate(std::string_view /*text*/) {
  return {};
}

}  // namespace tocsin
