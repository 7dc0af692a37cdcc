// What another Prometheus takes from the store.

#pragma once

#include <functional>

#include "base/clock.h"
#include "base/labels.h"
#include "exporter/http_message.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// What GET /federate reads. What it refers to outlives the server.
struct FederateSources {
  const SampleStore& store;
  const Clock& clock;
  std::function<Duration()> lookback;       ///< `promql.lookback_delta` in force.
  std::function<Labels()> external_labels;  ///< `global.external_labels` in force.
};

/// /federate: the newest sample of every series that one of the `match[]` selectors finds, with its
/// time, in the text format 0.0.4. Series get the external labels that they lack, and an empty
/// `instance` so that the one who scrapes adds none. Source: Prometheus' documentation,
/// "Federation".
Route FederateRoute(const FederateSources& sources);

}  // namespace tocsin
