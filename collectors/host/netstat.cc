#include <array>
#include <string>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/protocols.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kUnknown = MetricType::kUnknown;

/// In the order of the three files; the field is "PROTOCOL NAME". Most only grow, but node_exporter
/// says no type of them.
constexpr std::array kFields = {
    FieldMetric{"Ip Forwarding",
                {"node_netstat_Ip_Forwarding", kUnknown, "1 if IPv4 packets are routed, else 2."}},
    FieldMetric{"Icmp InMsgs",
                {"node_netstat_Icmp_InMsgs", kUnknown, "ICMP messages that came in."}},
    FieldMetric{"Icmp InErrors",
                {"node_netstat_Icmp_InErrors", kUnknown, "ICMP messages that came in damaged."}},
    FieldMetric{"Icmp OutMsgs",
                {"node_netstat_Icmp_OutMsgs", kUnknown, "ICMP messages that were sent."}},
    FieldMetric{"Tcp ActiveOpens",
                {"node_netstat_Tcp_ActiveOpens", kUnknown, "TCP connections opened from here."}},
    FieldMetric{"Tcp PassiveOpens",
                {"node_netstat_Tcp_PassiveOpens", kUnknown, "TCP connections opened to here."}},
    FieldMetric{"Tcp CurrEstab",
                {"node_netstat_Tcp_CurrEstab", kUnknown,
                 "TCP connections that are open now, or are just being closed by the peer."}},
    FieldMetric{"Tcp InSegs", {"node_netstat_Tcp_InSegs", kUnknown, "TCP segments that came in."}},
    FieldMetric{"Tcp OutSegs",
                {"node_netstat_Tcp_OutSegs", kUnknown, "TCP segments that were sent."}},
    FieldMetric{"Tcp RetransSegs",
                {"node_netstat_Tcp_RetransSegs", kUnknown, "TCP segments that were sent again."}},
    FieldMetric{"Tcp InErrs",
                {"node_netstat_Tcp_InErrs", kUnknown, "TCP segments that came in damaged."}},
    FieldMetric{"Tcp OutRsts",
                {"node_netstat_Tcp_OutRsts", kUnknown, "TCP connections that were reset."}},
    FieldMetric{"Udp InDatagrams",
                {"node_netstat_Udp_InDatagrams", kUnknown, "UDP datagrams that were received."}},
    FieldMetric{"Udp NoPorts",
                {"node_netstat_Udp_NoPorts", kUnknown, "UDP datagrams to ports of nobody."}},
    FieldMetric{"Udp InErrors",
                {"node_netstat_Udp_InErrors", kUnknown, "UDP datagrams that were lost here."}},
    FieldMetric{"Udp OutDatagrams",
                {"node_netstat_Udp_OutDatagrams", kUnknown, "UDP datagrams that were sent."}},
    FieldMetric{"Udp RcvbufErrors",
                {"node_netstat_Udp_RcvbufErrors", kUnknown,
                 "UDP datagrams lost because a receive buffer was full."}},
    FieldMetric{"Udp SndbufErrors",
                {"node_netstat_Udp_SndbufErrors", kUnknown,
                 "UDP datagrams lost because a send buffer was full."}},
    FieldMetric{
        "UdpLite InErrors",
        {"node_netstat_UdpLite_InErrors", kUnknown, "UDP-Lite datagrams that were lost here."}},
    FieldMetric{"TcpExt SyncookiesSent",
                {"node_netstat_TcpExt_SyncookiesSent", kUnknown, "SYN cookies that were sent."}},
    FieldMetric{"TcpExt SyncookiesRecv",
                {"node_netstat_TcpExt_SyncookiesRecv", kUnknown, "SYN cookies that came back."}},
    FieldMetric{"TcpExt SyncookiesFailed",
                {"node_netstat_TcpExt_SyncookiesFailed", kUnknown, "SYN cookies that were wrong."}},
    FieldMetric{"TcpExt ListenOverflows",
                {"node_netstat_TcpExt_ListenOverflows", kUnknown,
                 "TCP connections lost because a program did not accept them soon enough."}},
    FieldMetric{"TcpExt ListenDrops",
                {"node_netstat_TcpExt_ListenDrops", kUnknown,
                 "TCP connections lost on their way to a program, for any reason."}},
    FieldMetric{"TcpExt TCPTimeouts",
                {"node_netstat_TcpExt_TCPTimeouts", kUnknown,
                 "Times that TCP waited in vain for an acknowledgement."}},
    FieldMetric{"TcpExt TCPRcvQDrop",
                {"node_netstat_TcpExt_TCPRcvQDrop", kUnknown,
                 "TCP segments lost because a receive queue was full."}},
    FieldMetric{
        "TcpExt TCPOFOQueue",
        {"node_netstat_TcpExt_TCPOFOQueue", kUnknown, "TCP segments that came before their turn."}},
    FieldMetric{
        "TcpExt TCPSynRetrans",
        {"node_netstat_TcpExt_TCPSynRetrans", kUnknown, "SYNs and SYN-ACKs that were sent again."}},
    FieldMetric{"IpExt InOctets",
                {"node_netstat_IpExt_InOctets", kUnknown, "Bytes of IPv4 that came in."}},
    FieldMetric{"IpExt OutOctets",
                {"node_netstat_IpExt_OutOctets", kUnknown, "Bytes of IPv4 that were sent."}},
    FieldMetric{"Ip6 InOctets",
                {"node_netstat_Ip6_InOctets", kUnknown, "Bytes of IPv6 that came in."}},
    FieldMetric{"Ip6 OutOctets",
                {"node_netstat_Ip6_OutOctets", kUnknown, "Bytes of IPv6 that were sent."}},
    FieldMetric{"Icmp6 InMsgs",
                {"node_netstat_Icmp6_InMsgs", kUnknown, "ICMPv6 messages that came in."}},
    FieldMetric{"Icmp6 InErrors",
                {"node_netstat_Icmp6_InErrors", kUnknown, "ICMPv6 messages that came in damaged."}},
    FieldMetric{"Icmp6 OutMsgs",
                {"node_netstat_Icmp6_OutMsgs", kUnknown, "ICMPv6 messages that were sent."}},
    FieldMetric{
        "Udp6 InDatagrams",
        {"node_netstat_Udp6_InDatagrams", kUnknown, "UDP datagrams that were received over IPv6."}},
    FieldMetric{
        "Udp6 NoPorts",
        {"node_netstat_Udp6_NoPorts", kUnknown, "UDP datagrams over IPv6 to ports of nobody."}},
    FieldMetric{
        "Udp6 InErrors",
        {"node_netstat_Udp6_InErrors", kUnknown, "UDP datagrams over IPv6 that were lost here."}},
    FieldMetric{
        "Udp6 OutDatagrams",
        {"node_netstat_Udp6_OutDatagrams", kUnknown, "UDP datagrams that were sent over IPv6."}},
    FieldMetric{"Udp6 RcvbufErrors",
                {"node_netstat_Udp6_RcvbufErrors", kUnknown,
                 "UDP datagrams over IPv6 lost because a receive buffer was full."}},
    FieldMetric{"Udp6 SndbufErrors",
                {"node_netstat_Udp6_SndbufErrors", kUnknown,
                 "UDP datagrams over IPv6 lost because a send buffer was full."}},
    FieldMetric{"UdpLite6 InErrors",
                {"node_netstat_UdpLite6_InErrors", kUnknown,
                 "UDP-Lite datagrams over IPv6 that were lost here."}},
};
constexpr std::array kMetrics = MetricsOf(kFields);

class Netstat final : public Part {
 public:
  explicit Netstat(const Settings& settings)
      : snmp_(settings.procfs / "net/snmp"),
        netstat_(settings.procfs / "net/netstat"),
        snmp6_(settings.procfs / "net/snmp6") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    Counts counts;
    if (Status read = ReadFile(snmp_, ParseProtocolPairs, counts); !read) return read;
    if (Status read = ReadFile(netstat_, ParseProtocolPairs, counts); !read) return read;
    // Without IPv6 there is none.
    Status read = ReadFile(snmp6_, ParseSnmp6, counts);
    if (!read && read.error().code != ErrorCode::kNotFound) return read;

    FieldLookup fields(kFields);
    for (const ProtocolCount& count : counts) {
      key_.assign(count.protocol).append(" ").append(count.name);
      if (const MetricDesc* const metric = fields.Find(key_)) points.Add(*metric, {}, count.value);
    }
    return {};
  }

 private:
  using Counts = std::vector<ProtocolCount>;

  static Status ReadFile(KeptFile& file, Result<Counts> (*parse)(std::string_view),
                         Counts& counts) {
    const Result<std::string_view> text = file.Read();
    if (!text) return text.error();
    const Result<Counts> parsed = parse(*text);
    if (!parsed) return parsed.error().Within(file.path().filename().string());
    counts.insert(counts.end(), parsed->begin(), parsed->end());
    return {};
  }

  KeptFile snmp_;
  KeptFile netstat_;
  KeptFile snmp6_;
  std::string key_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Netstat>(settings);
}

}  // namespace

PartKind NetstatPart() {
  return {"netstat", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
