#include "exporter/application.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exporter/routes.h"
#include "exporter/storage.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

/// How old tocsin's own metrics may get when no collector publishes anything.
constexpr Duration kOwnMetricsAge = std::chrono::seconds(15);

/// What requests in progress may take of the time for stopping; the rest is for the collectors.
constexpr Duration kRequestGrace = std::chrono::milliseconds(1500);

}  // namespace

Application::Application(const Settings& settings, Config config, const Clock& clock,
                         const Log& log)
    : clock_(clock),
      log_(log),
      own_(clock),
      scheduler_(clock, log, [this](const collectors::InstanceView& view) { own_.Observe(view); }),
      reloader_(settings.load, std::move(config), scheduler_, own_, log),
      page_({.generation = [this] { return Generation(); },
             .views = [this] { return scheduler_.Views(); },
             .own = [this] { return own_.Collect(); }}) {}

Result<std::unique_ptr<Application>> Application::Start(const Settings& settings,
                                                        const Clock& clock, const Log& log) {
  Result<Config> config = settings.load();
  if (!config) return config.error();
  if (Status storage = PrepareStorage(config->storage.path); !storage) return storage.error();
  const std::vector<std::string> listen = config->server.listen;
  const InstanceConfigs collectors = config->collectors;
  std::unique_ptr<Application> application(
      new Application(settings, std::move(*config), clock, log));
  // First the sockets, which can fail, then the collectors, which cannot. The very first scrape
  // already finds them all.
  application->Announce(collectors);
  if (Status listening = application->Listen(listen, settings.demo); !listening) {
    return listening.error();
  }
  application->reloader_.Start();
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

Status Application::Listen(const std::vector<std::string>& addresses, bool demo) {
  std::vector<Route> routes = MakeRoutes({.page = page_,
                                          .clock = clock_,
                                          .views = [this] { return scheduler_.Views(); },
                                          .not_ready = [this] { return NotReady(); },
                                          .version = std::string(Version()),
                                          .demo = demo});
  routes.push_back(ReloadRoute(reloader_));
  HttpServer::Settings settings;
  settings.listen = addresses;
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(std::move(settings), std::move(routes), log_);
  if (!server) return server.error();
  server_ = std::move(*server);
  return {};
}

std::uint64_t Application::Generation() const {
  // Each term only ever grows, so the sum is new whenever one of them is.
  const auto age =
      static_cast<std::uint64_t>(clock_.SteadyNow().time_since_epoch() / kOwnMetricsAge);
  return scheduler_.generation() + reloader_.generation() + age;
}

std::string Application::NotReady() const {
  if (!started_.load(std::memory_order_acquire)) return "starting";
  if (!scheduler_.AllAttempted()) return "waiting for the first collection of every collector";
  return {};
}

bool Application::Stop(std::chrono::steady_clock::time_point deadline) {
  reloader_.Close();
  const auto left = std::chrono::floor<Duration>(deadline - std::chrono::steady_clock::now());
  server_->Stop(std::clamp<Duration>(left, Duration::zero(), kRequestGrace));
  return scheduler_.Stop(deadline);
}

}  // namespace tocsin
