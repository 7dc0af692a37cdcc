#include "exporter/alert_page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/rfc3339.h"
#include "base/template/builtins.h"
#include "exporter/html.h"
#include "exporter/runbooks.h"
#include "notify/label_matcher.h"

namespace tocsin {
namespace {

using notify::HistoryRecord;
using AlertView = notify::Notifier::AlertView;

constexpr std::string_view kRunbook = "runbook_url";

/// "2026-01-31T10:05:00.000Z (5m30s ago)"; the wall clock may have stepped back since.
std::string Since(TimePoint then, TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - then);
  return fmt::format("{} ({} ago)", FormatRfc3339(then),
                     FormatDuration(std::max(seconds, std::chrono::seconds(0))));
}

void AddRow(Html& html, std::string_view name, std::string_view text) {
  html.Markup("<tr><th scope=\"row\">").Text(name).Markup("</th><td>").Text(text);
  html.Markup("</td></tr>\n");
}

void AddLinkRow(Html& html, std::string_view name, std::string_view url) {
  html.Markup("<tr><th scope=\"row\">").Text(name).Markup("</th><td>").Link(url, url);
  html.Markup("</td></tr>\n");
}

/// Ours, if it is one of ours, and where the rule says that it is.
void AddRunbook(Html& html, std::string_view url) {
  if (const Runbook* const ours = RunbookAt(url)) {
    html.Markup("<tr><th scope=\"row\">Runbook</th><td>");
    html.Link(fmt::format("../../runbooks/{}.md", ours->name), ours->Title()).Markup(" ");
    if (url.find("://") != std::string_view::npos) html.Link(url, url);
    html.Markup("</td></tr>\n");
    return;
  }
  AddLinkRow(html, "Runbook", url);
}

void AddRule(Html& html, const Alert& alert) {
  if (alert.rule == nullptr) return;
  AddRow(html, "Value", FormatNumber(alert.value));
  if (!alert.rule->condition.empty()) AddRow(html, "Condition", alert.rule->condition);
  AddRow(html, "Expression", alert.rule->expression);
}

void AddSilences(Html& html, const AlertView& view) {
  if (view.silenced_by.empty()) return;
  html.Markup("<tr><th scope=\"row\">Silenced by</th><td>");
  for (const std::string& id : view.silenced_by) {
    html.Link("../silences/" + id, id).Markup(" ");
  }
  html.Markup("</td></tr>\n");
}

void AddInhibitor(Html& html, const AlertView& view) {
  if (!view.inhibited_by) return;
  const std::string fingerprint = notify::FingerprintText(*view.inhibited_by);
  html.Markup("<tr><th scope=\"row\">Inhibited by</th><td>");
  html.Link("../alerts/" + fingerprint, fingerprint).Markup("</td></tr>\n");
}

void AddFacts(Html& html, const AlertView& view, TimePoint now) {
  const Alert& alert = *view.alert.alert;
  html.Markup("<table>\n");
  AddRow(html, "State", StateText(view));
  AddRow(html, "Since", Since(alert.starts_at, now));
  if (view.resolved) AddRow(html, "Resolved", Since(alert.ends_at, now));
  AddRule(html, alert);
  AddRow(html, "Receivers", fmt::format("{}", fmt::join(view.receivers, ", ")));
  AddSilences(html, view);
  AddInhibitor(html, view);
  for (const auto& [name, text] : alert.annotations) {
    if (name == kRunbook) AddRunbook(html, text);
  }
  if (!alert.generator_url.empty()) AddLinkRow(html, "Source", alert.generator_url);
  html.Markup("</table>\n");
}

void AddLabels(Html& html, const AlertView& view) {
  html.Markup("<h2>Labels</h2>\n<table>\n");
  for (const Label& label : view.alert.labels) AddRow(html, label.name.text(), label.value.text());
  html.Markup("</table>\n");
}

void AddAnnotations(Html& html, const AlertView& view) {
  if (view.alert.alert->annotations.empty()) return;
  html.Markup("<h2>Annotations</h2>\n<table>\n");
  for (const auto& [name, text] : view.alert.alert->annotations) AddRow(html, name, text);
  html.Markup("</table>\n");
}

void AddRecord(Html& html, const HistoryRecord& record) {
  html.Markup("<tr><td>").Text(FormatRfc3339(record.at)).Markup("</td><td>");
  html.Text(record.destination.receiver).Markup("</td><td>").Text(record.destination.entry);
  html.Markup("</td><td>").Text(Name(record.reason)).Markup("</td><td>");
  html.Text(Name(record.state)).Markup("</td><td>").Text(record.answer);
  html.Markup("</td></tr>\n");
}

void AddTold(Html& html, const Result<std::vector<HistoryRecord>>& told) {
  html.Markup("<h2>Notifications</h2>\n");
  if (!told) {
    html.Markup("<p>What was sent cannot be read: ").Text(told.error().message).Markup("</p>\n");
    return;
  }
  if (told->empty()) {
    html.Markup("<p>Nobody was told yet.</p>\n");
    return;
  }
  html.Markup(
      "<table>\n<thead><tr><th scope=\"col\">When</th><th scope=\"col\">Receiver</th>"
      "<th scope=\"col\">Entry</th><th scope=\"col\">Why</th><th scope=\"col\">Outcome</th>"
      "<th scope=\"col\">Answer</th></tr></thead>\n<tbody>\n");
  for (const HistoryRecord& record : *told) AddRecord(html, record);
  html.Markup("</tbody>\n</table>\n");
}

}  // namespace

std::string_view StateText(const AlertView& alert) {
  if (alert.resolved) return "resolved";
  if (!alert.silenced_by.empty()) return "silenced";
  if (alert.inhibited_by) return "inhibited";
  return alert.muted_by.empty() ? "firing" : "muted";
}

std::string AlertTitle(const Labels& labels) {
  const std::string_view name = labels.Get("alertname");
  return name.empty() ? labels.ToString() : std::string(name);
}

std::string NewSilenceAddress(const Labels& labels) {
  notify::LabelMatchers matchers;
  matchers.reserve(labels.size());
  for (const Label& label : labels) {
    notify::LabelMatcher matcher;
    matcher.name = label.name.text();
    matcher.value = label.value.text();
    matchers.push_back(std::move(matcher));
  }
  return "../silences/new?filter=" + text_template::QueryEscaped(ToString(matchers));
}

std::string AlertPage(const AlertView& alert, const Result<std::vector<HistoryRecord>>& told,
                      TimePoint now) {
  const std::string title = AlertTitle(alert.alert.labels);
  Html html = BeginPage(title, "../");
  html.Markup("<p><a href=\"../\">tocsin</a></p>\n<h1>").Text(title).Markup("</h1>\n");
  AddFacts(html, alert, now);
  html.Markup("<p>").Link(NewSilenceAddress(alert.alert.labels), "Silence this alert");
  html.Markup("</p>\n");
  AddLabels(html, alert);
  AddAnnotations(html, alert);
  AddTold(html, told);
  return EndPage(std::move(html));
}

}  // namespace tocsin
