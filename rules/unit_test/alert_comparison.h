// Whether the alerts that were found are those that were expected.

#pragma once

#include <string>
#include <vector>

#include "rules/active_alert.h"
#include "rules/unit_test/test_file.h"

namespace tocsin::unit_test {

/// An alert that was found, as texts.
struct FoundAlert {
  TextMap labels;
  TextMap annotations;
};
FoundAlert FoundFrom(const ActiveAlert& alert);

/// Whether each expected alert can be told to be another one of those found, and none is left over.
/// The order means nothing.
bool AreAsExpected(const std::vector<ExpectedAlert>& expected,
                   const std::vector<FoundAlert>& found);

/// As promtool lists alerts, sorted: "[\n    0:\n      Labels:{...}\n      Annotations:{...}\n ]".
std::string Describe(std::vector<FoundAlert> alerts);
std::string Describe(const std::vector<ExpectedAlert>& alerts);

}  // namespace tocsin::unit_test
