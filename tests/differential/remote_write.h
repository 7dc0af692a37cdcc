// Prometheus' remote write format, as bytes.

#pragma once

#include <span>
#include <string>

#include "tests/differential/samples.h"

namespace tocsin::promql {

/// The body of a remote-write request with all of `series`.
/// Source: Prometheus' "Remote-Write specification" 1.0, Google's protocol buffers and snappy.
std::string EncodeWriteRequest(std::span<const GeneratedSeries> series);

}  // namespace tocsin::promql
