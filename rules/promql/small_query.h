// Which queries are so cheap that a thread that must not wait may evaluate them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "rules/promql/ast.h"
#include "rules/promql/plan.h"

namespace tocsin::promql {

/// Bounds of a small query: with both, it is a matter of microseconds.
inline constexpr std::size_t kMostSmallSeries = 64;  ///< Of all its selectors together.
inline constexpr std::size_t kMostSmallNodes = 32;

/// Whether evaluating `query` at one step reads one sample each of a few series, which its plan
/// already holds as of `generation` of the store, and does no more than calculate with them.
/// Functions, ranges and subqueries are never small.
bool IsSmall(const Query& query, const Plan& plan, std::uint64_t generation);

}  // namespace tocsin::promql
