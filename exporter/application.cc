#include "exporter/application.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "exporter/api/query_api.h"
#include "exporter/api/remote_write.h"
#include "exporter/api/runbooks_api.h"
#include "exporter/api/series_api.h"
#include "exporter/api/status_api.h"
#include "exporter/engine_settings.h"
#include "exporter/external_url.h"
#include "exporter/federate.h"
#include "exporter/own_origin.h"
#include "exporter/routes.h"
#include "exporter/source_down.h"
#include "exporter/storage.h"
#include "exporter/version.h"
#include "exporter/web_page.h"

namespace tocsin {
namespace {

/// How old tocsin's own metrics may get when no collector publishes anything.
constexpr Duration kOwnMetricsAge = std::chrono::seconds(15);

/// What requests in progress may take of the time for stopping; the rest is for the collectors.
constexpr Duration kRequestGrace = std::chrono::milliseconds(1500);
/// What alerts that wait to be sent may take of it.
constexpr Duration kAlertGrace = std::chrono::milliseconds(700);

}  // namespace

Application::Application(const Settings& settings, Config config, const Clock& clock,
                         const Log& log)
    : clock_(clock),
      log_(log),
      started_at_(clock.Now()),
      storage_(config.storage),
      own_(clock),
      store_({.retention = config.storage.retention.count(),
              .max_series = config.storage.max_series,
              .max_bytes = config.storage.max_bytes,
              .clock = &clock}),
      store_metrics_(store_, own_.registry()),
      queries_(EngineSettings(config), store_, clock),
      scheduler_(clock, log,
                 [this](const collectors::InstanceView& view) {
                   own_.Observe(view);
                   recorder_->Observe(view);
                 }),
      alerting_({.store = store_,
                 .registry = own_.registry(),
                 .clock = clock,
                 .log = log,
                 .collector_is_down =
                     [this](const Labels& series) {
                       return std::ranges::any_of(scheduler_.Views(), [&](const auto& view) {
                         return IsSourceDown(*view, series);
                       });
                     },
                 .has_collected = [this] { return HasCollected(); }}),
      reloader_({.load = settings.load,
                 .apply = [this](const Config& wanted) { Apply(wanted); },
                 .removed = [this](const auto& removed) { recorder_->Forget(removed); }},
                std::move(config), scheduler_, own_, clock, log),
      page_({.generation = [this] { return Generation(); },
             .views = [this] { return scheduler_.Views(); },
             .own = [this] { return OwnPage(); },
             .left_out = [this](const auto& instance,
                                std::uint64_t points) { own_.CountLeftOut(instance, points); }}) {}

Result<std::unique_ptr<Application>> Application::Start(const Settings& settings,
                                                        const Clock& clock, const Log& log,
                                                        std::vector<Listener> sockets) {
  Result<Config> config = settings.load();
  if (!config) return config.error();
  if (Status storage = PrepareStorage(config->storage.path); !storage) return storage.error();
  HttpServer::Settings listening;
  if (sockets.empty()) listening.listen = config->server.listen;
  listening.sockets = std::move(sockets);
  listening.long_threads = config->promql.max_concurrency;
  const InstanceConfigs collectors = config->collectors;
  const Config::Global global = config->global;
  const std::string external_url = config->server.external_url;
  const Config::Storage storage = config->storage;
  std::unique_ptr<Application> application(
      new Application(settings, std::move(*config), clock, log));
  // Both at once: queries wait for the slower one.
  std::future<Status> history = std::async([&] { return application->OpenHistory(storage); });
  const Status alerting = application->alerting_.Open(storage.path);
  if (Status opened = history.get(); !opened) return opened.error();
  if (!alerting) return alerting.error();
  // First the sockets, which can fail, then the collectors, which cannot. The very first scrape
  // already finds them all.
  application->Announce(collectors);
  if (Status listens = application->Listen(std::move(listening), settings.demo); !listens) {
    return listens.error();
  }
  Recorder::Settings recording;
  recording.job = global.job;
  recording.instance = global.instance;
  if (recording.instance.empty()) {
    recording.instance = ExternalAddress(external_url, application->addresses());
  }
  recording.own = [&own = *application] { return own.OwnMetrics(); };
  application->recorder_ =
      std::make_unique<Recorder>(application->store_, std::move(recording), clock, log);
  application->reloader_.Start();
  application->recorder_->Start();
  application->started_.store(true, std::memory_order_release);
  for (const std::string& address : application->addresses()) {
    log.Info("serving", {{"url", "http://" + address},
                         {"collectors", std::to_string(collectors.size())},
                         {"config", settings.config_name},
                         {"version", std::string(Version())}});
  }
  return application;
}

void Application::Announce(const InstanceConfigs& configs) {
  for (const auto& config : configs) {
    collectors::InstanceView view;
    view.config = config;
    own_.Observe(view);
  }
}

Status Application::Listen(HttpServer::Settings settings, bool demo) {
  settings.cancel = [this] { queries_.Cancel(); };
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(std::move(settings), Routes(demo), log_);
  if (!server) return server.error();
  server_ = std::move(*server);
  return {};
}

std::vector<Route> Application::Routes(bool demo) {
  std::vector<Route> routes = MakeRoutes({.page = page_,
                                          .clock = clock_,
                                          .views = [this] { return scheduler_.Views(); },
                                          .firing = [this] { return alerting_.Firing(); },
                                          .not_ready = [this] { return NotReady(); },
                                          .version = std::string(Version()),
                                          .demo = demo});
  const auto add = [&](std::vector<Route> more) {
    std::move(more.begin(), more.end(), std::back_inserter(routes));
  };
  add(WebPageRoutes(demo));
  add({api::RunbooksRoute(),
       FromOwnPagesOnly(ReloadRoute(reloader_), [this] { return alerting_.external_url(); }),
       api::WriteRoute(store_, remote_write_)});
  add(api::QueryRoutes(queries_, clock_));
  add(api::SeriesRoutes(store_, queries_, clock_));
  add(alerting_.Routes());
  add({FederateRoute({.store = store_,
                      .clock = clock_,
                      .lookback = [this] { return queries_.engine()->settings().lookback; },
                      .external_labels = [this] { return alerting_.external_labels(); }})});
  add(api::StatusRoutes(
      {.store = store_,
       .clock = clock_,
       .views = [this] { return scheduler_.Views(); },
       .own = [this] { return OwnMetrics(); },
       .configuration = [this] { return reloader_.ConfigText(); },
       .last_reload =
           [this] {
             const Reloader::Last last = reloader_.last();
             return api::StatusSources::Reload{last.successful, last.last_success};
           },
       .retention = [this] { return FormatDuration(store_.retention()); },
       .in_force = [this] { return InForce(); },
       .corruptions =
           [this] { return history_ == nullptr ? 0 : history_->stats().loaded.lost_records; },
       .started = started_at_}));
  return routes;
}

std::vector<std::pair<std::string, std::string>> Application::InForce() {
  const promql::Engine::Settings queries = queries_.engine()->settings();
  std::vector<std::pair<std::string, std::string>> values = {
      {"storage.retention", FormatDuration(store_.retention())},
      {"storage.max_series", fmt::to_string(storage_.max_series)},
      {"storage.max_bytes", fmt::to_string(storage_.max_bytes)},
      {"promql.timeout", FormatDuration(queries.timeout)},
      {"promql.max_samples", fmt::to_string(queries.max_samples)},
      {"promql.max_concurrency", fmt::to_string(queries.max_concurrency)}};
  // The server may be asked before Listen() has returned it.
  if (started_.load(std::memory_order_acquire)) {
    values.insert(values.begin(),
                  {"server.listen", fmt::format("{}", fmt::join(addresses(), ", "))});
  }
  return values;
}

Status Application::OpenHistory(const Config::Storage& storage) {
  if (storage.path.empty()) return {};
  Result<std::unique_ptr<History>> history =
      History::Open(SamplesFolder(storage.path), {}, store_, clock_, log_);
  if (!history) return history.error();
  history_ = std::move(*history);
  history_->SetRetention(storage.retention.count());
  history_metrics_ = std::make_unique<HistoryMetrics>(*history_, own_.registry());
  return {};
}

void Application::Apply(const Config& config) {
  queries_.Configure(EngineSettings(config));
  remote_write_.store(config.server.remote_write_receiver);
  store_.SetRetention(config.storage.retention.count());
  if (history_ != nullptr) history_->SetRetention(config.storage.retention.count());
  recorder_->SetOwnInterval(config.global.collection_interval);
  alerting_.Apply(config, ExternalAddress(config.server.external_url, addresses()));
}

/// What tocsin itself puts on /metrics: its own metrics, and what rules have written. The store has
/// the latter already.
std::shared_ptr<const Snapshot> Application::OwnPage() {
  std::shared_ptr<const Snapshot> own = OwnMetrics();
  std::vector<FamilyPoints> series = alerting_.Series();
  if (series.empty()) return own;
  auto page = std::make_shared<Snapshot>(*own);
  std::move(series.begin(), series.end(), std::back_inserter(page->families));
  return page;
}

std::shared_ptr<const Snapshot> Application::OwnMetrics() {
  store_metrics_.Update();
  if (history_metrics_ != nullptr) history_metrics_->Update();
  alerting_.UpdateMetrics();
  queries_.Expire();
  return own_.Collect();
}

std::uint64_t Application::Generation() const {
  // Each term only ever grows, so the sum is new whenever one of them is.
  const auto age =
      static_cast<std::uint64_t>(clock_.SteadyNow().time_since_epoch() / kOwnMetricsAge);
  return scheduler_.generation() + reloader_.generation() + alerting_.generation() + age;
}

std::string Application::NotReady() const {
  if (!started_.load(std::memory_order_acquire)) return "starting";
  if (!scheduler_.AllAttempted()) return "waiting for the first collection of every collector";
  return {};
}

/// Once true it stays so: what a reload adds later holds no rule up.
bool Application::HasCollected() {
  if (!has_collected_ && NotReady().empty()) has_collected_ = true;
  return has_collected_;
}

bool Application::Stop(std::chrono::steady_clock::time_point deadline) {
  reloader_.Close();
  recorder_->Stop();
  const auto left = std::chrono::floor<Duration>(deadline - std::chrono::steady_clock::now());
  server_->Stop(std::clamp<Duration>(left, Duration::zero(), kRequestGrace));
  alerting_.Stop(kAlertGrace);
  return scheduler_.Stop(deadline);
}

}  // namespace tocsin
