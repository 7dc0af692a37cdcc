#include <array>

#include "collectors/host/parts.h"
#include "collectors/proc/fields.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

/// In the order of the file. They only grow, but node_exporter says no type of them.
constexpr std::array kFields = {
    FieldMetric{"pgpgin",
                {"node_vmstat_pgpgin", MetricType::kUnknown, "Kibibytes read from disks."}},
    FieldMetric{"pgpgout",
                {"node_vmstat_pgpgout", MetricType::kUnknown, "Kibibytes written to disks."}},
    FieldMetric{"pswpin",
                {"node_vmstat_pswpin", MetricType::kUnknown, "Pages read back from swap."}},
    FieldMetric{"pswpout", {"node_vmstat_pswpout", MetricType::kUnknown, "Pages written to swap."}},
    FieldMetric{"pgfault",
                {"node_vmstat_pgfault", MetricType::kUnknown,
                 "Uses of memory that was not mapped, with or without a disk."}},
    FieldMetric{"pgmajfault",
                {"node_vmstat_pgmajfault", MetricType::kUnknown,
                 "Uses of memory that had to be read from a disk first."}},
    FieldMetric{"oom_kill",
                {"node_vmstat_oom_kill", MetricType::kUnknown,
                 "Processes that the kernel killed because memory had run out."}},
};
constexpr std::array kMetrics = MetricsOf(kFields);

class Vmstat final : public Part {
 public:
  explicit Vmstat(const Settings& settings) : file_(settings.procfs / "vmstat") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    FieldLookup fields(kFields);
    return ReadKeyValues(*text, [&](std::string_view key, double value) {
      if (const MetricDesc* const metric = fields.Find(key)) points.Add(*metric, {}, value);
    });
  }

 private:
  KeptFile file_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Vmstat>(settings);
}

}  // namespace

PartKind VmstatPart() {
  return {"vmstat", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
