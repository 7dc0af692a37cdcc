// Files of rule tests: promtool's format, and what tocsin adds to it.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "rules/active_alert.h"
#include "rules/promql/series_notation.h"
#include "rules/rule_file.h"
#include "rules/storage/sample.h"

namespace tocsin::unit_test {

struct InputSeries {
  Labels labels;
  std::vector<promql::SequenceValue> values;  ///< The first at the start, then one each interval.
};

/// What an alert is expected to be like. Texts are as they are written: no expansion, and an empty
/// label value is one.
struct ExpectedAlert {
  TextMap labels;  ///< With `alertname`.
  TextMap annotations;
  /// The alert may have more labels, or annotations, than these. Ours.
  bool labels_subset = false;
  bool annotations_subset = false;
};

/// An item of `alert_rule_test`.
struct AlertTest {
  Duration eval_time{0};
  std::string alertname;
  AlertState state = AlertState::kFiring;  ///< Which alerts are compared. Ours.
  std::vector<ExpectedAlert> alerts;
};

/// An item of `promql_expr_test`.
struct ExprTest {
  struct Expected {
    std::string labels;  ///< As PromQL writes a series.
    double value = 0;
  };
  std::string expr;
  Duration eval_time{0};
  std::vector<Expected> samples;
};

/// An item of `tests`.
struct TestGroup {
  std::string name;
  Duration interval{0};  ///< Between input samples.
  Millis start = 0;
  std::vector<InputSeries> input;
  std::vector<AlertTest> alert_tests;
  std::vector<ExprTest> expr_tests;
  Labels external_labels;
  std::string external_url;

  /// The largest `eval_time`.
  Duration Length() const;
};

struct TestFile {
  std::vector<std::string> rule_files;  ///< Patterns, relative to the file.
  Duration evaluation_interval = std::chrono::minutes(1);
  std::vector<std::string> group_eval_order;
  bool fuzzy_compare = false;  ///< Values may differ by one unit in the last place.
  std::vector<TestGroup> tests;
};

/// Reads a file's text; every mistake is added to `diagnostics`. Source: Prometheus' documentation,
/// "Unit testing for rules"; docs/rule-tests.md.
TestFile ParseTestFile(std::string_view text, bool ignore_unknown_fields, Diagnostics& diagnostics);

}  // namespace tocsin::unit_test
