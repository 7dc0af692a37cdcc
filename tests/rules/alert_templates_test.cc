#include "rules/alert_templates.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

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
    BOOST_TEST(View().alerts.at(0).annotations.all().at(0).second == value);
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
  BOOST_TEST(sink.sent.at(0).annotations.all().at(0).second == "11");
  BOOST_TEST(sink.sent.at(0).value == 5);
  Restart();
  Evaluate(3 * kMinute);
  BOOST_TEST(sink.sent.at(0).annotations.all().at(0).second == "11");
}

BOOST_AUTO_TEST_SUITE_END()

/// Rules whose annotation `a` is a template, and how often it is expanded.
struct ExpansionsFixture : RuleFixture {
  ExpansionsFixture() { environment.template_counts = &counts; }

  static Rule Annotated(const std::string& text) {
    Rule rule = Alerting("m > 10");
    rule.annotations = {{"a", text}, {"plain", "text"}};
    return rule;
  }
  /// Other than Evaluate() does not look at what has come of it.
  void EvaluateUnseen(Millis at) {
    sink.sent.clear();
    clock.SetWall(TimePoint(Duration(at)));
    group->Evaluate(at);
  }
  std::string Asked() const { return group->Alerts(0).at(0).annotations.all().at(0).second; }
  /// Of the last evaluation: nothing if it has told nothing.
  std::string Told() const {
    return sink.sent.empty() ? "" : sink.sent[0].annotations.all().at(0).second;
  }

  TemplateCounts counts;
};

BOOST_FIXTURE_TEST_SUITE(alert_expansions_test, ExpansionsFixture)

/// For the history, the message and all who ask.
BOOST_AUTO_TEST_CASE(ABurstExpandsEachTextOfAnAlertOnce) {
  Rule rule = Annotated("{{ $value }}");
  rule.annotations.emplace_back("z", "{{ $labels.i }}");
  Start(rule);
  constexpr std::size_t kAlerts = 5;
  for (std::size_t i = 0; i < kAlerts; ++i) Put("m{i=\"" + std::to_string(i) + "\"}", 0, "11");
  EvaluateUnseen(0);
  const std::vector<ActiveAlert> asked = group->Alerts(0);
  BOOST_TEST(counts.expansions == 2 * kAlerts);
  BOOST_TEST_REQUIRE(observer.events.size() == kAlerts);
  BOOST_TEST_REQUIRE(sink.sent.size() == kAlerts);
  BOOST_TEST_REQUIRE(asked.size() == kAlerts);
  for (std::size_t i = 0; i < kAlerts; ++i) {
    const Annotations expected = {{"a", "11"}, {"plain", "text"}, {"z", std::to_string(i)}};
    BOOST_TEST((observer.events[i].alert.annotations == expected));
    BOOST_TEST((sink.sent[i].annotations == expected));
    BOOST_TEST((asked[i].annotations == expected));
  }
  for (std::size_t i = 0; i < kAlerts; ++i) {
    Put("m{i=\"" + std::to_string(i) + "\"}", 2 * kMinute, "11");
  }
  Evaluate(2 * kMinute);
  BOOST_TEST(sink.sent.size() == kAlerts);
  BOOST_TEST(counts.expansions == 2 * kAlerts);  // Told again, with the same values.
}

BOOST_AUTO_TEST_CASE(AnotherValueIsExpandedWhenSomebodyAsks) {
  environment.resend_delay = std::chrono::minutes(4);
  Start(Annotated("{{ $value }}"));
  for (int minute = 0; minute < 4; ++minute) {
    Put("m", minute * kMinute, std::to_string(11 + minute));
    EvaluateUnseen(minute * kMinute);
  }
  BOOST_TEST(counts.expansions == 1U);
  BOOST_TEST(Asked() == "14");
  BOOST_TEST(Asked() == "14");
  BOOST_TEST(counts.expansions == 2U);
  Put("m", 5 * kMinute, "16");
  EvaluateUnseen(5 * kMinute);
  BOOST_TEST(Told() == "16");
  BOOST_TEST(Asked() == "16");
  BOOST_TEST(counts.expansions == 3U);
}

BOOST_AUTO_TEST_CASE(OtherSampleLabelsAreOtherTexts) {
  Rule rule = Annotated("{{ $labels.i }}");
  rule.labels = {{"i", ""}};
  Start(rule);
  Put("m{i=\"a\"}", 0, "11");
  EvaluateUnseen(0);
  BOOST_TEST(Asked() == "a");
  Put("m{i=\"a\"}", kMinute, "_");
  Put("m{i=\"b\"}", kMinute, "11");
  EvaluateUnseen(kMinute);
  BOOST_TEST(Asked() == "b");
}

/// Those of the last value for which the condition held, whether or not anybody had asked for them.
BOOST_AUTO_TEST_CASE(AResolvedAlertTellsItsLastTexts) {
  for (const bool is_seen : {false, true}) {
    BOOST_TEST_CONTEXT("seen " << is_seen) {
      ExpansionsFixture fixture;
      fixture.Start(Annotated("{{ $value }}"));
      fixture.Put("m", 0, "11");
      fixture.EvaluateUnseen(0);
      fixture.Put("m", kMinute, "12");
      fixture.EvaluateUnseen(kMinute);
      if (is_seen) BOOST_TEST(fixture.Asked() == "12");
      fixture.Put("m", 2 * kMinute, "5");
      fixture.EvaluateUnseen(2 * kMinute);
      BOOST_TEST(fixture.Told() == "12");
      BOOST_TEST(fixture.sink.sent.at(0).value == 5);
      BOOST_TEST(fixture.Asked() == "12");
      BOOST_TEST(fixture.counts.expansions == 2U);
    }
  }
}

/// Also with the value that it had at its end.
BOOST_AUTO_TEST_CASE(AnAlertThatComesBackHasNewTexts) {
  Start(Annotated("{{ $value }}"));
  Put("m", 0, "11");
  EvaluateUnseen(0);
  Put("m", kMinute, "5");
  EvaluateUnseen(kMinute);
  Rule lower = Annotated("{{ $value }}");
  lower.expr = "m > 1";
  Reload(GroupOf({lower}));
  BOOST_TEST(Asked() == "11");
  EvaluateUnseen(2 * kMinute);
  BOOST_TEST(Told() == "5");
}

BOOST_AUTO_TEST_CASE(AReloadWithOtherTemplatesTellsTheNewTexts) {
  for (const char* text : {"new {{ $value }}", "new {{ $value }}{{ if not now }}{{ end }}"}) {
    BOOST_TEST_CONTEXT(text) {
      ExpansionsFixture fixture;
      fixture.Start(Annotated("old {{ $value }}"));
      fixture.Put("m", 0, "11");
      fixture.EvaluateUnseen(0);
      BOOST_TEST(fixture.Asked() == "old 11");
      fixture.Reload(GroupOf({Annotated(text)}));
      BOOST_TEST(fixture.Asked() == "new 11");
      fixture.EvaluateUnseen(2 * kMinute);
      BOOST_TEST(fixture.Told() == "new 11");
      fixture.Put("m", 3 * kMinute, "5");
      fixture.EvaluateUnseen(3 * kMinute);
      fixture.Reload(GroupOf({Annotated("newest {{ $value }}")}));
      BOOST_TEST(fixture.Asked() == "new 11");  // It is over.
    }
  }
}

BOOST_AUTO_TEST_CASE(ARestartWithOtherTemplatesTellsTheNewTexts) {
  Start(Annotated("old {{ $value }}"));
  Put("m", 0, "11");
  EvaluateUnseen(0);
  auto next =
      std::make_unique<Group>(GroupOf({Annotated("new {{ $value }}")}), settings, environment);
  next->Adopt(0, group->Alerts(0), {});
  group = std::move(next);
  BOOST_TEST(Asked() == "new 11");
  EvaluateUnseen(2 * kMinute);
  BOOST_TEST(Told() == "new 11");
  BOOST_TEST(counts.expansions == 2U);
}

BOOST_AUTO_TEST_CASE(WhoeverAsksMeanwhileGetsTextsOfTheValue) {
  Start(Annotated("{{ $value }}"));
  std::atomic<bool> is_over = false;
  std::atomic<int> mismatches = 0;
  std::thread reader([&] {
    while (!is_over) {
      for (const ActiveAlert& alert : group->Alerts(0)) {
        if (alert.annotations.all().at(0).second != FormatNumber(alert.value)) ++mismatches;
      }
    }
  });
  constexpr int kEvaluations = 200;
  for (int i = 0; i < kEvaluations; ++i) {
    for (const char* series : {"m{i=\"1\"}", "m{i=\"2\"}", "m{i=\"3\"}"}) {
      Put(series, i * kSecond, std::to_string(11 + i));
    }
    EvaluateUnseen(i * kSecond);
  }
  is_over = true;
  reader.join();
  BOOST_TEST(mismatches == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
