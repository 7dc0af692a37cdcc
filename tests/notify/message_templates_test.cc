#include "notify/message_templates.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/notify/receivers/receiver_fixture.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::notify {
namespace {

Notification Sample() {
  NotifiedAlert a = MakeAlert({{"alertname", "Slow"}, {"job", "x"}, {"instance", "b"}});
  NotifiedAlert b = MakeAlert({{"alertname", "Slow"}, {"job", "x"}, {"instance", "c"}}, true);
  b.value.reset();
  b.condition.clear();
  return MakeNotification({std::move(a), std::move(b)});
}

std::string Expand(const std::string& text, const Notification& notification = Sample()) {
  const Result<MessageText> parsed = MessageTemplates::BuiltIn()->Parse(text);
  if (!parsed) return parsed.error().message;
  const Result<std::string> expanded =
      parsed->Expand(TemplateData({.notification = &notification,
                                   .external_url = "https://t",
                                   .sparklines = {"\u2581\u2588", ""}}));
  return expanded ? *expanded : expanded.error().message;
}

struct Case {
  std::string text;
  std::string expected;
};

const Case kCases[] = {
    {"plain", "plain"},
    {"{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}", "firing team https://t"},
    {"{{ .NotificationReason }} {{ .GroupKey }}", "first notification {}:{alertname=\"Slow\"}"},
    // As in the examples of Alertmanager's documentation.
    {"{{ .CommonLabels.job }}{{ .CommonLabels.nothing }}", "x"},
    {"{{ range .Alerts }}{{ .Labels.instance }},{{ end }}", "b,c,"},
    {"{{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}", "1 1"},
    {"{{ .GroupLabels.SortedPairs.Values | join \" \" }}", "Slow"},
    {"{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
     "alertname=Slow;job=x;"},
    {"{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join \",\" }}", "x"},
    {"{{ .CommonLabels.Names | join \",\" }}", "alertname,job"},
    {"{{ .CommonAnnotations.summary | title }}", "Is Bad"},
    {"{{ (index .Alerts 0).StartsAt.Format \"15:04\" }}", "16:58"},
    {"{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 1).EndsAt.IsZero }}", "true false"},
    {"{{ (index .Alerts 0).StartsAt | since }}", "1m0s"},
    {"{{ (index .Alerts 0).StartsAt | since | humanizeDuration }}", "1m 0s"},
    {"{{ (index .Alerts 0).StartsAt | tz \"Europe/Berlin\" | date \"15:04\" }}", "17:58"},
    {"{{ now | date \"15:04\" }}", "16:59"},
    {"{{ with index .Alerts 0 }}{{ .Value | humanize }} {{ .Condition }} {{ .IsNew }} "
     "{{ .Reason }} {{ .Sparkline }} {{ .RunbookURL }}{{ end }}",
     "312.5 > 300 true firing \u2581\u2588 https://runbooks.example.org/a"},
    {"{{ (index .Alerts 0).SilenceURL }}",
     "https://t/silences/new?filter=%7Balertname%3D%22Slow%22%2C+instance%3D%22b%22%2C+job%3D%22x%"
     "22%7D"},
    {"{{ (index .Alerts 0).URL | reReplaceAll \"[0-9a-f]{16}$\" \"\" }}", "https://t/alerts/"},
    {"{{ stringSlice \"a\" \"b\" | join \"-\" }} {{ trimSpace \" a \" }}", "a-b a"},
    {"{{ toJson .CommonLabels }}", R"({"alertname":"Slow","job":"x"})"},
    {"{{ toJson (dict \"a\" 1 \"b\" (list true nil)) }}", R"({"a":1,"b":[true,null]})"},
    {"{{ urlUnescape \"a%20b+c\" }}", "a b c"},
    {"{{ append (list 1) 2 }}", "[1 2]"},
    // What is built in.
    {"{{ template \"__subject\" . }}", "[FIRING:1] Slow (x)"},
    {"{{ template \"slack.default.fallback\" . }}", "[FIRING:1] Slow (x) | https://t/alerts"},
    {"{{ template \"pagerduty.default.severity\" . }}", "error"},
    {"{{ template \"pagerduty.default.instances\" .Alerts.Resolved }}",
     "Labels:\n - alertname = Slow\n - instance = c\n - job = x\nAnnotations:\n"
     " - runbook_url = https://runbooks.example.org/a\n - summary = is bad\n"
     "Source: https://tocsin.example.org/graph?g0.expr=up\n"},
    {"{{ template \"stdout.default.text\" . }}",
     "[FIRING:1] Slow (x) to team: first notification\n"
     "  firing Slow: is bad\n"
     "    labels instance=b job=x \n"
     "    since  2026-11-21 16:58:40.5 +0000 UTC, value 312.5 (> 300) \u2581\u2588\n"
     "  resolved Slow: is bad\n"
     "    labels instance=c job=x \n"
     "    since  2026-11-21 16:58:40.5 +0000 UTC\n"},
    // Mistakes.
    {"{{ .Status", "template: text:1: unclosed action"},
    {"{{ nothing }}", "template: text:1: function \"nothing\" not defined"},
    {"{{ template \"nothing\" . }}", "template: text: template \"nothing\" is not defined"},
    {"{{ tz \"Nowhere\" now }}",
     "template: text:1:3: executing \"text\" at <tz \"Nowhere\" now>: error calling tz: unknown "
     "time "
     "zone Nowhere"},
};

BOOST_AUTO_TEST_SUITE(message_templates_test)

BOOST_AUTO_TEST_CASE(ExpandsAsAlertmanagerDoes) {
  for (const Case& row : kCases) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Expand(row.text) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(EveryBuiltInTextWorks) {
  for (const std::string name : {"__alertmanager",
                                 "__alertmanagerURL",
                                 "__description",
                                 "slack.default.title",
                                 "slack.default.username",
                                 "slack.default.callbackid",
                                 "slack.default.pretext",
                                 "slack.default.titlelink",
                                 "slack.default.iconemoji",
                                 "slack.default.iconurl",
                                 "slack.default.text",
                                 "slack.default.footer",
                                 "slack.default.color",
                                 "pagerduty.default.description",
                                 "pagerduty.default.client",
                                 "pagerduty.default.clientURL",
                                 "pagerduty.default.alert",
                                 "msteamsv2.default.title",
                                 "msteamsv2.default.text",
                                 "email.default.subject",
                                 "email.default.text",
                                 "email.default.html"}) {
    BOOST_TEST_CONTEXT(name) {
      const std::string text = Expand("{{ template \"" + name + "\" . }}");
      BOOST_TEST(!text.starts_with("template: "), text);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsResolvedWasAboveItsThreshold) {
  const NotifiedAlert firing = MakeAlert({{"alertname", "Slow"}, {"job", "x"}});
  NotifiedAlert resolved = MakeAlert({{"alertname", "Slow"}, {"job", "y"}}, true);
  resolved.value = 16.4;
  const Notification both = MakeNotification({firing, resolved});
  const struct {
    std::string name;
    std::string firing;
    std::string resolved;
  } rows[] = {
      {"stdout.default.text", ", value 312.5 (> 300) \u2581\u2588\n", ", value 16.4 (was > 300)\n"},
      {"email.default.text", "\nvalue 312.5 (> 300) \u2581\u2588\n", "\nvalue 16.4 (was > 300)\n"},
      {"email.default.html", ", value <b>312.5</b> (&gt; 300) \u2581\u2588</p>",
       ", value <b>16.4</b> (was &gt; 300)</p>"},
      {"msteamsv2.default.text", " \u00b7 value **312.5** (> 300) \u2581\u2588\n",
       " \u00b7 value **16.4** (was > 300)\n"},
  };
  for (const auto& row : rows) {
    const std::string text = Expand("{{ template \"" + row.name + "\" . }}", both);
    BOOST_TEST(text.find(row.firing) != std::string::npos, text);
    BOOST_TEST(text.find(row.resolved) != std::string::npos, text);
  }
}

// Of Markdown, a card knows bold and italic text, lists and links: a heading would show its "#".
BOOST_AUTO_TEST_CASE(ATextForTeamsIsWhatACardCanShow) {
  NotifiedAlert alert = MakeAlert({{"alertname", "Slow"}, {"instance", "b"}, {"job", "x"}});
  alert.annotations.emplace_back("description", "It has been bad.");
  NotifiedAlert resolved = MakeAlert({{"alertname", "Slow"}}, true);
  resolved.annotations.clear();
  resolved.value.reset();
  const std::string text =
      Expand(R"({{ template "msteamsv2.default.text" . }})", MakeNotification({alert, resolved}));
  BOOST_TEST(
      text ==
      "🔴 **Slow** is bad\n\nIt has been bad.\n\ninstance=b · job=x\n\n"
      "since {{DATE(2026-11-21T16:58:40Z, SHORT)}} {{TIME(2026-11-21T16:58:40Z)}}"
      " · value **312.5** (> 300) \u2581\u2588\n\n"
      "[Runbook](https://runbooks.example.org/a) · [Alert](https://t/alerts/841182b1f9c61693)"
      " · [Silence](https://t/silences/new?filter=%7Balertname%3D%22Slow%22%2C+instance%3D%22b%22"
      "%2C+job%3D%22x%22%7D)\n\n"
      "🟢 resolved **Slow**\n\n"
      "since {{DATE(2026-11-21T16:58:40Z, SHORT)}} {{TIME(2026-11-21T16:58:40Z)}}"
      " until {{DATE(2026-11-21T17:03:40Z, SHORT)}} {{TIME(2026-11-21T17:03:40Z)}}\n\n"
      "[Alert](https://t/alerts/2a6d61766e100a13)");
}

// Texts of users take it up by its name: it must hold nothing that only a card understands.
BOOST_AUTO_TEST_CASE(TheListInMarkdownIsForAnyReader) {
  const std::string text = Expand(R"({{ template "__text_alert_list_markdown" .Alerts }})",
                                  MakeNotification({MakeAlert({{"alertname", "Slow"}}, true)}));
  BOOST_TEST(
      text.find("\n\nsince 2026-11-21 16:58:40 until 2026-11-21 17:03:40 UTC \u00b7 value ") !=
          std::string::npos,
      text);
  BOOST_TEST(text.find("{{") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(AMailNamesTheEndOfWhatIsResolvedAndOffersNoSilenceForIt) {
  for (const std::string name : {"email.default.text", "email.default.html"}) {
    BOOST_TEST_CONTEXT(name) {
      const std::string text = "{{ template \"" + name + "\" . }}";
      const Labels labels = {{"alertname", "Slow"}, {"job", "x"}};
      const std::string firing = Expand(text, MakeNotification({MakeAlert(labels)}));
      const std::string resolved = Expand(text, MakeNotification({MakeAlert(labels, true)}));
      BOOST_TEST(firing.find("since 2026-11-21 16:58:40 UTC") != std::string::npos, firing);
      BOOST_TEST(firing.find("Silence") != std::string::npos, firing);
      BOOST_TEST(firing.find("alertname =") == std::string::npos, firing);
      BOOST_TEST(resolved.find("since 2026-11-21 16:58:40 until 2026-11-21 17:03:40 UTC") !=
                     std::string::npos,
                 resolved);
      BOOST_TEST(resolved.find("Silence") == std::string::npos, resolved);
    }
  }
}

BOOST_AUTO_TEST_CASE(HtmlOfAMailHoldsNoLabelAsItIs) {
  NotifiedAlert alert = MakeAlert({{"alertname", "<em>"}, {"job", "<script>"}});
  alert.annotations = {{"description", "<i>"}, {"summary", "<u>"}};
  const std::string html =
      Expand("{{ template \"email.default.html\" . }}", MakeNotification({alert}));
  for (const std::string tag : {"<em>", "<script>", "<i>", "<u>"}) {
    BOOST_TEST(html.find(tag) == std::string::npos, tag);
  }
  BOOST_TEST(html.find("&lt;script&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(AValueOfZeroIsAValue) {
  NotifiedAlert alert = MakeAlert({{"alertname", "Zero"}});
  alert.value = 0;
  const std::string text =
      Expand("{{ template \"stdout.default.text\" . }}", MakeNotification({alert}));
  BOOST_TEST(text.find("value 0") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(FilesMayReplaceWhatIsBuiltIn) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "a.tmpl";
  std::ofstream(file)
      << "{{ define \"slack.default.title\" }}mine {{ template \"own\" . }}{{ end }}"
         "{{ define \"own\" }}{{ .Status }}{{ end }}";
  const std::vector<std::filesystem::path> files = {file};
  const auto templates = MessageTemplates::Load(files);
  BOOST_REQUIRE(templates);
  const Notification notification = Sample();
  const auto text = (*templates)->Parse("{{ template \"slack.default.title\" . }}");
  BOOST_REQUIRE(text);
  BOOST_TEST(*text->Expand(TemplateData({.notification = &notification})) == "mine firing");

  std::ofstream(file) << "\n{{ define \"a\" }}{{ template \"no\" . }}{{ end }}";
  const auto broken = MessageTemplates::Load(files);
  BOOST_REQUIRE(!broken);
  BOOST_TEST(broken.error().message ==
             "template: " + file.string() + ": template \"no\" is not defined");
}

BOOST_AUTO_TEST_CASE(ReadsGlobsNextToTheConfiguration) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a.tmpl") << "{{ define \"a\" }}A{{ end }}";
  std::ofstream(folder.path() / "b.tmpl") << "{{ define \"b\" }}{{ template \"a\" }}B{{ end }}";
  Diagnostics diagnostics((folder.path() / "config.yaml").string());
  const auto node = ParseYaml("templates: ['*.tmpl', 'none/*']", diagnostics);
  BOOST_REQUIRE(node);
  YamlMap notify(*node, diagnostics);
  const auto templates = ReadMessageTemplates(notify);
  BOOST_TEST(diagnostics.Text() == "");
  const auto text = templates->Parse("{{ template \"b\" }}");
  BOOST_REQUIRE(text);
  BOOST_TEST(*text->Expand({}) == "AB");
}

BOOST_AUTO_TEST_CASE(AFileThatIsNotThereIsMissed) {
  Diagnostics diagnostics("f");
  const auto node = ParseYaml("templates: [/nowhere/a.tmpl]", diagnostics);
  BOOST_REQUIRE(node);
  YamlMap notify(*node, diagnostics);
  ReadMessageTemplates(notify);
  BOOST_TEST(diagnostics.Text().starts_with("f:1:12: templates: /nowhere/a.tmpl"),
             diagnostics.Text());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
