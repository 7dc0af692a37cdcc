#include "collectors/discovery/target_group.h"

#include <string>

#include <fmt/format.h>

namespace tocsin::collectors {

void ReadTargetGroup(const YamlNode& node, Diagnostics& diagnostics, std::vector<Labels>& targets) {
  YamlMap group(node, diagnostics);
  LabelsBuilder builder;
  for (const auto& [name, value] : group.StringMap("labels")) {
    if (IsUtf8Name(name)) {
      builder.Set(name, value);
    } else {
      group.Refuse("labels", "expected names of labels, got an empty one");
    }
  }
  const Labels labels = builder.Build();
  for (const std::string& address : group.StringsOr("targets", {})) {
    targets.push_back(LabelsBuilder(labels).Set(kAddressLabel, address).Build());
  }
}

bool IsTargetAddress(std::string_view address) {
  return !address.empty() && address.find_first_of("/?# \t\r\n") == std::string_view::npos;
}

std::string HostAndPort(std::string_view host, int port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

}  // namespace tocsin::collectors
