#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"

namespace tocsin::collectors::kailash {

/// Notes that a part could not be read. Of several errors of one part the first is kept.
inline void AddPartError(std::vector<SourceReport>& parts, std::string_view part,
                         const Error& error) {
  for (const SourceReport& report : parts) {
    if (report.source == part) return;
  }
  parts.push_back({std::string(part), error});
}

}  // namespace tocsin::collectors::kailash
