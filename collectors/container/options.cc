#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/container/cgroup_collector.h"
#include "collectors/container/collector.h"
#include "collectors/container/kubelet_collector.h"
#include "collectors/http/target.h"
#include "collectors/nested_options.h"

namespace tocsin::collectors::container {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{"path.cgroup", "text", "/sys/fs/cgroup", "Where the control groups are mounted."},
    OptionDesc{"path.docker", "text", "/var/lib/docker/containers",
               "Docker's folder of containers, for their names and images; only root may read it."},
    OptionDesc{"path.kubernetes_logs", "text", "/var/log/containers",
               "The kubelet's links to logs, for the names of pods and containers."},
    OptionDesc{"names", "map of texts", "{}",
               "Names of containers: the path of a control group, or at least 12 digits of a "
               "container's id, and what to call it."},
    OptionDesc{"groups_include", "regular expression", "",
               "Control groups to show beside containers: those in whose path it is found, such as "
               "^/system.slice/postgresql."},
    OptionDesc{"groups_exclude", "regular expression", "",
               "Control groups not to show, containers or not."},
    OptionDesc{"max_containers", "integer", "1000",
               "Most control groups to show; raise max_series with it."},
    OptionDesc{"kubelet.url", "text", "",
               "The address of a kubelet's page, https://NODE:10250/metrics/cadvisor. If it is "
               "set, the containers on it are shown, and no control group is read."},
};

constexpr std::int64_t kMostContainers = 50'000;

void ReadPath(YamlMap& map, std::string_view key, std::filesystem::path& path) {
  std::filesystem::path given = map.PathOf(key);
  if (!given.empty()) path = std::move(given);
}

/// A name for what no group is called would be given to nobody, and nobody would notice.
std::vector<std::pair<std::string, std::string>> ReadNames(YamlMap& options) {
  const YamlNode* const names = options.Node("names");
  if (names == nullptr) return {};
  for (const YamlEntry& entry : names->entries) {
    if (IsGroupKey(entry.key.text)) continue;
    options.diagnostics().Add(entry.key.place,
                              "names: expected the path of a control group, or 12 to 64 digits "
                              "(0-9, a-f) of a container's id");
  }
  return options.StringMap("names");
}

CgroupSettings ReadCgroupSettings(YamlMap& options) {
  CgroupSettings settings;
  ReadNested(options, "path", [&](YamlMap& map) {
    ReadPath(map, "cgroup", settings.cgroups);
    ReadPath(map, "docker", settings.names.docker);
    ReadPath(map, "kubernetes_logs", settings.names.kubernetes_logs);
  });
  settings.names.given = ReadNames(options);
  const YamlNode* const others_node = options.node().Find("groups_include");
  const bool has_others = others_node != nullptr && !others_node->text.empty();
  const NameFilter others = ReadNameFilter(options, {.include = "groups_include"});
  if (has_others) settings.selection.others = others;
  settings.selection.all = ReadNameFilter(options, {.exclude = "groups_exclude"});
  settings.selection.most = static_cast<std::size_t>(options.IntegerOr(
      "max_containers", static_cast<std::int64_t>(settings.selection.most), 1, kMostContainers));
  return settings;
}

/// Nothing if the map is not there.
std::optional<HttpTarget> ReadKubelet(YamlMap& options) {
  std::optional<HttpTarget> target;
  ReadNested(options, "kubelet", [&](YamlMap& map) { target = ReadHttpTarget(map); });
  if (!target) return std::nullopt;
  for (const OptionDesc& option : kOwnOptions) {
    const std::string_view key = option.name.substr(0, option.name.find('.'));
    if (key != "kubelet" && options.Has(key)) {
      options.Refuse(key, "with a kubelet, no control groups are read");
    }
  }
  return target;
}

}  // namespace

std::span<const OptionDesc> Options() {
  // The options inside the map `kubelet` have its name in front, and need a home.
  static const std::vector<std::string> kKubeletNames = [] {
    std::vector<std::string> names;
    names.reserve(kHttpClientOptions.size());
    for (const OptionDesc& option : kHttpClientOptions) {
      names.push_back("kubelet." + std::string(option.name));
    }
    return names;
  }();
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kOwnOptions.begin(), kOwnOptions.end());
    for (std::size_t i = 0; i < kHttpClientOptions.size(); ++i) {
      OptionDesc option = kHttpClientOptions[i];
      option.name = kKubeletNames[i];
      all.push_back(option);
    }
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  const CgroupSettings settings = ReadCgroupSettings(options);
  const std::optional<HttpTarget> kubelet = ReadKubelet(options);
  return [settings, kubelet](const Environment& environment) -> std::unique_ptr<Collector> {
    if (kubelet) return std::make_unique<KubeletCollector>(*kubelet, MakeHttpClient);
    return std::make_unique<CgroupCollector>(settings, environment);
  };
}

}  // namespace tocsin::collectors::container
