// Which alerts a client of Alertmanager's API wants to see.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/anchored_regexp.h"
#include "base/result.h"
#include "exporter/http_message.h"
#include "notify/label_matcher.h"
#include "notify/notifier.h"

namespace tocsin::api {

/// The parameters of /api/v2/alerts and /api/v2/alerts/groups. `unprocessed` is taken and means
/// nothing: there are no such alerts here.
/// Source: Alertmanager, api/v2/openapi.yaml, "getAlerts" and "getAlertGroups".
struct AlertFilter {
  notify::LabelMatchers matchers;
  std::optional<AnchoredRegexp> receiver;
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  bool muted = true;  ///< Of groups only.

  /// Fails with kInvalidInput, worded as Alertmanager words it.
  static Result<AlertFilter> Read(const HttpRequest& request);

  bool Takes(const notify::Notifier::AlertView& alert) const;
  bool TakesReceiver(std::string_view name) const;
};

/// All matchers of the parameters `filter`. Fails with kInvalidInput.
Result<notify::LabelMatchers> ReadFilters(const HttpRequest& request);

/// Whether something keeps the alert quiet.
bool IsSuppressed(const notify::Notifier::AlertView& alert);

}  // namespace tocsin::api
