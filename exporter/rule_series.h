// The series that rules write, for /metrics.

#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/snapshot.h"
#include "rules/group.h"

namespace tocsin {

/// Makes families of what rules have written last: `ALERTS`, `ALERTS_FOR_STATE` and recorded
/// series, of unknown type as in a federation. A family whose series are the same keeps its shape,
/// so that only its values are rendered anew. Safe for concurrent use.
class RuleSeries {
 public:
  /// The families of `written`, sorted by name, each with its series sorted by labels. Series
  /// without a metric name, or with one that the text format cannot write, are left out.
  std::vector<FamilyPoints> Families(std::vector<Group::Written> written);

 private:
  std::shared_ptr<const FamilyShape> Known(FamilyShape shape) TOCSIN_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<std::shared_ptr<const FamilyShape>> shapes_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin
