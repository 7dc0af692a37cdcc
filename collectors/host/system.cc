#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "collectors/host/parts.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricDesc kTime = {"node_time_seconds", MetricType::kGauge,
                              "Unix time by the system's clock."};
constexpr MetricDesc kUname = {
    "node_uname_info",
    MetricType::kGauge,
    "What system this is; the value is 1.",
    {"sysname", "release", "version", "machine", "nodename", "domainname"}};
constexpr std::array kMetrics = {kTime, kUname};

class System final : public Part {
 public:
  explicit System(const Clock& clock) : clock_(clock) {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    points.Add(kTime, {}, UnixSeconds(clock_.Now()));
    utsname name = {};
    if (uname(&name) != 0) {
      return Error{ErrorCode::kUnavailable, "uname: " + std::generic_category().message(errno)};
    }
    points.Add(
        kUname,
        {name.sysname, name.release, name.version, name.machine, name.nodename, name.domainname},
        1);
    return {};
  }

 private:
  const Clock& clock_;
};

std::unique_ptr<Part> Make(const Settings& /*settings*/, const Clock& clock) {
  return std::make_unique<System>(clock);
}

}  // namespace

PartKind SystemPart() {
  return {"system", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
