#include "rules/alert_event.h"

#include <cassert>

namespace tocsin {

std::string_view Name(AlertEvent::Kind kind) {
  using enum AlertEvent::Kind;
  switch (kind) {
    case kPending: return "pending";
    case kFiring: return "firing";
    case kResolved: return "resolved";
    case kDropped: return "dropped";
  }
  assert(false);
  return "";
}

}  // namespace tocsin
