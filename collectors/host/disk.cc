#include <array>
#include <utility>

#include "collectors/host/parts.h"
#include "collectors/proc/diskstats.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr LabelNames kLabels = {"device"};

constexpr std::array kMetrics = {
    MetricDesc{"node_disk_reads_completed_total", kCounter, "Reads that were done.", kLabels},
    MetricDesc{"node_disk_reads_merged_total", kCounter,
               "Reads that were done as part of a neighbour.", kLabels},
    MetricDesc{"node_disk_read_bytes_total", kCounter, "Bytes that were read.", kLabels},
    MetricDesc{"node_disk_read_time_seconds_total", kCounter,
               "Time that reads took, summed over all of them.", kLabels},
    MetricDesc{"node_disk_writes_completed_total", kCounter, "Writes that were done.", kLabels},
    MetricDesc{"node_disk_writes_merged_total", kCounter,
               "Writes that were done as part of a neighbour.", kLabels},
    MetricDesc{"node_disk_written_bytes_total", kCounter, "Bytes that were written.", kLabels},
    MetricDesc{"node_disk_write_time_seconds_total", kCounter,
               "Time that writes took, summed over all of them.", kLabels},
    MetricDesc{"node_disk_io_now", MetricType::kGauge, "Requests that are being served.", kLabels},
    MetricDesc{"node_disk_io_time_seconds_total", kCounter,
               "Time in which the device was serving requests.", kLabels},
    MetricDesc{"node_disk_io_time_weighted_seconds_total", kCounter,
               "Time that requests took, summed as it passes: its rate is the length of the queue.",
               kLabels},
    MetricDesc{"node_disk_discards_completed_total", kCounter, "Discards that were done.", kLabels},
    MetricDesc{"node_disk_discards_merged_total", kCounter,
               "Discards that were done as part of a neighbour.", kLabels},
    MetricDesc{"node_disk_discarded_sectors_total", kCounter,
               "Sectors of 512 bytes that were discarded.", kLabels},
    MetricDesc{"node_disk_discard_time_seconds_total", kCounter,
               "Time that discards took, summed over all of them.", kLabels},
    MetricDesc{"node_disk_flush_requests_total", kCounter, "Flushes that were done.", kLabels},
    MetricDesc{"node_disk_flush_requests_time_seconds_total", kCounter,
               "Time that flushes took, summed over all of them.", kLabels},
};
static_assert(kMetrics.size() == kDiskColumns);  // One for each column, in its order.

constexpr double kSectorBytes = 512;
constexpr double kSecondsPerMillisecond = 1e-3;

/// What turns a column's unit into its metric's.
double FactorOf(DiskColumn column) {
  switch (column) {
    case DiskColumn::kSectorsRead:
    case DiskColumn::kSectorsWritten: return kSectorBytes;
    case DiskColumn::kReadMilliseconds:
    case DiskColumn::kWriteMilliseconds:
    case DiskColumn::kBusyMilliseconds:
    case DiskColumn::kWeightedMilliseconds:
    case DiskColumn::kDiscardMilliseconds:
    case DiskColumn::kFlushMilliseconds: return kSecondsPerMillisecond;
    case DiskColumn::kReadsCompleted:
    case DiskColumn::kReadsMerged:
    case DiskColumn::kWritesCompleted:
    case DiskColumn::kWritesMerged:
    case DiskColumn::kInProgress:
    case DiskColumn::kDiscardsCompleted:
    case DiskColumn::kDiscardsMerged:
    case DiskColumn::kSectorsDiscarded:
    case DiskColumn::kFlushes: break;
  }
  return 1;
}

class Disk final : public Part {
 public:
  explicit Disk(const Settings& settings)
      : file_(settings.procfs / "diskstats"), wanted_(settings.disks) {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    const Result<std::vector<DiskLine>> disks = ParseDiskstats(*text);
    if (!disks) return disks.error();
    for (const DiskLine& disk : *disks) {
      if (!wanted_.Wants(disk.device)) continue;
      for (std::size_t i = 0; i < disk.count; ++i) {
        points.Add(kMetrics[i], {disk.device},
                   disk.columns[i] * FactorOf(static_cast<DiskColumn>(i)));
      }
    }
    return {};
  }

 private:
  KeptFile file_;
  const NameFilter wanted_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Disk>(settings);
}

}  // namespace

PartKind DiskPart() {
  return {"diskstats", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
