// Whatever the configuration file holds, reading it ends: in a configuration, or in at least one
// mistake with a place in the file.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporter/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = tocsin::ParseConfig(text, "/nowhere/fuzz.yaml");
  const bool is_placed = config || config.error().message.starts_with("/nowhere/fuzz.yaml:");
  if (!is_placed) std::abort();
  return 0;
}
