// /api/v1/write: the receiving end of Prometheus' remote write.

#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "exporter/http_message.h"
#include "rules/storage/sample_store.h"

namespace tocsin::api {

/// What a body may decompress to; senders use a few hundred kilobytes.
inline constexpr std::size_t kLargestWrite = std::size_t{64} << 20;

/// What became of one request. Samples that could be kept have been.
struct WriteOutcome {
  int status = 204;
  std::string message;  ///< Why it is not 204: the first problem, and how many there were.
};

/// Appends a snappy-compressed remote-write 1.0 message to `store`.
///
/// 204 if every sample was kept, or was there already; 400 if some were refused, for sending them
/// again would not help: labels that are unsorted, repeated, without a metric name or not UTF-8,
/// times that are older than what the series has or too far ahead of the store's clock, native
/// histograms, new series beyond the store's limits; 413 if it is larger than kLargestWrite.
/// Source: Prometheus' documentation, "Prometheus Remote-Write 1.0 specification".
WriteOutcome ReceiveWrite(std::string_view body, SampleStore& store);

/// The route. While `enabled` is false it answers 404. `store`, `clock` and `enabled` must outlive
/// it.
Route WriteRoute(SampleStore& store, const std::atomic<bool>& enabled);

}  // namespace tocsin::api
