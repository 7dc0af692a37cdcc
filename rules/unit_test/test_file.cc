#include "rules/unit_test/test_file.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/number.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "rules/promql/parser.h"

namespace tocsin::unit_test {
namespace {

/// Unix seconds or RFC 3339.
std::optional<Millis> ParseStart(std::string_view text) {
  if (const std::optional<TimePoint> moment = ParseRfc3339(text)) {
    return moment->time_since_epoch().count();
  }
  const std::optional<double> seconds = ParseNumber(text);
  // Beyond this, milliseconds are no whole numbers of a double.
  constexpr double kMost = 9e12;
  if (!seconds || !(std::abs(*seconds) <= kMost)) return std::nullopt;
  return static_cast<Millis>(std::llround(*seconds * 1000));
}

/// A number as PromQL or as YAML spells it.
std::optional<double> ParseValue(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::string_view digits = text;
  bool negative = false;
  if (digits.starts_with('-') || digits.starts_with('+')) {
    negative = digits.front() == '-';
    digits.remove_prefix(1);
  }
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return negative ? -kInfinity : kInfinity;
  }
  return ParseNumber(text);
}

class Reader {
 public:
  Reader(bool ignore_unknown_fields, Diagnostics& diagnostics)
      : ignore_unknown_fields_(ignore_unknown_fields), diagnostics_(diagnostics) {}

  TestFile ReadFile(const YamlNode& root) {
    TestFile file;
    YamlMap options(root, diagnostics_);
    MayIgnore(options);
    file.rule_files = options.StringsOr("rule_files", {});
    file.evaluation_interval =
        options.PositiveDurationOr("evaluation_interval", file.evaluation_interval);
    file.group_eval_order = options.StringsOr("group_eval_order", {});
    file.fuzzy_compare = options.BoolOr("fuzzy_compare", false);
    for (const YamlNode& node : options.List("tests")) {
      file.tests.push_back(ReadTest(node, file.evaluation_interval));
    }
    return file;
  }

 private:
  void MayIgnore(YamlMap& options) const {
    if (ignore_unknown_fields_) options.IgnoreOthers();
  }

  TestGroup ReadTest(const YamlNode& node, Duration evaluation_interval) {
    TestGroup test;
    YamlMap options(node, diagnostics_);
    MayIgnore(options);
    test.name = options.StringOr("name", "");
    test.interval = options.PositiveDurationOr("interval", evaluation_interval);
    if (const std::string start = options.StringOr("start_timestamp", ""); !start.empty()) {
      const std::optional<Millis> parsed = ParseStart(start);
      if (!parsed) {
        options.Refuse("start_timestamp",
                       fmt::format("expected Unix seconds or RFC 3339, got {}", Quoted(start)));
      }
      test.start = parsed.value_or(0);
    }
    for (const YamlNode& series : options.List("input_series")) ReadSeries(series, test);
    for (const YamlNode& alert : options.List("alert_rule_test")) ReadAlertTest(alert, test);
    for (const YamlNode& expr : options.List("promql_expr_test")) ReadExprTest(expr, test);
    LabelsBuilder external;
    for (const auto& [name, value] : options.StringMap("external_labels")) {
      external.Set(name, value);
    }
    test.external_labels = external.Build();
    test.external_url = options.StringOr("external_url", "");
    return test;
  }

  void ReadSeries(const YamlNode& node, TestGroup& test) {
    YamlMap options(node, diagnostics_);
    MayIgnore(options);
    const std::string series = options.RequiredString("series");
    const std::string values = options.StringOr("values", "");
    InputSeries input;
    Result<Labels> labels = promql::ParseSeriesName(series);
    if (!labels && !series.empty()) options.Refuse("series", labels.error().message);
    Result<std::vector<promql::SequenceValue>> sequence = promql::ParseSequence(values);
    if (!sequence) options.Refuse("values", sequence.error().message);
    if (!labels || !sequence) return;
    const bool histograms = std::ranges::any_of(*sequence, [](const auto& value) {
      return value.kind == promql::SequenceValue::Kind::kHistogram;
    });
    if (histograms) options.Refuse("values", kNoHistograms);
    test.input.push_back({std::move(*labels), std::move(*sequence)});
  }

  void ReadAlertTest(const YamlNode& node, TestGroup& test) {
    YamlMap options(node, diagnostics_);
    MayIgnore(options);
    AlertTest alert;
    alert.eval_time = options.DurationOr("eval_time", Duration(0));
    alert.alertname = options.StringOr("alertname", "");
    if (alert.alertname.empty()) {
      diagnostics_.Add(options.place(),
                       "an item under alert_rule_test misses the required key alertname");
    }
    const std::string state = options.StringOr("state", "firing");
    if (state == "pending") {
      alert.state = AlertState::kPending;
    } else if (state != "firing") {
      options.Refuse("state", fmt::format("expected firing or pending, got {}", Quoted(state)));
    }
    for (const YamlNode& expected : options.List("exp_alerts")) {
      alert.alerts.push_back(ReadExpectedAlert(expected, alert.alertname));
    }
    test.alert_tests.push_back(std::move(alert));
  }

  /// The texts of `key`, or of `key`_subset.
  static TextMap Texts(YamlMap& options, const std::string& key, bool& is_subset) {
    const std::string subset = key + "_subset";
    is_subset = options.Has(subset);
    if (is_subset && options.Has(key)) {
      options.Refuse(subset, fmt::format("{} is there, too: expected one of the two", key));
    }
    TextMap texts = options.StringMap(key);
    if (is_subset) texts = options.StringMap(subset);
    std::ranges::sort(texts);
    return texts;
  }

  ExpectedAlert ReadExpectedAlert(const YamlNode& node, const std::string& alertname) {
    YamlMap options(node, diagnostics_);
    MayIgnore(options);
    ExpectedAlert alert;
    alert.labels = Texts(options, "exp_labels", alert.labels_subset);
    alert.annotations = Texts(options, "exp_annotations", alert.annotations_subset);
    std::erase_if(alert.labels, [](const auto& label) { return label.first == "alertname"; });
    alert.labels.emplace_back("alertname", alertname);
    std::ranges::sort(alert.labels);
    return alert;
  }

  void ReadExprTest(const YamlNode& node, TestGroup& test) {
    YamlMap options(node, diagnostics_);
    MayIgnore(options);
    ExprTest expr;
    expr.expr = options.StringOr("expr", "");
    expr.eval_time = options.DurationOr("eval_time", Duration(0));
    for (const YamlNode& sample : options.List("exp_samples")) {
      YamlMap fields(sample, diagnostics_);
      MayIgnore(fields);
      ExprTest::Expected expected;
      expected.labels = fields.StringOr("labels", "");
      const std::string value = fields.StringOr("value", "0");
      const std::optional<double> parsed = ParseValue(value);
      if (!parsed) {
        fields.Refuse("value", fmt::format("expected a number, got {}", Quoted(value)));
      }
      expected.value = parsed.value_or(0);
      if (!fields.StringOr("histogram", "").empty()) fields.Refuse("histogram", kNoHistograms);
      expr.samples.push_back(std::move(expected));
    }
    test.expr_tests.push_back(std::move(expr));
  }

  static constexpr const char* kNoHistograms = "native histograms are not supported";

  const bool ignore_unknown_fields_;
  Diagnostics& diagnostics_;
};

}  // namespace

Duration TestGroup::Length() const {
  Duration length{0};
  for (const AlertTest& test : alert_tests) length = std::max(length, test.eval_time);
  for (const ExprTest& test : expr_tests) length = std::max(length, test.eval_time);
  return length;
}

TestFile ParseTestFile(std::string_view text, bool ignore_unknown_fields,
                       Diagnostics& diagnostics) {
  const std::optional<YamlNode> root = ParseYaml(text, diagnostics);
  if (!root) return {};
  return Reader(ignore_unknown_fields, diagnostics).ReadFile(*root);
}

}  // namespace tocsin::unit_test
