#include <array>
#include <cmath>
#include <optional>

#include "base/number.h"
#include "collectors/host/parts.h"
#include "collectors/proc/fields.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr std::array kMetrics = {
    MetricDesc{"node_load1", MetricType::kGauge,
               "Tasks that ran or waited for a processor or a disk, averaged over a minute."},
    MetricDesc{"node_load5", MetricType::kGauge, "The same, averaged over five minutes."},
    MetricDesc{"node_load15", MetricType::kGauge, "The same, averaged over fifteen minutes."},
};

class Load final : public Part {
 public:
  explicit Load(const Settings& settings) : file_(settings.procfs / "loadavg") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    std::string_view rest = Trimmed(*text);
    std::array<double, kMetrics.size()> averages{};
    for (double& average : averages) {
      const std::optional<double> parsed = ParseNumber(TakeWord(rest));
      if (!parsed || !std::isfinite(*parsed)) {
        return Malformed("three load averages", Trimmed(*text));
      }
      average = *parsed;
    }
    for (std::size_t i = 0; i < averages.size(); ++i) points.Add(kMetrics[i], {}, averages[i]);
    return {};
  }

 private:
  KeptFile file_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Load>(settings);
}

}  // namespace

PartKind LoadPart() {
  return {"loadavg", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
