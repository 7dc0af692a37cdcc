#include "rules/rule_view.h"

#include <cassert>

namespace tocsin {

std::string_view Name(RuleHealth health) {
  using enum RuleHealth;
  switch (health) {
    case kUnknown: return "unknown";
    case kOk: return "ok";
    case kError: return "err";
  }
  assert(false);
  return "";
}

}  // namespace tocsin
