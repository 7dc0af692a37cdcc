// The JSON bodies that Dagster serializes its objects to.

#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "exporter/demo/dagster_files.h"

namespace tocsin::demo {

// All pure. Keys are those of Dagster 1.13 that say something here, in its sorted order.

std::string HeartbeatBody(std::string_view daemon, std::string_view daemon_id, TimePoint at,
                          std::string_view error);
std::string RunBody(const Run& run);
std::string RunEventBody(const Run& run, std::string_view type, TimePoint at);
std::string InstigatorBody(const Instigator& instigator, TimePoint at);
std::string TickBody(const Instigator& instigator, const Tick& tick);
std::string BackfillBody(std::string_view key, std::string_view status, TimePoint created,
                         std::optional<TimePoint> ended);

/// A stand-in for Dagster's SHA-1 of an instigator's origin: 40 hexadecimal digits, the same for
/// the same name.
std::string SelectorId(std::string_view name);

}  // namespace tocsin::demo
