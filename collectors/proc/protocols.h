// /proc/net/snmp, netstat, snmp6 and sockstat: what the network protocols count.

#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

/// One count. Views into the text.
struct ProtocolCount {
  std::string_view protocol;  ///< "Tcp", "IpExt", "TCP6".
  std::string_view name;      ///< "CurrEstab", "inuse".
  double value = 0;           ///< May be negative: Tcp MaxConn is -1.
};

/// Parses pairs of lines, of names and of values, as in /proc/net/snmp and /proc/net/netstat. Fails
/// with kCorrupt if the lines of a pair do not fit, or a value is no number. Source: proc(5).
Result<std::vector<ProtocolCount>> ParseProtocolPairs(std::string_view text);

/// Parses lines like "Tcp6InSegs 12", as in /proc/net/snmp6: the protocol ends with the 6. Lines
/// without one are passed over. Fails with kCorrupt if a value is no number.
Result<std::vector<ProtocolCount>> ParseSnmp6(std::string_view text);

/// Parses lines like "TCP: inuse 5 orphan 0", as in /proc/net/sockstat and sockstat6. Fails with
/// kCorrupt if a line makes no sense.
Result<std::vector<ProtocolCount>> ParseSockstat(std::string_view text);

}  // namespace tocsin::collectors
