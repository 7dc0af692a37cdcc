// Evaluations of schedules and sensors, as rows of the table `job_ticks`.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/dagster/naive_time.h"
#include "collectors/dagster/session.h"

namespace tocsin::collectors::dagster {

/// What is evaluated: the columns job_ticks.type and instigators.instigator_type.
inline constexpr std::array<std::string_view, 3> kTickTypes = {"SCHEDULE", "SENSOR",
                                                               "AUTO_MATERIALIZE"};

struct Tick {
  std::string status;
  std::optional<Moment> at;
};

/// The ticks with these ids, by id; those that are gone are left out. Costs one probe of the
/// primary key for each. Fails as Session::Query() does.
Result<std::map<std::int64_t, Tick>> ReadTicks(Session& session,
                                               const std::vector<std::int64_t>& ids);

}  // namespace tocsin::collectors::dagster
