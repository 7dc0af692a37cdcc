#include "rules/unit_test/test_run.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/number.h"
#include "base/quote.h"
#include "rules/group.h"
#include "rules/promql/analysis.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/storage/sample_store.h"
#include "rules/unit_test/alert_comparison.h"
#include "rules/unit_test/line_diff.h"

namespace tocsin::unit_test {
namespace {

/// A sample of a result or of what was expected.
struct LabelledValue {
  Labels labels;
  double value = 0;
};
using LabelledValues = std::vector<LabelledValue>;

bool SameValue(double a, double b, bool fuzzy) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return fuzzy && (std::nextafter(a, -kInfinity) == b || std::nextafter(a, kInfinity) == b);
}

bool Same(const LabelledValues& a, const LabelledValues& b, bool fuzzy) {
  return std::ranges::equal(a, b, [&](const LabelledValue& x, const LabelledValue& y) {
    return x.labels == y.labels && SameValue(x.value, y.value, fuzzy);
  });
}

std::string Describe(const LabelledValues& samples) {
  if (samples.empty()) return " nil";
  std::string text;
  for (const LabelledValue& sample : samples) {
    text += fmt::format("{}\n            {} {}", text.empty() ? "" : ",", sample.labels.ToString(),
                        FormatNumber(sample.value));
  }
  return text;
}

std::string Indented(std::string_view text, std::string_view by) {
  std::string indented;
  for (const char c : text) {
    indented += c;
    if (c == '\n') indented += by;
  }
  return indented;
}

void Sort(LabelledValues& samples) {
  std::ranges::stable_sort(samples, {}, &LabelledValue::labels);
}

/// One test while it runs.
class Run {
 public:
  Run(const TestGroup& test, const TestFile& file, const std::vector<EffectiveGroup>& groups,
      const RunOptions& options, Coverage& coverage)
      : test_(test),
        file_(file),
        coverage_(coverage),
        log_(LogLevel::kError, LogFormat::kLogfmt),
        engine_(EngineSettings(file, options), store_, clock_) {
    RuleEnvironment environment;
    environment.engine = &engine_;
    environment.store = &store_;
    environment.clock = &clock_;
    environment.log = &log_;
    environment.external_labels = test.external_labels;
    environment.external_url = test.external_url;
    for (EffectiveGroup& effective : InOrder(groups)) {
      Group::Settings settings;
      settings.interval = effective.group.interval.value_or(test.interval);
      settings.query_offset = effective.group.query_offset.value_or(Duration(0));
      groups_.push_back(std::make_unique<Group>(std::move(effective), settings, environment));
    }
    for (const AlertTest& each : test.alert_tests) by_time_.emplace(each.eval_time, &each);
  }

  TestOutcome Go(const RunOptions& options) {
    TestOutcome outcome;
    outcome.name = test_.name;
    if (Evaluate()) {
      for (const ExprTest& each : test_.expr_tests) CompareSamples(each);
      if (options.dump) outcome.dump = Dump();
    }
    outcome.failures = std::move(failures_);
    return outcome;
  }

 private:
  /// False if a rule has failed: then there is nothing to compare.
  bool Evaluate() {
    const Millis end = test_.start + test_.Length().count();
    const Millis step = file_.evaluation_interval.count();
    for (Millis at = test_.start; at <= end; at += step) {
      AppendInput(at);
      if (!EvaluateGroups(at)) return false;
      CompareAlerts(at, at + step);
    }
    AppendInput(std::numeric_limits<Millis>::max());
    return true;
  }

  static promql::Engine::Settings EngineSettings(const TestFile& file, const RunOptions& options) {
    promql::Engine::Settings settings;
    settings.default_subquery_step = file.evaluation_interval;
    settings.experimental = options.experimental;
    return settings;
  }

  /// As `group_eval_order` says; those that it does not name come with its first.
  std::vector<EffectiveGroup> InOrder(const std::vector<EffectiveGroup>& groups) const {
    std::vector<EffectiveGroup> ordered = groups;
    const auto place = [this](const EffectiveGroup& effective) {
      const auto found = std::ranges::find(file_.group_eval_order, effective.group.name);
      return found == file_.group_eval_order.end() ? 0 : found - file_.group_eval_order.begin();
    };
    std::ranges::stable_sort(ordered, {}, place);
    return ordered;
  }

  /// Appends what the input has up to `until` and has not been appended yet.
  void AppendInput(Millis until) {
    const Millis interval = test_.interval.count();
    std::vector<SampleStore::Entry> entries;
    const auto is_left = [this](const InputSeries& series) { return next_ < series.values.size(); };
    while (std::ranges::any_of(test_.input, is_left)) {
      const Millis at = test_.start + static_cast<Millis>(next_) * interval;
      if (at > until) break;
      for (const InputSeries& series : test_.input) {
        if (next_ >= series.values.size()) continue;
        const promql::SequenceValue& value = series.values[next_];
        if (value.kind == promql::SequenceValue::Kind::kNone) continue;
        entries.push_back({series.labels, {at, value.value}});
      }
      ++next_;
    }
    if (entries.empty()) return;
    if (store_.Append(entries).refused() > 0) {
      Fail("    input_series: some samples are there twice, or are older than what a rule wrote");
    }
  }

  /// False if a rule has failed.
  bool EvaluateGroups(Millis at) {
    bool good = true;
    for (const std::unique_ptr<Group>& group : groups_) {
      group->Evaluate(at);
      for (const RuleView& rule : group->View(false).rules) {
        if (rule.last_error.empty()) continue;
        Fail(fmt::format("    rule: {}, time: {}, err: {}", rule.rule->name,
                         FormatDuration(Duration(at - test_.start)), rule.last_error));
        good = false;
      }
    }
    return good;
  }

  /// The tests of alerts whose time is in [from, until): they look at the evaluation at `from`.
  void CompareAlerts(Millis from, Millis until) {
    const auto begin = by_time_.lower_bound(Duration(from - test_.start));
    const auto end = by_time_.lower_bound(Duration(until - test_.start));
    if (begin == end) return;
    std::map<std::pair<std::string, AlertState>, std::vector<FoundAlert>> found;
    for (const std::unique_ptr<Group>& group : groups_) {
      for (const RuleView& rule : group->View(true).rules) {
        for (const ActiveAlert& alert : rule.alerts) {
          found[{rule.rule->name, alert.state}].push_back(FoundFrom(alert));
        }
      }
    }
    for (auto each = begin; each != end; ++each) {
      const AlertTest& test = *each->second;
      CompareAlerts(test, found[{test.alertname, test.state}]);
    }
  }

  void CompareAlerts(const AlertTest& test, const std::vector<FoundAlert>& found) {
    if (test.state == AlertState::kFiring) {
      coverage_.SawAlertTest(test.alertname, !test.alerts.empty());
    }
    if (AreAsExpected(test.alerts, found)) return;
    Fail(fmt::format("{}    alertname: {}{}, time: {}, ", NameLine(), test.alertname,
                     test.state == AlertState::kPending ? ", state: pending" : "",
                     FormatDuration(test.eval_time)),
         Indented(unit_test::Describe(test.alerts), "        "),
         Indented(unit_test::Describe(found), "        "));
  }

  void Fail(std::string what, std::string expected = {}, std::string found = {}) {
    failures_.push_back({std::move(what), std::move(expected), std::move(found)});
  }

  std::string NameLine() const {
    return test_.name.empty() ? std::string() : fmt::format("    name: {},\n", test_.name);
  }

  void CompareSamples(const ExprTest& test) {
    const std::string what =
        fmt::format("    expr: {}, time: {},", Quoted(test.expr), FormatDuration(test.eval_time));
    const Result<LabelledValues> found = Evaluate(test);
    if (!found) return Fail(what + " err: " + found.error().message);
    LabelledValues expected;
    for (const ExprTest::Expected& sample : test.samples) {
      const Result<Labels> labels =
          sample.labels.empty() ? Result<Labels>(Labels()) : promql::ParseSeriesName(sample.labels);
      if (!labels) {
        return Fail(fmt::format("{} err: labels {}: {}", what, Quoted(sample.labels),
                                labels.error().message));
      }
      expected.push_back({*labels, sample.value});
    }
    Sort(expected);
    if (Same(expected, *found, file_.fuzzy_compare)) return;
    Fail(what, Describe(expected), Describe(*found));
  }

  /// As Prometheus prints a range vector.
  std::string Dump() const {
    std::vector<Matcher> all;
    if (Result<Matcher> named = Matcher::Make(MatchType::kNotEqual, kMetricNameLabel, ""); named) {
      all.push_back(std::move(*named));
    }
    std::string text;
    const auto selection = store_.Select(all);
    for (std::size_t i = 0; i < selection->size(); ++i) {
      text += selection->labels(i).ToString() + " =>\n";
      Samples samples;
      selection->Read(i, std::numeric_limits<Millis>::min(), std::numeric_limits<Millis>::max(),
                      samples);
      for (std::size_t k = 0; k < samples.size(); ++k) {
        text += fmt::format("{} @[{}]\n", FormatNumber(samples.v[k]), samples.t[k]);
      }
    }
    return text;
  }

  Result<LabelledValues> Evaluate(const ExprTest& test) {
    std::variant<promql::PreparedQuery, promql::ParseError> prepared = engine_.Prepare(test.expr);
    if (const auto* error = std::get_if<promql::ParseError>(&prepared)) {
      return Error{ErrorCode::kInvalidInput, error->ToString(test.expr)};
    }
    auto& query = std::get<promql::PreparedQuery>(prepared);
    for (const promql::VectorSelector* const selector : promql::Selectors(*query.query().root)) {
      coverage_.SawMetric(promql::MetricNameOf(*selector));
    }
    const promql::QueryOutcome outcome =
        engine_.Instant(query, test_.start + test.eval_time.count(), {});
    if (!outcome) return Error{ErrorCode::kInvalidInput, outcome.error().message};
    LabelledValues found;
    if (const auto* scalar = std::get_if<promql::ScalarColumn>(&outcome->value)) {
      found.push_back({Labels(), scalar->values.front()});
    } else if (const auto* block = std::get_if<promql::Block>(&outcome->value)) {
      for (std::size_t i = 0; i < block->shape->size(); ++i) {
        if (promql::IsPresent(block->at(i, 0))) {
          found.push_back({block->shape->visible(i), block->at(i, 0)});
        }
      }
    } else {
      return Error{ErrorCode::kInvalidInput, "rule result is not a vector or scalar"};
    }
    Sort(found);
    return found;
  }

  const TestGroup& test_;
  const TestFile& file_;
  Coverage& coverage_;
  const Log log_;
  SystemClock clock_;
  SampleStore store_{{}};
  promql::Engine engine_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::multimap<Duration, const AlertTest*> by_time_;
  std::size_t next_ = 0;  ///< Which value of each input series comes next.
  std::vector<Failure> failures_;
};

}  // namespace

TestOutcome RunTest(const TestGroup& test, const TestFile& file,
                    const std::vector<EffectiveGroup>& groups, const RunOptions& options,
                    Coverage& coverage) {
  return Run(test, file, groups, options, coverage).Go(options);
}

std::string Failure::ToString() const {
  if (expected.empty() && found.empty()) return what;
  return fmt::format("{}\n        exp:{}, \n        got:{}", what, expected, found);
}

std::string Failure::ToDiff() const {
  if (expected.empty() && found.empty()) return what;
  return fmt::format("{}\n        diff (- expected, + got):\n{}", what,
                     DiffOfLines(expected, found));
}

}  // namespace tocsin::unit_test
