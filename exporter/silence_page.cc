#include "exporter/silence_page.h"

#include <string_view>
#include <utility>

#include "base/duration.h"
#include "base/rfc3339.h"
#include "exporter/alert_page.h"
#include "exporter/html.h"
#include "exporter/request_target.h"

namespace tocsin {
namespace {

using notify::LabelMatchers;
using notify::Silence;
using AlertView = notify::Notifier::AlertView;

/// A page is for people: nobody reads more.
constexpr std::size_t kMostAlerts = 200;

Error Wrong(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

void AddField(Html& html, std::string_view name, std::string_view label, std::string_view value) {
  html.Markup("<label>").Text(label).Markup(" <input type=\"text\" name=\"").Text(name);
  html.Markup("\" value=\"").Text(value).Markup("\"></label>\n");
}

void AddRow(Html& html, std::string_view name, std::string_view text) {
  html.Markup("<tr><th scope=\"row\">").Text(name).Markup("</th><td>").Text(text);
  html.Markup("</td></tr>\n");
}

/// The alerts that match, each with a link.
void AddMatching(Html& html, const LabelMatchers& matchers, const std::vector<AlertView>& alerts) {
  std::size_t matching = 0;
  html.Markup("<h2>Alerts that match now</h2>\n<ul>\n");
  for (const AlertView& alert : alerts) {
    if (!notify::Matches(matchers, alert.alert.labels) || ++matching > kMostAlerts) continue;
    html.Markup("<li>").Link("../alerts/" + notify::FingerprintText(alert.fingerprint),
                             AlertTitle(alert.alert.labels));
    html.Markup(" ").Text(StateText(alert)).Markup(" <small>");
    html.Text(alert.alert.labels.ToString()).Markup("</small></li>\n");
  }
  html.Markup("</ul>\n<p>").Text(std::to_string(matching)).Markup(" of ");
  html.Text(std::to_string(alerts.size())).Markup(" alerts.</p>\n");
}

}  // namespace

Result<SilenceForm> SilenceForm::Read(const HttpRequest& request) {
  SilenceForm form;
  const Result<QueryParameters> fields =
      request.method == "GET" ? request.query : ParseQueryParameters(request.body);
  if (!fields) return fields.error();
  const std::pair<std::string_view, std::string*> wanted[] = {{"filter", &form.filter},
                                                              {"duration", &form.duration},
                                                              {"author", &form.author},
                                                              {"comment", &form.comment}};
  for (const auto& [name, value] : *fields) {
    for (const auto& [key, text] : wanted) {
      if (name == key) *text = value;
    }
  }
  return form;
}

Result<Silence> SilenceForm::ToSilence(TimePoint now) const {
  Result<LabelMatchers> matchers = notify::ParseLabelMatchers(filter);
  if (!matchers) return matchers.error().Within("matchers");
  const Result<Duration> lasting = ParseDuration(duration);
  if (!lasting) return lasting.error().Within("duration");
  if (*lasting <= Duration(0)) return Wrong("duration: expected more than 0");
  if (author.empty()) return Wrong("author: expected who wants this");
  if (comment.empty()) return Wrong("comment: expected why");
  Silence silence;
  silence.matchers = std::move(*matchers);
  silence.starts_at = now;
  silence.ends_at = now + *lasting;
  silence.created_by = author;
  silence.comment = comment;
  return silence;
}

std::string NewSilencePage(const SilenceForm& form, std::string_view problem,
                           const std::vector<AlertView>& alerts) {
  Html html = BeginPage("New silence", "../");
  html.Markup("<p><a href=\"../\">tocsin</a></p>\n<h1>New silence</h1>\n");
  if (!problem.empty()) {
    html.Markup("<p role=\"alert\" class=\"down\">").Text(problem).Markup("</p>\n");
  }
  html.Markup("<form method=\"post\" action=\"new\">\n");
  AddField(html, "filter", "Matchers", form.filter);
  AddField(html, "duration", "Duration, such as 30m, 2h or 1d", form.duration);
  AddField(html, "author", "Author", form.author);
  AddField(html, "comment", "Comment", form.comment);
  html.Markup(
      "<button type=\"submit\">Silence</button>\n"
      "<button type=\"submit\" formmethod=\"get\">Show what matches</button>\n</form>\n");
  if (const Result<LabelMatchers> matchers = notify::ParseLabelMatchers(form.filter); matchers) {
    AddMatching(html, *matchers, alerts);
  }
  return EndPage(std::move(html));
}

std::string SilencePage(const Silence& silence, const std::vector<AlertView>& alerts,
                        TimePoint now) {
  Html html = BeginPage("Silence", "../");
  html.Markup("<p><a href=\"../\">tocsin</a></p>\n<h1>Silence</h1>\n<table>\n");
  AddRow(html, "State", Name(silence.StateAt(now)));
  AddRow(html, "Matchers", ToString(silence.matchers));
  AddRow(html, "From", FormatRfc3339(silence.starts_at));
  AddRow(html, "Until", FormatRfc3339(silence.ends_at));
  AddRow(html, "Author", silence.created_by);
  AddRow(html, "Comment", silence.comment);
  AddRow(html, "Id", silence.id);
  html.Markup("</table>\n");
  if (silence.StateAt(now) != Silence::State::kExpired) {
    html.Markup(
        "<form method=\"post\">\n<button type=\"submit\">End this silence now</button>\n"
        "</form>\n");
    AddMatching(html, silence.matchers, alerts);
  }
  return EndPage(std::move(html));
}

}  // namespace tocsin
