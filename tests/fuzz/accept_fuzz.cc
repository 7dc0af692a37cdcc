// Any Accept header gets one of the two formats, and any Accept-Encoding one of the three
// encodings.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/content_negotiation.h"
#include "exporter/request_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const tocsin::NegotiatedFormat chosen = tocsin::NegotiateFormat(header);
  const bool known =
      chosen.content_type.starts_with("text/plain; version=0.0.4; charset=utf-8") ||
      chosen.content_type.starts_with("application/openmetrics-text; version=1.0.0; charset=utf-8");
  if (!known || chosen.content_type.find_first_of("\r\n") != std::string::npos) std::abort();
  static_cast<void>(tocsin::NegotiateEncoding(header));
  static_cast<void>(tocsin::ParseRequestTarget(header));
  return 0;
}
