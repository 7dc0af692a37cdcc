#include "exporter/alerting.h"

#include <utility>

#include <fmt/format.h>

#include "exporter/api/events_api.h"
#include "exporter/api/rules_api.h"
#include "exporter/engine_settings.h"
#include "exporter/storage.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

/// Where links in alerts lead.
std::string ExternalUrl(const Config& config, const std::string& address) {
  std::string url = config.server.external_url;
  if (url.empty()) return "http://" + address;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Alerting::Alerting(Parts parts)
    : parts_(std::move(parts)),
      sender_(parts_.clock, parts_.log, fmt::format("tocsin/{}", Version())),
      rule_metrics_(parts_.registry),
      notify_metrics_(parts_.registry) {}

Alerting::~Alerting() = default;

Status Alerting::Open(const std::filesystem::path& storage) {
  if (!storage.empty()) {
    Result<std::unique_ptr<AlertStore>> kept =
        AlertStore::Open(AlertsFile(storage), {}, parts_.clock, parts_.log);
    if (!kept) return kept.error();
    kept_ = std::move(*kept);
    kept_metrics_ = std::make_unique<AlertStoreMetrics>(parts_.registry);
  }
  manager_ = std::make_unique<RuleManager>(kept_.get(), parts_.clock, parts_.log);
  return {};
}

void Alerting::Apply(const Config& config, const std::string& address) {
  const MutexLock lock(mutex_);
  for (const std::string& warning : config.rules.warnings) {
    parts_.log.Warn("rule file", {{"warning", warning}});
  }
  external_labels_ = config.global.external_labels;
  sender_.Configure(config.alertmanagers, config.global.external_labels);
  RuleManager::Settings settings;
  settings.default_interval = config.global.evaluation_interval;
  settings.query_offset = config.rules.query_offset;
  settings.outage_tolerance = config.rules.for_outage_tolerance;
  settings.grace_period = config.rules.for_grace_period;
  RuleEnvironment& environment = settings.environment;
  environment.engine = EngineFor(EngineSettings(config));
  environment.store = &parts_.store;
  environment.sink = &sender_;
  environment.clock = &parts_.clock;
  environment.log = &parts_.log;
  environment.external_labels = config.global.external_labels;
  environment.external_url = ExternalUrl(config, address);
  environment.resend_delay = config.rules.resend_delay;
  environment.stop = stop_.get_token();
  environment.source_is_down = [this](const Labels& series, Millis /*at*/) {
    return parts_.collector_is_down(series);
  };
  settings.may_evaluate = parts_.has_collected;
  expose_.store(config.rules.expose);
  experimental_.store(config.promql.experimental);
  manager_->Replace(config.rules.groups, settings);
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
                       .experimental = [this] { return experimental_.load(); }});
  routes.push_back(api::EventsRoute(
      [this](const AlertStore::EventQuery& query) -> Result<std::vector<AlertStore::StoredEvent>> {
        if (kept_ == nullptr) return std::vector<AlertStore::StoredEvent>();
        return kept_->Events(query);
      }));
  return routes;
}

void Alerting::UpdateMetrics() {
  rule_metrics_.Update(manager_->Views(false));
  notify_metrics_.Update(sender_.stats());
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
  manager_->Stop();
  sender_.Stop(patience);
  if (kept_ != nullptr) kept_->Flush();
}

}  // namespace tocsin
