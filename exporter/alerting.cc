#include "exporter/alerting.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "exporter/api/events_api.h"
#include "exporter/api/rules_api.h"
#include "exporter/engine_settings.h"
#include "exporter/external_url.h"
#include "exporter/notifier_routes.h"
#include "exporter/recent_values.h"
#include "exporter/storage.h"

namespace tocsin {

Alerting::Alerting(Parts parts)
    : parts_(std::move(parts)),
      started_at_(parts_.clock.Now()),
      rule_metrics_(parts_.registry),
      ringer_({.registry = parts_.registry,
               .clock = parts_.clock,
               .log = parts_.log,
               .progress = {.groups = [this] { return manager_->Views(false); },
                            .evaluations = [this] { return manager_->evaluations(); }},
               .recent_values = [this](const notify::NotifiedAlert& alert) {
                 return RecentValuesOf(*recent_engine_.load(), alert, parts_.clock.Now());
               }}) {}

Alerting::~Alerting() {
  ringer_.StopWatching();
}

Status Alerting::Open(const std::filesystem::path& storage) {
  if (!storage.empty()) {
    Result<std::unique_ptr<AlertStore>> kept =
        AlertStore::Open(AlertsFile(storage), {}, parts_.clock, parts_.log);
    if (!kept) return kept.error();
    kept_ = std::move(*kept);
    kept_metrics_ = std::make_unique<AlertStoreMetrics>(parts_.registry);
  }
  if (Status opened = ringer_.Open(storage); !opened) return opened.error();
  manager_ = std::make_unique<RuleManager>(kept_.get(), parts_.clock, parts_.log);
  return {};
}

void Alerting::Apply(const Config& config, const std::string& address) {
  const MutexLock applying(applying_);
  for (const std::string& warning : config.rules.warnings) {
    parts_.log.Warn("rule file", {{"warning", warning}});
  }
  const std::string external_url = ExternalUrl(config, address);
  RuleManager::Settings settings;
  {
    const MutexLock lock(mutex_);
    external_labels_ = config.global.external_labels;
    recent_engine_.store(EngineFor(RecentValuesSettings(EngineSettings(config))));
    settings = ManagerSettings(config, external_url);
  }
  ringer_.Apply(config, external_url);
  expose_.store(config.rules.expose);
  experimental_.store(config.promql.experimental);
  manager_->Replace(config.rules.groups, settings);
  if (!std::exchange(is_started_, true)) ringer_.Start();
}

RuleManager::Settings Alerting::ManagerSettings(const Config& config,
                                                const std::string& external_url) {
  RuleManager::Settings settings;
  settings.default_interval = config.global.evaluation_interval;
  settings.query_offset = config.rules.query_offset;
  settings.outage_tolerance = config.rules.for_outage_tolerance;
  settings.grace_period = config.rules.for_grace_period;
  settings.may_evaluate = parts_.has_collected;
  RuleEnvironment& environment = settings.environment;
  environment.engine = EngineFor(EngineSettings(config));
  environment.store = &parts_.store;
  environment.sink = &ringer_;
  environment.clock = &parts_.clock;
  environment.log = &parts_.log;
  environment.template_counts = &template_counts_;
  environment.external_labels = config.global.external_labels;
  environment.external_url = external_url;
  environment.resend_delay = config.rules.resend_delay;
  environment.stop = stop_.get_token();
  environment.source_is_down = [this](const Labels& series, Millis /*at*/) {
    return parts_.collector_is_down(series);
  };
  return settings;
}

const promql::Engine* Alerting::EngineFor(const promql::Engine::Settings& settings) {
  for (const auto& engine : engines_) {
    if (engine->settings() == settings) return engine.get();
  }
  engines_.push_back(std::make_unique<const promql::Engine>(settings, parts_.store, parts_.clock));
  return engines_.back().get();
}

std::vector<Route> Alerting::Routes() {
  std::vector<Route> routes =
      api::RuleRoutes({.groups = [this](bool with_alerts) { return manager_->Views(with_alerts); },
                       .experimental = [this] { return experimental_.load(); },
                       .naming = ringer_.access().naming});
  routes.push_back(api::EventsRoute(
      [this](const AlertStore::EventQuery& query) -> Result<std::vector<AlertStore::StoredEvent>> {
        if (kept_ == nullptr) return std::vector<AlertStore::StoredEvent>();
        return kept_->Events(query);
      },
      ringer_.access().naming));
  for (Route& route : NotifierRoutes(ringer_.access(), parts_.clock, started_at_)) {
    routes.push_back(std::move(route));
  }
  return routes;
}

std::vector<ActiveAlert> Alerting::Firing() const {
  std::vector<ActiveAlert> firing;
  for (GroupView& group : manager_->Views(true)) {
    for (RuleView& rule : group.rules) {
      std::ranges::copy_if(rule.alerts, std::back_inserter(firing), [](const ActiveAlert& alert) {
        return alert.state == AlertState::kFiring;
      });
    }
  }
  return firing;
}

void Alerting::UpdateMetrics() {
  rule_metrics_.Update(manager_->Views(false), template_counts_);
  ringer_.UpdateMetrics();
  if (kept_ != nullptr) kept_metrics_->Update(kept_->stats());
}

std::vector<FamilyPoints> Alerting::Series() {
  if (!expose_.load()) return {};
  std::vector<Group::Written> written;
  for (const std::shared_ptr<const Group>& group : manager_->Groups()) {
    for (Group::Written& series : group->LastWritten()) written.push_back(std::move(series));
  }
  return series_.Families(std::move(written));
}

Labels Alerting::external_labels() const {
  const MutexLock lock(mutex_);
  return external_labels_;
}

std::uint64_t Alerting::generation() const {
  return manager_->evaluations();
}

void Alerting::Stop(Duration patience) {
  stop_.request_stop();
  ringer_.StopWatching();
  manager_->Stop();
  ringer_.Stop(patience);
  if (kept_ != nullptr) kept_->FlushFor(patience);
}

}  // namespace tocsin
