#include "collectors/proc/pressure.h"

#include <array>
#include <optional>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr std::array kMetrics = {
    MetricDesc{"node_pressure_cpu_waiting_seconds_total", MetricType::kCounter,
               "Time in which a task waited for a processor."},
    MetricDesc{"node_pressure_io_waiting_seconds_total", MetricType::kCounter,
               "Time in which a task waited for input or output."},
    MetricDesc{"node_pressure_io_stalled_seconds_total", MetricType::kCounter,
               "Time in which all tasks waited for input or output."},
    MetricDesc{"node_pressure_memory_waiting_seconds_total", MetricType::kCounter,
               "Time in which a task waited for memory."},
    MetricDesc{"node_pressure_memory_stalled_seconds_total", MetricType::kCounter,
               "Time in which all tasks waited for memory."},
    MetricDesc{"node_pressure_irq_stalled_seconds_total", MetricType::kCounter,
               "Time in which tasks waited for interrupts to be served."},
};

/// A file below pressure/, and the metrics of its two lines, by their place in kMetrics.
struct Resource {
  std::string_view file;
  const MetricDesc* some = nullptr;
  const MetricDesc* full = nullptr;
};
/// A processor as a whole is never stalled: what the line says of it is always 0.
constexpr std::array kResources = {
    Resource{"cpu", &kMetrics[0], nullptr},
    Resource{"io", &kMetrics[1], &kMetrics[2]},
    Resource{"memory", &kMetrics[3], &kMetrics[4]},
    Resource{"irq", nullptr, &kMetrics[5]},
};

class PressureFiles final : public Part {
 public:
  explicit PressureFiles(const Settings& settings)
      : files_{KeptFile(settings.procfs / "pressure" / kResources[0].file),
               KeptFile(settings.procfs / "pressure" / kResources[1].file),
               KeptFile(settings.procfs / "pressure" / kResources[2].file),
               KeptFile(settings.procfs / "pressure" / kResources[3].file)} {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    Status worst;
    for (std::size_t i = 0; i < kResources.size(); ++i) {
      Status read = ReadResource(files_[i], kResources[i], points);
      if (!read && worst) worst = read.error().Within(kResources[i].file);
    }
    return worst;
  }

 private:
  static Status ReadResource(KeptFile& file, const Resource& resource, MetricSink& points) {
    const Result<std::string_view> text = file.Read();
    // Before Linux 4.20, or when switched off, there is none; and none of interrupts before 6.1.
    if (!text && text.error().code == ErrorCode::kNotFound) return {};
    if (!text) return text.error();
    const Result<Pressure> pressure = ParsePressure(*text);
    if (!pressure) return pressure.error();
    if (resource.some != nullptr && pressure->some) {
      points.Add(*resource.some, {}, *pressure->some);
    }
    if (resource.full != nullptr && pressure->full) {
      points.Add(*resource.full, {}, *pressure->full);
    }
    return {};
  }

  std::array<KeptFile, kResources.size()> files_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<PressureFiles>(settings);
}

}  // namespace

PartKind PressurePart() {
  return {"pressure", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
