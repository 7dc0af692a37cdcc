#include <array>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/net_dev.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr LabelNames kLabels = {"device"};

constexpr std::array kMetrics = {
    MetricDesc{"node_network_receive_bytes_total", kCounter, "Bytes that came in.", kLabels},
    MetricDesc{"node_network_receive_packets_total", kCounter, "Packets that came in.", kLabels},
    MetricDesc{"node_network_receive_errs_total", kCounter, "Packets that came in damaged.",
               kLabels},
    MetricDesc{"node_network_receive_drop_total", kCounter,
               "Packets that came in and were lost here, for lack of room or of a taker.", kLabels},
    MetricDesc{"node_network_transmit_bytes_total", kCounter, "Bytes that were sent.", kLabels},
    MetricDesc{"node_network_transmit_packets_total", kCounter, "Packets that were sent.", kLabels},
    MetricDesc{"node_network_transmit_errs_total", kCounter, "Packets that could not be sent.",
               kLabels},
    MetricDesc{"node_network_transmit_drop_total", kCounter,
               "Packets that were to be sent and were lost here.", kLabels},
};
/// Their columns.
constexpr std::array kColumns = {
    NetColumn::kReceivedBytes, NetColumn::kReceivedPackets, NetColumn::kReceiveErrors,
    NetColumn::kReceiveDrops,  NetColumn::kSentBytes,       NetColumn::kSentPackets,
    NetColumn::kSendErrors,    NetColumn::kSendDrops,
};
static_assert(kColumns.size() == kMetrics.size());

class Network final : public Part {
 public:
  explicit Network(const Settings& settings)
      : file_(settings.procfs / "net/dev"), wanted_(settings.network_devices) {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    const Result<std::vector<NetDevice>> devices = ParseNetDev(*text);
    if (!devices) return devices.error();
    for (const NetDevice& device : *devices) {
      if (!wanted_.Wants(device.name)) continue;
      for (std::size_t i = 0; i < kMetrics.size(); ++i) {
        points.Add(kMetrics[i], {device.name},
                   device.columns[static_cast<std::size_t>(kColumns[i])]);
      }
    }
    return {};
  }

 private:
  KeptFile file_;
  const NameFilter wanted_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Network>(settings);
}

}  // namespace

PartKind NetworkPart() {
  return {"netdev", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
