#include <array>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "collectors/host/mount_probe.h"
#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/mountinfo.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
constexpr LabelNames kLabels = {"device", "fstype", "mountpoint"};

constexpr MetricDesc kSize = {"node_filesystem_size_bytes", kGauge,
                              "How much the file system can hold.", kLabels};
constexpr MetricDesc kFree = {"node_filesystem_free_bytes", kGauge, "How much of it is free.",
                              kLabels};
constexpr MetricDesc kAvailable = {"node_filesystem_avail_bytes", kGauge,
                                   "How much of it users other than root can have.", kLabels};
constexpr MetricDesc kFiles = {"node_filesystem_files", kGauge,
                               "How many files it can hold; 0 if that is not fixed.", kLabels};
constexpr MetricDesc kFilesFree = {"node_filesystem_files_free", kGauge,
                                   "How many more files it can hold.", kLabels};
constexpr MetricDesc kReadOnly = {"node_filesystem_readonly", kGauge,
                                  "1 if it is mounted read-only.", kLabels};
constexpr MetricDesc kDeviceError = {
    "node_filesystem_device_error", kGauge,
    "1 if it did not say how full it is: an error, or no answer in time.", kLabels};
constexpr std::array kMetrics = {kSize,      kFree,     kAvailable,  kFiles,
                                 kFilesFree, kReadOnly, kDeviceError};

constexpr std::size_t kMostMounts = 20'000;

/// `path` below `root`, as seen from there; as it is, if it is not below it.
std::string WithoutRoot(const std::string& path, const std::string& root) {
  if (root == "/" || !path.starts_with(root)) return path;
  if (path.size() == root.size()) return "/";
  return path[root.size()] == '/' ? path.substr(root.size()) : path;
}

class Filesystem final : public Part {
 public:
  explicit Filesystem(const Settings& settings)
      : of_init_(settings.procfs / "1/mountinfo"),
        of_self_(settings.procfs / "self/mountinfo"),
        root_(settings.rootfs.string()),
        settings_(settings.filesystem),
        probe_(settings.filesystem.patience) {}

  Status Read(const Attempt& attempt, MetricSink& points) override {
    if (Status read = ReadMounts(); !read) return read;
    const std::vector<Result<MountUsage>> usages = probe_.Read(places_, HalfOf(attempt));
    for (std::size_t i = 0; i < mounts_.size(); ++i) Publish(mounts_[i], usages[i], points);
    return {};
  }

 private:
  /// Those that are mounted where the first process sees them; where that may not be known, our
  /// own.
  Status ReadMounts() {
    Result<std::string_view> text = of_init_.Read();
    if (!text) text = of_self_.Read();
    if (!text) return text.error();
    if (*text == text_) return {};
    Result<std::vector<Mount>> mounts = ParseMountinfo(*text);
    if (!mounts) return mounts.error();
    text_ = *text;
    mounts_.clear();
    places_.clear();
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    for (Mount& mount : *mounts) {
      mount.point = WithoutRoot(mount.point, root_);
      if (!IsWanted(mount)) continue;
      if (!seen.emplace(mount.device, mount.fs_type, mount.point).second) continue;
      if (mounts_.size() == kMostMounts) break;
      places_.push_back(
          {root_ == "/" ? mount.point : root_ + mount.point, IsNetworkFileSystem(mount.fs_type)});
      mounts_.push_back(std::move(mount));
    }
    return {};
  }

  bool IsWanted(const Mount& mount) const {
    if (!settings_.network && IsNetworkFileSystem(mount.fs_type)) return false;
    return settings_.types.Wants(mount.fs_type) && settings_.mount_points.Wants(mount.point);
  }

  static void Publish(const Mount& mount, const Result<MountUsage>& usage, MetricSink& points) {
    const std::array<std::string_view, 3> labels = {mount.device, mount.fs_type, mount.point};
    points.Add(kDeviceError, labels, usage ? 0 : 1);
    if (!usage) return;
    points.Add(kSize, labels, usage->size);
    points.Add(kFree, labels, usage->free);
    points.Add(kAvailable, labels, usage->available);
    points.Add(kFiles, labels, usage->files);
    points.Add(kFilesFree, labels, usage->files_free);
    points.Add(kReadOnly, labels, mount.read_only ? 1 : 0);
  }

  KeptFile of_init_;
  KeptFile of_self_;
  const std::string root_;
  const FilesystemSettings settings_;
  MountProbe probe_;
  std::string text_;  // What the two below were made of; it seldom changes.
  std::vector<Mount> mounts_;
  std::vector<MountPlace> places_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Filesystem>(settings);
}

}  // namespace

PartKind FilesystemPart() {
  return {"filesystem", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
