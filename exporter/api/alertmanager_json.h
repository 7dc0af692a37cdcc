// What Alertmanager's API answers, as JSON.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "notify/notifier.h"
#include "notify/silence.h"

namespace tocsin::api {

// Source: Alertmanager, api/v2/openapi.yaml, the definitions of the names given. Optional fields
// are left out where they are empty, as it does.

/// A "gettableAlert".
void AppendGettableAlert(JsonWriter& json, const notify::Notifier::AlertView& view);

/// An "alertGroup" with those of its alerts that are given.
void AppendAlertGroup(JsonWriter& json, const notify::Notifier::GroupView& group,
                      const std::vector<const notify::Notifier::AlertView*>& alerts);

/// A "gettableSilence".
void AppendGettableSilence(JsonWriter& json, const notify::Silence& silence, TimePoint now);

/// An "alertmanagerStatus" of one that belongs to no cluster.
std::string AlertmanagerStatusJson(std::string_view configuration, TimePoint started_at);

}  // namespace tocsin::api
