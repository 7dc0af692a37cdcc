#include "base/alert.h"

#include <cassert>

namespace tocsin {

std::string_view Name(AlertReason reason) {
  using enum AlertReason;
  switch (reason) {
    case kFiring: return "firing";
    case kRepeat: return "repeat";
    case kResolved: return "resolved";
    case kMissing: return "missing";
    case kRuleRemoved: return "rule removed";
  }
  assert(false);
  return "";
}

}  // namespace tocsin
