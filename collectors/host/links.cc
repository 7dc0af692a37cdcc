#include <array>
#include <optional>
#include <string>
#include <vector>

#include "collectors/host/parts.h"
#include "collectors/proc/fields.h"
#include "collectors/proc/folder.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricDesc kUp = {"node_network_up",
                            MetricType::kGauge,
                            "1 if the device says that it is up. Some, such as lo, never say so.",
                            {"device"}};
constexpr std::array kMetrics = {kUp};

constexpr std::size_t kMostDevices = 10'000;

class Links final : public Part {
 public:
  explicit Links(const Settings& settings)
      : path_(settings.sysfs / "class/net"), wanted_(settings.network_devices) {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<FileDescriptor> folder = OpenFolder(path_);
    if (!folder) return folder.error();
    const Result<std::vector<std::string>> devices = ListFolder(*folder, kMostDevices);
    if (!devices) return devices.error();
    for (const std::string& device : *devices) {
      if (!wanted_.Wants(device)) continue;
      // What is no device, such as bonding_masters, has no such file; one may go meanwhile.
      Status read = ReadFileAt(*folder, device + "/operstate", state_);
      if (!read && read.error().code == ErrorCode::kNotFound) continue;
      if (!read) return read;
      points.Add(kUp, {device}, Trimmed(state_) == "up" ? 1 : 0);
    }
    return {};
  }

 private:
  const std::filesystem::path path_;
  const NameFilter wanted_;
  std::string state_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Links>(settings);
}

}  // namespace

PartKind LinksPart() {
  return {"netclass", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
