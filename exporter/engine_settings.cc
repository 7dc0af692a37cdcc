#include "exporter/engine_settings.h"

namespace tocsin {

promql::Engine::Settings EngineSettings(const Config& config) {
  promql::Engine::Settings settings;
  settings.lookback = config.promql.lookback_delta;
  settings.timeout = config.promql.timeout;
  settings.max_samples = config.promql.max_samples;
  settings.max_concurrency = config.promql.max_concurrency;
  settings.default_subquery_step = config.global.evaluation_interval;
  settings.experimental = config.promql.experimental;
  return settings;
}

}  // namespace tocsin
