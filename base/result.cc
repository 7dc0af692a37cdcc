#include "base/result.h"

#include <fmt/format.h>

namespace tocsin {

Error Error::Within(std::string_view attempt) const {
  return {code, fmt::format("{}: {}", attempt, message)};
}

}  // namespace tocsin
