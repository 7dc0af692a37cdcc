#include "rules/active_alert.h"

#include <cassert>

namespace tocsin {

std::string_view Name(AlertState state) {
  using enum AlertState;
  switch (state) {
    case kInactive: return "inactive";
    case kPending: return "pending";
    case kFiring: return "firing";
  }
  assert(false);
  return "";
}

}  // namespace tocsin
