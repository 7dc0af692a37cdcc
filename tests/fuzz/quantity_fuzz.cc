// Whatever stands for a quantity, reading it ends, in a finite number or in none.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/kubernetes/quantity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = tocsin::collectors::kubernetes::ParseQuantity(text);
  if (value && std::isnan(*value)) std::abort();
  return 0;
}
