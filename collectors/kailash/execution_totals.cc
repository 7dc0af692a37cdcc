#include "collectors/kailash/execution_totals.h"

#include <cstddef>

#include "collectors/json_member.h"

namespace tocsin::collectors::kailash {

void ExecutionTotals::Add(const ExecutionTotals& other) {
  succeeded += other.succeeded;
  failed += other.failed;
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] += other.errors[i];
  duration.Merge(other.duration);
}

boost::json::object ExecutionTotals::Save() const {
  boost::json::object by_category;
  for (std::size_t i = 0; i < errors.size(); ++i) by_category[kErrorCategoryNames[i]] = errors[i];
  return {{"succeeded", succeeded},
          {"failed", failed},
          {"errors", by_category},
          {"duration", duration.Save()}};
}

ExecutionTotals ExecutionTotals::Restored(const boost::json::value& saved) {
  ExecutionTotals totals;
  totals.succeeded = CountIn(saved, "succeeded");
  totals.failed = CountIn(saved, "failed");
  for (std::size_t i = 0; i < totals.errors.size(); ++i) {
    totals.errors[i] = CountIn(MemberIn(saved, "errors"), kErrorCategoryNames[i]);
  }
  totals.duration.Restore(MemberIn(saved, "duration"));
  return totals;
}

}  // namespace tocsin::collectors::kailash
