#include <unistd.h>

#include <array>
#include <string>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/protocols.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;

/// In the order of the two files; the field is "PROTOCOL NAME".
constexpr std::array kFields = {
    FieldMetric{"sockets used", {"node_sockstat_sockets_used", kGauge, "Sockets of all kinds."}},
    FieldMetric{"TCP inuse", {"node_sockstat_TCP_inuse", kGauge, "TCP sockets over IPv4."}},
    FieldMetric{"TCP orphan",
                {"node_sockstat_TCP_orphan", kGauge, "TCP sockets that no process has any more."}},
    FieldMetric{"TCP tw", {"node_sockstat_TCP_tw", kGauge, "TCP sockets in TIME_WAIT."}},
    FieldMetric{"TCP alloc",
                {"node_sockstat_TCP_alloc", kGauge, "TCP sockets in any state, of IPv4 and IPv6."}},
    FieldMetric{"TCP mem", {"node_sockstat_TCP_mem", kGauge, "Pages that TCP's buffers take."}},
    FieldMetric{"UDP inuse", {"node_sockstat_UDP_inuse", kGauge, "UDP sockets over IPv4."}},
    FieldMetric{"UDP mem", {"node_sockstat_UDP_mem", kGauge, "Pages that UDP's buffers take."}},
    FieldMetric{"UDPLITE inuse",
                {"node_sockstat_UDPLITE_inuse", kGauge, "UDP-Lite sockets over IPv4."}},
    FieldMetric{"RAW inuse", {"node_sockstat_RAW_inuse", kGauge, "Raw sockets over IPv4."}},
    FieldMetric{"FRAG inuse",
                {"node_sockstat_FRAG_inuse", kGauge, "IPv4 packets that are being put together."}},
    FieldMetric{"FRAG memory",
                {"node_sockstat_FRAG_memory", kGauge, "Bytes that their fragments take."}},
    FieldMetric{"TCP6 inuse", {"node_sockstat_TCP6_inuse", kGauge, "TCP sockets over IPv6."}},
    FieldMetric{"UDP6 inuse", {"node_sockstat_UDP6_inuse", kGauge, "UDP sockets over IPv6."}},
    FieldMetric{"UDPLITE6 inuse",
                {"node_sockstat_UDPLITE6_inuse", kGauge, "UDP-Lite sockets over IPv6."}},
    FieldMetric{"RAW6 inuse", {"node_sockstat_RAW6_inuse", kGauge, "Raw sockets over IPv6."}},
    FieldMetric{"FRAG6 inuse",
                {"node_sockstat_FRAG6_inuse", kGauge, "IPv6 packets that are being put together."}},
    FieldMetric{"FRAG6 memory",
                {"node_sockstat_FRAG6_memory", kGauge, "Bytes that their fragments take."}},
    // Not in the files: pages, in bytes.
    FieldMetric{"TCP mem_bytes",
                {"node_sockstat_TCP_mem_bytes", kGauge, "Bytes that TCP's buffers take."}},
    FieldMetric{"UDP mem_bytes",
                {"node_sockstat_UDP_mem_bytes", kGauge, "Bytes that UDP's buffers take."}},
};
constexpr std::array kMetrics = MetricsOf(kFields);

class Sockstat final : public Part {
 public:
  explicit Sockstat(const Settings& settings)
      : ipv4_(settings.procfs / "net/sockstat"),
        ipv6_(settings.procfs / "net/sockstat6"),
        page_bytes_(static_cast<double>(sysconf(_SC_PAGESIZE))) {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    FieldLookup fields(kFields);
    if (Status read = ReadFile(ipv4_, fields, points); !read) return read;
    Status read = ReadFile(ipv6_, fields, points);
    if (!read && read.error().code == ErrorCode::kNotFound) return {};  // IPv6 is switched off.
    return read;
  }

 private:
  Status ReadFile(KeptFile& file, FieldLookup& fields, MetricSink& points) {
    const Result<std::string_view> text = file.Read();
    if (!text) return text.error();
    const Result<std::vector<ProtocolCount>> counts = ParseSockstat(*text);
    if (!counts) return counts.error();
    for (const ProtocolCount& count : *counts) {
      Add(fields, count.protocol, count.name, count.value, points);
      if (count.name == "mem") {
        Add(fields, count.protocol, "mem_bytes", count.value * page_bytes_, points);
      }
    }
    return {};
  }

  void Add(FieldLookup& fields, std::string_view protocol, std::string_view name, double value,
           MetricSink& points) {
    key_.assign(protocol).append(" ").append(name);
    if (const MetricDesc* const metric = fields.Find(key_)) points.Add(*metric, {}, value);
  }

  KeptFile ipv4_;
  KeptFile ipv6_;
  const double page_bytes_;
  std::string key_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Sockstat>(settings);
}

}  // namespace

PartKind SockstatPart() {
  return {"sockstat", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
