// What became of all scripts, for people, for continuous integration, and for docs/.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/promqltest/runner.h"

namespace tocsin::promql {

struct ScriptReport {
  std::string path;
  std::vector<CaseReport> cases;

  /// The last part of the path.
  std::string name() const;
  std::size_t Count(CaseReport::Outcome outcome) const;
};

/// Each failure with everything about it, then how many were skipped and why, then the line
/// "N passed, N failed".
std::string Summary(const std::vector<ScriptReport>& scripts);

/// A JUnit report: a suite for each script, a test for each case.
std::string JunitReport(const std::vector<ScriptReport>& scripts);

/// Markdown: a table of all scripts, and the cases that were skipped or failed.
std::string CoveragePage(const std::vector<ScriptReport>& scripts);

}  // namespace tocsin::promql
