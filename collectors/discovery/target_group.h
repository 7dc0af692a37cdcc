#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/yaml.h"

namespace tocsin::collectors {

inline constexpr std::string_view kAddressLabel = "__address__";

/// Reads a group of targets, `targets: [...]` and `labels: {...}`, and adds each target as the
/// group's labels and its `__address__`. Mistakes are reported.
/// Source: Prometheus' documentation, "Configuration", <static_config> and <file_sd_config>.
void ReadTargetGroup(const YamlNode& node, Diagnostics& diagnostics, std::vector<Labels>& targets);

/// Whether it is one host and port, or a host alone: nothing with a path or a scheme.
bool IsTargetAddress(std::string_view address);

/// "host:port"; an IPv6 address is put into brackets.
std::string HostAndPort(std::string_view host, int port);

}  // namespace tocsin::collectors
