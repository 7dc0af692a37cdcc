// Which form of an answer a client wants: RFC 9110, sections 12.4 and 12.5.

#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// The text formats of metrics.
enum class ExpositionFormat { kText, kOpenMetrics };

struct NegotiatedFormat {
  ExpositionFormat format = ExpositionFormat::kText;
  /// The Content-Type to answer with, including the escaping scheme if one was asked for.
  std::string content_type;
};

/// Chooses by an Accept header (empty if there is none). The format with the highest quality wins,
/// and of two that are equal the one named first. What nothing can be found for gets text 0.0.4,
/// never an error: Prometheus' client libraries do the same. Versions other than text 0.0.4 and
/// OpenMetrics 1.0.0 are passed over.
NegotiatedFormat NegotiateFormat(std::string_view accept);

enum class ContentEncoding { kIdentity, kGzip, kZstd };

/// "", "gzip" or "zstd": what goes into the Content-Encoding header.
std::string_view Name(ContentEncoding encoding);

/// Chooses by an Accept-Encoding header. The coding with the highest quality wins; of those with
/// the same, zstd, then gzip. `*` stands for gzip, which every client that says so can read. Falls
/// back to identity even where the header forbids it, so that there is always an answer.
ContentEncoding NegotiateEncoding(std::string_view accept_encoding);

}  // namespace tocsin
