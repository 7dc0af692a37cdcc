// /proc/meminfo: how the memory is used.

#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

struct MemoryField {
  std::string_view name;  ///< As the kernel writes it: "Active(anon)". A view into the text.
  double value = 0;       ///< In bytes; pages' fields that have no unit are counts.
};

/// Parses the text of /proc/meminfo. Fails with kCorrupt if a line is not "NAME: NUMBER [kB]", or
/// there is none. Source: proc(5).
Result<std::vector<MemoryField>> ParseMeminfo(std::string_view text);

}  // namespace tocsin::collectors
