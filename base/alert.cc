#include "base/alert.h"

#include <cassert>
#include <utility>

namespace tocsin {

SharedAnnotations::SharedAnnotations(Annotations texts)
    : texts_(texts.empty() ? nullptr : std::make_shared<const Annotations>(std::move(texts))) {}

const Annotations& SharedAnnotations::all() const {
  static const Annotations kNone;
  return texts_ != nullptr ? *texts_ : kNone;
}

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
