#include "notify/decision.h"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

using Fingerprints = std::vector<std::uint64_t>;
using enum NotifyReason;

BOOST_AUTO_TEST_SUITE(decision_test)

BOOST_AUTO_TEST_CASE(SaysWhetherAReceiverHasToHear) {
  const TimePoint at(hours(1000));
  const auto told = [&](Fingerprints firing, Fingerprints resolved, Duration ago = minutes(5)) {
    return std::optional(LogEntry{at - ago, std::move(firing), std::move(resolved)});
  };
  const struct {
    std::string what;
    std::optional<LogEntry> last;
    GroupState now;
    bool send_resolved;
    std::optional<NotifyReason> reason;
  } rows[] = {
      {"nothing told, nothing there", {}, {{}, {}}, true, {}},
      {"nothing told, only resolved ones", {}, {{}, {1}}, true, {}},
      {"nothing told, one fires", {}, {{1}, {}}, true, kFirst},
      {"nothing told, one fires and one is resolved", {}, {{1}, {2}}, false, kFirst},
      {"no change", told({1}, {}), {{1}, {}}, true, {}},
      {"no change, a resolved one was told", told({1}, {2}), {{1}, {2}}, true, {}},
      {"another fires", told({1}, {}), {{1, 2}, {}}, true, kNewAlerts},
      {"another fires in place of it", told({1}, {}), {{2}, {1}}, true, kNewAlerts},
      {"fires again while others do", told({2}, {1}), {{1, 2}, {}}, true, kNewAlerts},
      {"one of two is resolved", told({1, 2}, {}), {{1}, {2}}, true, kSomeResolved},
      {"one of two is resolved, not wanted", told({1, 2}, {}), {{1}, {2}}, false, {}},
      {"one of two is silent", told({1, 2}, {}), {{1}, {}}, true, {}},
      {"a resolved one that never was told", told({1}, {}), {{1}, {3}}, true, kSomeResolved},
      {"all are resolved", told({1, 2}, {}), {{}, {1, 2}}, true, kAllResolved},
      {"all are resolved, not wanted but noted", told({1}, {}), {{}, {1}}, false, kAllResolved},
      {"all were resolved before", told({}, {1}), {{}, {1}}, true, {}},
      {"fired and resolved in between", told({}, {1}), {{}, {2}}, true, {}},
      {"fires again after all were resolved", told({}, {1}), {{1}, {}}, true, kFirst},
      {"long ago all were resolved", told({}, {1}, hours(9)), {{}, {1}}, true, {}},
      {"not yet to repeat", told({1}, {}, hours(4) - Duration(1)), {{1}, {}}, true, {}},
      {"to repeat", told({1}, {}, hours(4)), {{1}, {}}, true, kRepeat},
      {"to repeat with fewer", told({1, 2}, {}, hours(5)), {{1}, {}}, false, kRepeat},
      {"the clock went back", told({1}, {}, -hours(1)), {{1}, {}}, true, {}},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const LogEntry* const last = row.last ? &*row.last : nullptr;
      BOOST_TEST((Decide(last, row.now, row.send_resolved, hours(4), at) == row.reason));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
