// What Alertmanager's API is given, from JSON.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/result.h"
#include "notify/silence.h"

namespace tocsin::api {

/// Alerts that somebody has posted. Each stands for itself: the good ones are taken.
struct PostedAlerts {
  std::vector<Alert> good;
  std::string mistakes;  ///< Of the others; empty if there are none.
};

/// Reads "postableAlerts". An alert without a start starts at its end, else at `now`; one without
/// an end keeps none; labels without a value are left out. Fails with kInvalidInput if this is no
/// such list at all.
/// Source: Alertmanager, api/v2/api.go, postAlertsHandler; api/v2/openapi.yaml.
Result<PostedAlerts> ReadPostedAlerts(std::string_view body, TimePoint now);

/// Reads a "postableSilence". Fails with kInvalidInput.
/// Source: the same, postSilencesHandler.
Result<notify::Silence> ReadPostedSilence(std::string_view body);

}  // namespace tocsin::api
