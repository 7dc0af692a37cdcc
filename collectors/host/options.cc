#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "collectors/host/collector.h"
#include "collectors/nested_options.h"

namespace tocsin::collectors::host {
namespace {

// node_exporter's defaults.
constexpr std::string_view kPartitions = R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
constexpr std::string_view kSystemMountPoints =
    R"(^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/))";
constexpr std::string_view kPseudoFileSystems =
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|"
    "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|"
    "tracefs)$";

constexpr std::array kOptions = {
    OptionDesc{"path.procfs", "text", "/proc", "Where the host's /proc is mounted."},
    OptionDesc{"path.sysfs", "text", "/sys", "Where the host's /sys is mounted."},
    OptionDesc{"path.rootfs", "text", "/",
               "Where the host's root is mounted; mount points are shown as seen from there."},
    OptionDesc{"parts", "list of texts", "[]",
               "What to read; empty for all: stat, loadavg, meminfo, vmstat, diskstats, netdev, "
               "netclass, netstat, sockstat, filefd, pressure, system, textfile, filesystem."},
    OptionDesc{"exclude_parts", "list of texts", "[]", "What not to read."},
    OptionDesc{"diskstats.device_include", "regular expression", "",
               "Only block devices in whose name it is found."},
    OptionDesc{"diskstats.device_exclude", "regular expression", kPartitions,
               "Not those; by default no partitions, RAM disks and loops."},
    OptionDesc{"network.device_include", "regular expression", "",
               "Only network devices in whose name it is found."},
    OptionDesc{"network.device_exclude", "regular expression", "", "Not those."},
    OptionDesc{"filesystem.mount_points_include", "regular expression", "",
               "Only file systems in whose mount point it is found."},
    OptionDesc{"filesystem.mount_points_exclude", "regular expression", kSystemMountPoints,
               "Not those; by default none of the system and of containers."},
    OptionDesc{"filesystem.fs_types_include", "regular expression", "",
               "Only file systems in whose type it is found."},
    OptionDesc{"filesystem.fs_types_exclude", "regular expression", kPseudoFileSystems,
               "Not those; by default none that hold no files of anybody's."},
    OptionDesc{"filesystem.network", "true/false", "false",
               "Whether to show NFS, CIFS, FUSE and the like, too, which may not answer."},
    OptionDesc{"filesystem.mount_timeout", "duration", "1s",
               "How long a file system may take to answer; one that did not is left alone until "
               "it has."},
    OptionDesc{"textfile.directory", "text", "",
               "A folder whose files *.prom are passed on: pages of metrics without timestamps."},
};

bool IsPart(std::string_view name) {
  const std::span<const PartKind> parts = Parts();
  return std::any_of(parts.begin(), parts.end(),
                     [&](const PartKind& kind) { return kind.name == name; });
}

std::vector<std::string> ReadPartNames(YamlMap& options, std::string_view key) {
  std::vector<std::string> names = options.StringsOr(key, {});
  for (const std::string& name : names) {
    if (!IsPart(name)) options.Refuse(key, "there is no part '" + name + "'");
  }
  return names;
}

constexpr std::string_view kTextfile = "textfile";

/// Text files are read only where a folder of them is given.
std::vector<std::string> ReadParts(YamlMap& options, bool has_textfiles) {
  const std::vector<std::string> wanted = ReadPartNames(options, "parts");
  const std::vector<std::string> unwanted = ReadPartNames(options, "exclude_parts");
  const auto contains = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> parts;
  for (const PartKind& kind : Parts()) {
    const bool chosen = wanted.empty() || contains(wanted, kind.name);
    if (kind.name == kTextfile && !has_textfiles) continue;
    if (chosen && !contains(unwanted, kind.name)) parts.emplace_back(kind.name);
  }
  if (!has_textfiles && contains(wanted, kTextfile)) {
    options.Refuse("parts", "textfile needs a folder, textfile: {directory: ...}");
  } else if (parts.empty()) {
    options.Refuse("exclude_parts", "nothing is left to be read");
  }
  return parts;
}

void ReadPaths(YamlMap& map, Settings& settings) {
  const auto read = [&](std::string_view key, std::filesystem::path& path) {
    const std::filesystem::path given = map.PathOf(key).lexically_normal();
    if (given.empty()) return;
    path = given.has_filename() || !given.has_relative_path() ? given : given.parent_path();
  };
  read("procfs", settings.procfs);
  read("sysfs", settings.sysfs);
  read("rootfs", settings.rootfs);
}

void ReadFilesystem(YamlMap& map, FilesystemSettings& settings) {
  settings.mount_points = ReadNameFilter(map, {.include = "mount_points_include",
                                               .exclude = "mount_points_exclude",
                                               .default_exclude = kSystemMountPoints});
  settings.types = ReadNameFilter(map, {.include = "fs_types_include",
                                        .exclude = "fs_types_exclude",
                                        .default_exclude = kPseudoFileSystems});
  settings.network = map.BoolOr("network", settings.network);
  settings.patience = map.PositiveDurationOr("mount_timeout", settings.patience);
}

Settings DefaultSettings() {
  Settings settings;
  settings.disks = NameFilter("", kPartitions);
  settings.filesystem.mount_points = NameFilter("", kSystemMountPoints);
  settings.filesystem.types = NameFilter("", kPseudoFileSystems);
  settings.filesystem.patience = std::chrono::seconds(1);
  return settings;
}

}  // namespace

std::span<const OptionDesc> Options() {
  return kOptions;
}

MakeCollector Configure(YamlMap& options) {
  Settings settings = DefaultSettings();
  ReadNested(options, "path", [&](YamlMap& map) { ReadPaths(map, settings); });
  ReadNested(options, "diskstats", [&](YamlMap& map) {
    settings.disks = ReadNameFilter(
        map,
        {.include = "device_include", .exclude = "device_exclude", .default_exclude = kPartitions});
  });
  ReadNested(options, "network", [&](YamlMap& map) {
    settings.network_devices =
        ReadNameFilter(map, {.include = "device_include", .exclude = "device_exclude"});
  });
  ReadNested(options, "filesystem",
             [&](YamlMap& map) { ReadFilesystem(map, settings.filesystem); });
  ReadNested(options, kTextfile,
             [&](YamlMap& map) { settings.textfile_directory = map.RequiredPath("directory"); });
  settings.parts = ReadParts(options, !settings.textfile_directory.empty());
  return [settings](const Environment& environment) {
    return std::make_unique<HostCollector>(settings, environment);
  };
}

}  // namespace tocsin::collectors::host
