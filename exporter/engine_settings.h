// The engine's settings, from the configuration.

#pragma once

#include "exporter/config.h"
#include "rules/promql/engine.h"

namespace tocsin {

/// The same for the API's queries and for rules.
promql::Engine::Settings EngineSettings(const Config& config);

}  // namespace tocsin
