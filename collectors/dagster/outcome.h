// How a run finished.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tocsin::collectors::dagster {

/// The index of an outcome in tables of all three.
enum Outcome : std::size_t { kSuccess, kFailure, kCanceled };
inline constexpr std::size_t kOutcomes = 3;

/// What stands in the column runs.status, by Outcome.
inline constexpr std::array<std::string_view, kOutcomes> kFinishedStatuses = {"SUCCESS", "FAILURE",
                                                                              "CANCELED"};

}  // namespace tocsin::collectors::dagster
