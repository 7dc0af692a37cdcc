#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/kernel_stat.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricDesc kCpu = {"node_cpu_seconds_total",
                             MetricType::kCounter,
                             "Time that the processor spent in the mode. Guests' time is part of "
                             "user and nice.",
                             {"cpu", "mode"}};
constexpr MetricDesc kGuest = {"node_cpu_guest_seconds_total",
                               MetricType::kCounter,
                               "Time that the processor spent running virtual machines.",
                               {"cpu", "mode"}};
constexpr MetricDesc kInterrupts = {"node_intr_total", MetricType::kCounter,
                                    "Interrupts that were served."};
constexpr MetricDesc kSwitches = {"node_context_switches_total", MetricType::kCounter,
                                  "Changes from one task to another, on all processors."};
constexpr MetricDesc kForks = {"node_forks_total", MetricType::kCounter,
                               "Processes and threads that were started."};
constexpr MetricDesc kBootTime = {"node_boot_time_seconds", MetricType::kGauge,
                                  "Unix time at which the system started."};
constexpr MetricDesc kRunning = {"node_procs_running", MetricType::kGauge,
                                 "Processes that run, or could if a processor were free."};
constexpr MetricDesc kBlocked = {"node_procs_blocked", MetricType::kGauge,
                                 "Processes that wait for input or output to complete."};

constexpr std::array kMetrics = {kCpu,   kGuest,    kInterrupts, kSwitches,
                                 kForks, kBootTime, kRunning,    kBlocked};

/// The modes of kCpu, and then those of kGuest, in the order of CpuMode.
constexpr std::array<std::string_view, kCpuModes> kModes = {
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "user", "nice"};
constexpr auto kFirstGuestMode = static_cast<std::size_t>(CpuMode::kGuest);
constexpr auto kIdle = static_cast<std::size_t>(CpuMode::kIdle);

/// USER_HZ, which is 100 wherever Linux runs.
constexpr double kTicksPerSecond = 100;
/// A processor whose idle time falls by more than this has been away and starts anew.
constexpr std::uint64_t kRestartTicks = 300;

/// The ticks of one processor that were last shown.
struct ShownCpu {
  std::string cpu;
  std::array<std::uint64_t, kCpuModes> ticks{};

  /// The kernel computes some modes from others, and then they can fall a little (proc(5) on
  /// iowait), which a rate would take for a restart.
  void Advance(const CpuTicks& read) {
    const bool restarted = read.ticks[kIdle] + kRestartTicks < ticks[kIdle];
    for (std::size_t i = 0; i < read.modes; ++i) {
      if (restarted || read.ticks[i] > ticks[i]) ticks[i] = read.ticks[i];
    }
  }
};

class Stat final : public Part {
 public:
  explicit Stat(const Settings& settings) : file_(settings.procfs / "stat") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    const Result<KernelStat> stat = ParseKernelStat(*text);
    if (!stat) return stat.error();
    AddCpus(stat->cpus, points);
    const std::pair<const MetricDesc&, std::optional<std::uint64_t>> counts[] = {
        {kInterrupts, stat->interrupts}, {kSwitches, stat->context_switches},
        {kForks, stat->forks},           {kBootTime, stat->boot_time},
        {kRunning, stat->running},       {kBlocked, stat->blocked}};
    for (const auto& [metric, count] : counts) {
      if (count) points.Add(metric, {}, static_cast<double>(*count));
    }
    return {};
  }

 private:
  void AddCpus(const std::vector<CpuTicks>& cpus, MetricSink& points) {
    for (std::size_t i = 0; i < cpus.size(); ++i) {
      const CpuTicks& read = cpus[i];
      ShownCpu& shown = Shown(i, read.cpu);
      shown.Advance(read);
      for (std::size_t mode = 0; mode < read.modes; ++mode) {
        points.Add(mode < kFirstGuestMode ? kCpu : kGuest, {read.cpu, kModes[mode]},
                   static_cast<double>(shown.ticks[mode]) / kTicksPerSecond);
      }
    }
    shown_.resize(cpus.size());  // A processor that was taken away starts anew when it is back.
  }

  /// What was shown of `cpu`, which is at `place` among those that are online. When a processor
  /// comes or goes, the others move.
  ShownCpu& Shown(std::size_t place, std::string_view cpu) {
    for (std::size_t i = place; i < shown_.size(); ++i) {
      if (shown_[i].cpu == cpu) {
        std::swap(shown_[place], shown_[i]);
        return shown_[place];
      }
    }
    return *shown_.insert(shown_.begin() + static_cast<std::ptrdiff_t>(place),
                          ShownCpu{std::string(cpu), {}});
  }

  KeptFile file_;
  std::vector<ShownCpu> shown_;  // In the order of the file.
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Stat>(settings);
}

}  // namespace

PartKind StatPart() {
  return {"stat", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
