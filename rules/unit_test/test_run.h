// Runs rule tests on a virtual clock.

#pragma once

#include <string>
#include <vector>

#include "rules/rule_policy.h"
#include "rules/unit_test/coverage.h"
#include "rules/unit_test/test_file.h"

namespace tocsin::unit_test {

struct RunOptions {
  bool experimental = false;  ///< `promql.experimental`.
  bool dump = false;          ///< Fill TestOutcome::dump.
};

/// Something that is not as it was expected.
struct Failure {
  std::string what;  ///< Which rule, alert or expression, and when; indented as promtool does.
  /// What was expected and what was found, over several lines each; both empty if `what` says it
  /// all.
  std::string expected;
  std::string found;

  /// As promtool writes it.
  std::string ToString() const;
  /// As promtool writes it with --diff: the two as one text with the lines that differ marked.
  std::string ToDiff() const;
};

/// What became of one test.
struct TestOutcome {
  std::string name;
  std::vector<Failure> failures;  ///< None: it passed.
  std::string dump;               ///< Every series that there was, with its samples.
};

/// Evaluates `groups` at every `evaluation_interval` from the start of `test` to its last
/// `eval_time`, each time with the input up to that moment, and compares. A rule that fails ends
/// the test. What is tested is noted in `coverage`.
///
/// Each test has a store of its own. Safe for concurrent use if `coverage` is not shared.
TestOutcome RunTest(const TestGroup& test, const TestFile& file,
                    const std::vector<EffectiveGroup>& groups, const RunOptions& options,
                    Coverage& coverage);

}  // namespace tocsin::unit_test
