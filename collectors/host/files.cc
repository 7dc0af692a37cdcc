#include <array>
#include <optional>

#include "collectors/host/parts.h"
#include "collectors/proc/fields.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricDesc kAllocated = {"node_filefd_allocated", MetricType::kGauge,
                                   "Open files of all processes."};
constexpr MetricDesc kMaximum = {"node_filefd_maximum", MetricType::kGauge,
                                 "How many open files the kernel allows."};
constexpr std::array kMetrics = {kAllocated, kMaximum};

class Files final : public Part {
 public:
  explicit Files(const Settings& settings) : file_(settings.procfs / "sys/fs/file-nr") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    std::string_view rest = Trimmed(*text);
    const std::optional<std::uint64_t> allocated = ParseCount(TakeWord(rest));
    TakeWord(rest);  // Free ones, which is 0 since Linux 2.6.
    const std::optional<std::uint64_t> maximum = ParseCount(TakeWord(rest));
    if (!allocated || !maximum) return Malformed("three numbers", Trimmed(*text));
    points.Add(kAllocated, {}, static_cast<double>(*allocated));
    points.Add(kMaximum, {}, static_cast<double>(*maximum));
    return {};
  }

 private:
  KeptFile file_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Files>(settings);
}

}  // namespace

PartKind FilesPart() {
  return {"filefd", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
