// Looking up records in the DNS.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

enum class DnsType { kA, kAaaa, kSrv, kMx, kNs };

/// "SRV" and the like in any case; nothing if it is none of the types above.
std::optional<DnsType> ParseDnsType(std::string_view text);

struct DnsRecord {
  /// An address in numbers, or the name of a host without the final dot.
  std::string target;
  std::uint16_t port = 0;  ///< SRV only.

  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

/// Looks up one name, for as long as it takes, on any thread.
using DnsLookup =
    std::function<Result<std::vector<DnsRecord>>(const std::string& name, DnsType type)>;

/// Asks the name servers of /etc/resolv.conf, as it is now, with its search list. No records, if
/// there is no such name or it has none of that type. Fails with kUnavailable if no server knows,
/// with kCorrupt if the answer cannot be read. May wait for half a minute. Safe for concurrent use.
Result<std::vector<DnsRecord>> LookUpInDns(const std::string& name, DnsType type);

/// The records of that type in an answer as it comes from a server, each once. Those of other types
/// (CNAME) are passed over, as is an SRV record whose target is the root: it says that there is no
/// such service. Fails with kCorrupt.
/// Source: RFC 1035, section 4.1; RFC 2782; RFC 3596.
Result<std::vector<DnsRecord>> ParseDnsAnswer(std::span<const std::uint8_t> message, DnsType type);

}  // namespace tocsin::collectors
