#include "exporter/landing_page.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "base/duration.h"
#include "collectors/registry.h"
#include "exporter/html.h"

namespace tocsin {
namespace {

constexpr std::size_t kMostAlerts = 50;  ///< On the page.

/// "12s" since `then`, in whole seconds; the wall clock may have stepped back since.
std::string Age(const std::optional<TimePoint>& then, TimePoint now) {
  if (!then) return "never";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - *then);
  return FormatDuration(std::max(seconds, std::chrono::seconds(0))) + " ago";
}

std::string_view StateOf(const collectors::InstanceView& view) {
  if (!view.last_attempt) return "waiting";
  if (!view.up) return "down";
  return collectors::IsPartlyLost(view) ? "partly" : "up";
}

void AddRow(Html& html, const collectors::InstanceView& view, TimePoint now) {
  const std::string_view state = StateOf(view);
  html.Markup("<tr><th scope=\"row\">").Text(view.config->name).Markup("</th><td>");
  if (view.config->kind != nullptr) html.Text(view.config->kind->name);
  html.Markup("</td><td class=\"").Markup(state).Markup("\">").Markup(state).Markup("</td><td>");
  html.Text(Age(view.last_success, now)).Markup("</td><td>");
  html.Text(FormatDuration(view.config->interval)).Markup("</td><td>");
  html.Text(view.snapshot ? std::to_string(view.snapshot->SampleCount()) : "0").Markup("</td><td>");
  html.Text(collectors::LastError(view)).Markup("</td></tr>\n");
}

void AddCollectors(Html& html, const MetricsPage::Views& views, TimePoint now) {
  html.Markup("<h2>Collectors</h2>\n");
  if (views.empty()) {
    html.Markup("<p>None is configured.</p>\n");
    return;
  }
  html.Markup(
      "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Type</th><th "
      "scope=\"col\">State</th>"
      "<th scope=\"col\">Last success</th><th scope=\"col\">Interval</th><th "
      "scope=\"col\">Samples</th>"
      "<th scope=\"col\">Last error</th></tr></thead>\n<tbody>\n");
  for (const auto& view : views) AddRow(html, *view, now);
  html.Markup("</tbody>\n</table>\n");
}

/// Since when it fires.
TimePoint SinceOf(const ActiveAlert& alert) {
  return TimePoint(Duration(alert.fired_at.value_or(alert.active_at)));
}

std::string_view SummaryOf(const ActiveAlert& alert) {
  const auto found =
      std::ranges::find(alert.annotations, "summary", &Annotations::value_type::first);
  return found == alert.annotations.end() ? std::string_view() : found->second;
}

void AddAlerts(Html& html, std::vector<ActiveAlert> firing, TimePoint now) {
  html.Markup("<h2>Alerts that fire</h2>\n");
  if (firing.empty()) {
    html.Markup("<p>None.</p>\n");
    return;
  }
  std::ranges::stable_sort(firing, std::greater<>(), &SinceOf);
  html.Markup(
      "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Since</th>"
      "<th scope=\"col\">Summary</th></tr></thead>\n<tbody>\n");
  for (const ActiveAlert& alert : std::span(firing).first(std::min(firing.size(), kMostAlerts))) {
    html.Markup("<tr><th scope=\"row\">").Text(alert.labels.Get("alertname")).Markup("</th><td>");
    html.Text(Age(SinceOf(alert), now)).Markup("</td><td>").Text(SummaryOf(alert));
    html.Markup("</td></tr>\n");
  }
  html.Markup("</tbody>\n</table>\n");
  if (firing.size() <= kMostAlerts) return;
  html.Markup("<p>And ").Text(std::to_string(firing.size() - kMostAlerts));
  html.Markup(" more that began earlier.</p>\n");
}

void AddDemoNote(Html& html) {
  html.Markup(
      "<p class=\"demo\" role=\"alert\"><strong>DEMO DATA.</strong> What is shown here is made "
      "up by "
      "tocsin's quickstart. Nothing real is being watched.</p>\n"
      "<p>The sensor daemon of the demo has died: <code>tocsin demo --revive</code> brings it "
      "back. <code>tocsin --config FILE</code> watches your own systems.</p>\n");
}

}  // namespace

std::string LandingPage(const MetricsPage::Views& views, std::vector<ActiveAlert> firing,
                        std::string_view version, TimePoint now, bool demo) {
  Html html = BeginPage("tocsin", "");
  if (demo) AddDemoNote(html);
  html.Markup("<h1>tocsin <small>").Text(version).Markup("</small></h1>\n");
  html.Markup(
      "<p>Watches data-platform services from the outside.</p>\n<ul>\n"
      "<li><a href=\"../metrics\">Metrics</a></li>\n"
      "<li><a href=\"silences/new\">Silence alerts</a></li>\n"
      "<li>As JSON: <a href=\"../api/v1/alerts\">alerts</a>, <a "
      "href=\"../api/v1/rules\">rules</a>, "
      "<a href=\"../api/v2/silences\">silences</a>, "
      "<a href=\"../api/v1/tocsin/notifications\">notifications</a>, "
      "<a href=\"../api/v1/tocsin/events\">history of alerts</a>, "
      "<a href=\"../api/v1/targets\">targets</a>, "
      "<a href=\"../api/v1/status/config\">configuration</a>, "
      "<a href=\"../api/v1/status/runtimeinfo\">state</a></li>\n"
      "<li><a href=\"../-/healthy\">Health</a></li>\n<li><a "
      "href=\"../-/ready\">Readiness</a></li>\n</ul>\n");
  AddAlerts(html, std::move(firing), now);
  AddCollectors(html, views, now);
  return EndPage(std::move(html));
}

std::string_view LandingPageStyle() {
  return R"(:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: .3rem .6rem; text-align: left; vertical-align: top; }
small { font-weight: normal; }
.up::before { content: "\2713  "; }
.down { font-weight: bold; }
.down::before { content: "\2717  "; }
.partly { font-weight: bold; }
.partly::before { content: "\26A0  "; }
label { display: block; margin: .6rem 0; }
input[type=text] { box-sizing: border-box; font: inherit; padding: .3rem; width: 100%; }
button { font: inherit; margin: .6rem .6rem .6rem 0; padding: .3rem 1rem; }
.demo { background: #b00020; color: #fff; font-size: 1.2rem; padding: .8rem 1rem; }
)";
}

}  // namespace tocsin
