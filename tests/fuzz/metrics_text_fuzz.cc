// Whatever text is given as metrics, it is read and linted, or refused at a place.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/metrics_lint.h"
#include "exporter/metrics_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto families = tocsin::ParseMetricsText(text, "fuzz");
  if (!families && !families.error().message.starts_with("fuzz:")) std::abort();
  if (families) static_cast<void>(tocsin::LintMetrics(*families));
  return 0;
}
