// Whatever a name server sends, reading it ends, in records that have a target or in an error. The
// first byte is the type that was asked for.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/discovery/dns_lookup.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::collectors;
  if (size == 0) return 0;
  const auto type = static_cast<DnsType>(data[0] % 5);
  const auto records = ParseDnsAnswer({data + 1, size - 1}, type);
  if (!records) return 0;
  for (const DnsRecord& record : *records) {
    if (record.target.empty()) std::abort();
  }
  return 0;
}
