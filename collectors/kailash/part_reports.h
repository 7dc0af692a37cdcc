#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/collector.h"

namespace tocsin::collectors::kailash {

/// Adds a part that could not be read. Of several reports of one part the first is kept.
inline void AddPart(std::vector<SourceReport>& parts, SourceReport report) {
  for (const SourceReport& known : parts) {
    if (known.source == report.source) return;
  }
  parts.push_back(std::move(report));
}

/// The same of a part that should be there.
inline void AddPartError(std::vector<SourceReport>& parts, std::string_view part,
                         const Error& error) {
  AddPart(parts, {.source = std::string(part), .status = error});
}

}  // namespace tocsin::collectors::kailash
