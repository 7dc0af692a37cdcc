#include "collectors/instance.h"

#include <algorithm>

namespace tocsin::collectors {
namespace {

/// Null if nothing is amiss.
const LostPart* FirstFault(const InstanceView& view) {
  const auto fault = std::find_if(view.lost.begin(), view.lost.end(),
                                  [](const LostPart& part) { return part.is_fault; });
  return view.up && fault != view.lost.end() ? &*fault : nullptr;
}

}  // namespace

bool IsPartlyLost(const InstanceView& view) {
  return FirstFault(view) != nullptr;
}

std::string LastError(const InstanceView& view) {
  const LostPart* const fault = FirstFault(view);
  return fault == nullptr ? view.error : fault->name + ": " + fault->error;
}

}  // namespace tocsin::collectors
