// Where the series and their newest samples lie.

#pragma once

#include <cstddef>
#include <memory_resource>
#include <thread>

namespace tocsin {

inline constexpr std::size_t kCacheLine = 64;

/// Memory for what an append and an evaluation touch of every series: objects of one size side by
/// side. Spread over the heap, each of 100,000 series would be in a page of its own, and finding
/// that page costs more than what is done with the series.
///
/// Holds on to its memory when objects are freed, for the next ones. Lives as long as the process.
/// Safe for concurrent use.
std::pmr::memory_resource& SeriesMemory();

/// Makes taking much of it faster, by HugePages::ClearAhead(), as long as the thread runs.
std::jthread ClearSeriesMemoryAhead();

}  // namespace tocsin
