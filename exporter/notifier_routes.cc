#include "exporter/notifier_routes.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "exporter/alert_page.h"
#include "exporter/api/alertmanager_api.h"
#include "exporter/api/notifications_api.h"
#include "exporter/html.h"
#include "exporter/own_origin.h"
#include "exporter/silence_page.h"

namespace tocsin {
namespace {

constexpr std::size_t kMostRecords = 100;
constexpr std::size_t kLargestForm = std::size_t{64} << 10;

struct Parts {
  NotifierAccess notifier;
  const Clock& clock;
};

HttpResponse MessagePage(int status, std::string_view title, std::string_view text) {
  Html html = BeginPage(title, "../");
  html.Markup("<p><a href=\"../\">tocsin</a></p>\n<h1>").Text(title).Markup("</h1>\n<p>");
  html.Text(text).Markup("</p>\n");
  return HtmlResponse(status, EndPage(std::move(html)));
}

HttpResponse Refuse(int status, std::string_view why) {
  return MessagePage(status, "This did not work", why);
}

/// To the silence's page, by a GET. The address is relative to a page of silences.
HttpResponse GoToSilence(const std::string& id) {
  HttpResponse response = HtmlResponse(303, "");
  response.headers.emplace_back("Location", id);
  return response;
}

std::optional<std::uint64_t> ParseFingerprint(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t fingerprint = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), fingerprint, 16);
  if (problem != std::errc{} || end != text.data() + text.size() || text.size() != kDigits) {
    return std::nullopt;
  }
  return fingerprint;
}

HttpResponse ShowAlert(const Parts& parts, const HttpRequest& request) {
  const std::optional<std::uint64_t> fingerprint = ParseFingerprint(request.parameter);
  const auto alert = fingerprint ? parts.notifier.find_alert(*fingerprint) : std::nullopt;
  if (!alert) {
    return MessagePage(404, "No such alert",
                       "It ended some time ago, or never was. /api/v1/tocsin/events has the "
                       "history of alerts.");
  }
  notify::NotifyStore::HistoryQuery query;
  query.alert = *fingerprint;
  query.limit = kMostRecords;
  return HtmlResponse(200, AlertPage(*alert, parts.notifier.history(query), parts.clock.Now()));
}

HttpResponse ShowForm(const Parts& parts, int status, const SilenceForm& form,
                      std::string_view problem) {
  return HtmlResponse(status, NewSilencePage(form, problem, parts.notifier.alerts()),
                      /*has_form=*/true);
}

HttpResponse CreateSilence(const Parts& parts, const SilenceForm& form) {
  Result<notify::Silence> silence = form.ToSilence(parts.clock.Now());
  if (!silence) return ShowForm(parts, 400, form, silence.error().message);
  const Result<std::string> id = parts.notifier.set_silence(std::move(*silence));
  return id ? GoToSilence(*id) : ShowForm(parts, 400, form, id.error().message);
}

bool IsForm(const HttpRequest& request) {
  std::string_view type = request.Header("Content-Type");
  type = type.substr(0, type.find(';'));
  return EqualsIgnoringCase(type, "application/x-www-form-urlencoded");
}

HttpResponse NewSilence(const Parts& parts, const HttpRequest& request) {
  if (request.method != "GET" && !IsForm(request)) return Refuse(415, "expected a form");
  const Result<SilenceForm> form = SilenceForm::Read(request);
  if (!form) return Refuse(400, form.error().message);
  return request.method == "GET" ? ShowForm(parts, 200, *form, "") : CreateSilence(parts, *form);
}

HttpResponse OneSilence(const Parts& parts, const HttpRequest& request) {
  const std::optional<notify::Silence> silence = parts.notifier.find_silence(request.parameter);
  if (!silence) return MessagePage(404, "No such silence", "It may have ended some days ago.");
  if (request.method == "GET") {
    return HtmlResponse(200, SilencePage(*silence, parts.notifier.alerts(), parts.clock.Now()),
                        /*has_form=*/true);
  }
  const Status expired = parts.notifier.expire_silence(silence->id);
  return expired ? GoToSilence(silence->id) : Refuse(400, expired.error().message);
}

Route Page(const std::shared_ptr<const Parts>& parts, std::string path,
           std::vector<std::string> methods,
           HttpResponse (*show)(const Parts& parts, const HttpRequest& request)) {
  Route route;
  route.path = std::move(path);
  route.methods = std::move(methods);
  route.waits = Waits::kMaybe;
  route.handle = [parts, show](const HttpRequest& request) { return show(*parts, request); };
  route.max_body_bytes = kLargestForm;
  route.refusal = &Refuse;
  return FromOwnPagesOnly(std::move(route), parts->notifier.external_url);
}

}  // namespace

std::vector<Route> NotifierRoutes(const NotifierAccess& notifier, const Clock& clock,
                                  TimePoint started_at) {
  const auto parts = std::make_shared<const Parts>(Parts{notifier, clock});
  std::vector<Route> routes = {
      Page(parts, "/plain/alerts/*", {"GET"}, &ShowAlert),
      Page(parts, "/plain/silences/new", {"GET", "POST"}, &NewSilence),
      Page(parts, "/plain/silences/*", {"GET", "POST"}, &OneSilence),
  };
  const auto add = [&](std::vector<Route> more) {
    std::move(more.begin(), more.end(), std::back_inserter(routes));
  };
  add(api::AlertmanagerRoutes(notifier, clock, started_at));
  add(api::NotificationRoutes(notifier));
  return routes;
}

}  // namespace tocsin
