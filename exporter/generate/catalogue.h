// The files that are built into the binary: the rule packs of alerts/ and the panel specifications
// of dashboards/specs/, byte for byte.

#pragma once

#include <span>
#include <string_view>

namespace tocsin::generate {

/// Text that lives as long as the program.
struct EmbeddedFile {
  std::string_view name;  ///< Below its folder: "dagster.yaml", "optional/dagster-sizing.yaml".
  std::string_view text;
};

/// Sorted by name. cmake/embed.cmake makes these from the repository's files.
std::span<const EmbeddedFile> RulePacks();
std::span<const EmbeddedFile> DashboardSpecs();

}  // namespace tocsin::generate
