#include "collectors/http/discovered.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tocsin::collectors {

std::shared_ptr<const DiscoveryOptions> ReadDiscoveryIfAny(YamlMap& options) {
  constexpr std::array<std::string_view, 4> kKeys = {"static_configs", "file_sd_configs",
                                                     "dns_sd_configs", "kubernetes_sd_configs"};
  auto discovery = ReadDiscoveryOptions(options);
  const bool is_asked_for = std::any_of(kKeys.begin(), kKeys.end(),
                                        [&](std::string_view key) { return options.Has(key); });
  if (!is_asked_for) discovery.reset();
  return discovery;
}

Result<std::vector<Labels>> FindTargets(Discovery& discovery, bool has_others,
                                        const Attempt& attempt, Collection& collection) {
  std::vector<SourceReport> reports;
  std::vector<Labels> targets = discovery.Find(attempt, reports);
  const auto failed = std::find_if(reports.begin(), reports.end(),
                                   [](const SourceReport& report) { return !report.status; });
  if (failed != reports.end() && targets.empty() && !has_others) {
    return failed->status.error().Within(failed->source);
  }
  for (SourceReport& report : reports) {
    report.source = "discovery by " + report.source;
    collection.parts.push_back(std::move(report));
  }
  return targets;
}

}  // namespace tocsin::collectors
