#include "rules/alert_templates.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/rule_fixture.h"

namespace tocsin {
namespace {

struct TemplatesFixture : RuleFixture {
  /// The annotation `a` of an alert of a rule whose label `severity` is `page`.
  std::string Annotation(const std::string& text) {
    Rule rule = Alerting("m > 0");
    rule.labels = {{"severity", "page"}};
    rule.annotations = {{"a", text}};
    const AlertTemplates templates(rule, environment);
    const AlertTemplates::Sample sample{
        .labels = {{"__name__", "m"}, {"i", "x"}}, .value = 1500, .at = 60'000};
    return templates.ExpandAnnotations(sample, templates.AlertLabels(sample)).at(0).second;
  }
};

BOOST_FIXTURE_TEST_SUITE(alert_templates_test, TemplatesFixture)

BOOST_AUTO_TEST_CASE(TextsSeeTheSampleAndTheRule) {
  environment.external_labels = {{"region", "eu"}};
  Put("m{i=\"x\"}", 60'000, "3");
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"no template", "no template"},
      {"{{ $labels.i }} {{ .Labels.i }} {{ $labels.none }}", "x x "},
      {"{{ .Labels.__name__ }}", "m"},
      {"{{ $value }} {{ .Value | humanize }}", "1500 1.5k"},
      {"{{ $externalLabels.region }} {{ $externalURL }}", "eu http://tocsin:1"},
      {"{{ $labels.severity }}", ""},  // Never the rule's.
      {"{{ .RuleLabels.severity }}", "page"},
      {"{{ query \"m * 2\" | first | value }}", "6"},
      {"{{ now }}", "60"},
      {"{{ range query \"vector(1) > 5\" }}never{{ end }}", ""},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Annotation(row.text) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(ExpansionsAndTheirFailuresAreCounted) {
  TemplateCounts counts;
  environment.template_counts = &counts;
  Annotation("no template");
  BOOST_TEST(counts.expansions == 0U);
  Annotation("{{ $value }}");
  Annotation("{{ query \"m +\" }}");
  Annotation("{{ if }}");
  BOOST_TEST(counts.expansions == 3U);
  BOOST_TEST(counts.failures == 2U);
}

BOOST_AUTO_TEST_CASE(AFailureTakesThePlaceOfTheText) {
  BOOST_TEST(Annotation("{{ query \"none\" | first }}")
                 .starts_with("<error expanding template: error executing template __alert_A: "
                              "template: __alert_A:1:"));
  BOOST_TEST(Annotation("{{ query \"m +\" }}").starts_with("<error expanding template: "));
  BOOST_TEST(Annotation("{{ if }}")
                 .starts_with("<error expanding template: error parsing template __alert_A: "
                              "template: __alert_A:1:"));
}

BOOST_AUTO_TEST_CASE(WhatTextsDependOnIsKnown) {
  struct Row {
    const char* text;
    bool value;
    bool time;
  };
  const Row rows[] = {
      {"plain. $value", false, false},
      {"{{ $labels.i }}", false, false},
      {"{{ $value }}", true, false},
      {"{{ .Value }}", true, false},
      {"{{ . }}", true, false},
      {"{{ printf \"%v\" $ }}", true, false},
      {"{{ query \"m\" | first }}", false, true},
      {"{{ now }}", false, true},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      Rule rule = Alerting("m > 0");
      rule.labels = {{"l", row.text}};
      rule.annotations = {{"a", row.text}};
      const AlertTemplates templates(rule, environment);
      BOOST_TEST(templates.labels_use_value() == row.value);
      BOOST_TEST(templates.labels_use_time() == row.time);
      BOOST_TEST(templates.annotations_use_time() == row.time);
    }
  }
}

/// A label that depends on the value makes another alert of each value; annotations do not.
BOOST_AUTO_TEST_CASE(LabelsThatUseTheValueMakeNewAlerts) {
  Rule rule = Alerting("m > 0");
  rule.labels = {{"v", "{{ $value }}"}};
  Start(rule);
  Put("m", 0, "1");
  BOOST_TEST(Evaluate(0) == "{v=\"1\"} firing@0/0 =1 | {v=\"1\"} firing 0..240 | firing 0");
  Put("m", kMinute, "2");
  BOOST_TEST(Evaluate(kMinute) ==
             "{v=\"1\"} resolved@60 =2, {v=\"2\"} firing@60/60 =2 | "
             "{v=\"1\"} resolved 0..60, {v=\"2\"} firing 60..300 | firing 60");
  Put("m", 2 * kMinute, "1");
  BOOST_TEST(Evaluate(2 * kMinute) ==
             "{v=\"1\"} firing@120/120 =1, {v=\"2\"} resolved@120 =1 | "
             "{v=\"1\"} firing 120..360, {v=\"2\"} resolved 60..120 | firing 120");
}

BOOST_AUTO_TEST_CASE(SeriesMaySwapTheLabelsOfTheirAlerts) {
  Rule rule = Alerting("m > 0");
  rule.labels = {{"i", "{{ $value }}"}};
  Start(rule);
  Put("m{i=\"a\"}", 0, "1");
  Put("m{i=\"b\"}", 0, "2");
  Evaluate(0);
  Put("m{i=\"a\"}", kMinute, "2");
  Put("m{i=\"b\"}", kMinute, "1");
  BOOST_TEST(Evaluate(kMinute).starts_with("{i=\"1\"} firing@0/0 =1, {i=\"2\"} firing@0/0 =2 |"));
  BOOST_TEST(View().last_error.empty());
  Put("m{i=\"b\"}", 2 * kMinute, "2");
  Evaluate(2 * kMinute);
  BOOST_TEST(View().last_error.find("same labelset") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(TextsThatQueryAreExpandedAtEveryEvaluation) {
  Rule rule = Alerting("m > 0");
  rule.annotations = {{"a", "{{ query \"n\" | first | value }}"}};
  Start(rule);
  for (const char* value : {"1", "2"}) {
    const Millis at = clock.Now().time_since_epoch().count() + kMinute;
    Put("m", at, "1");
    Put("n", at, value);
    Evaluate(at);
    BOOST_TEST(View().alerts.at(0).annotations.at(0).second == value);
  }
}

/// The annotations of a resolved alert speak of the last value for which the condition held.
BOOST_AUTO_TEST_CASE(AResolvedAlertKeepsItsTexts) {
  Rule rule = Alerting("m > 10");
  rule.annotations = {{"a", "{{ $value }}"}};
  Start(rule);
  Put("m", 0, "11");
  Evaluate(0);
  Put("m", kMinute, "5");
  Evaluate(kMinute);
  BOOST_TEST(sink.sent.at(0).annotations.at(0).second == "11");
  BOOST_TEST(sink.sent.at(0).value == 5);
  Restart();
  Evaluate(3 * kMinute);
  BOOST_TEST(sink.sent.at(0).annotations.at(0).second == "11");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
