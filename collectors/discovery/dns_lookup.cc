#include "collectors/discovery/dns_lookup.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/text.h"

namespace tocsin::collectors {
namespace {

struct TypeRow {
  DnsType type;
  std::string_view name;
  ns_type number;
  std::size_t name_at;  ///< Where in the record's data the name of the target begins.
};
constexpr std::array<TypeRow, 5> kTypes = {{
    {DnsType::kA, "A", ns_t_a, 0},
    {DnsType::kAaaa, "AAAA", ns_t_aaaa, 0},
    {DnsType::kSrv, "SRV", ns_t_srv, 6},
    {DnsType::kMx, "MX", ns_t_mx, 2},
    {DnsType::kNs, "NS", ns_t_ns, 0},
}};
constexpr std::size_t kSrvPortAt = 4;

const TypeRow& RowOf(DnsType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [&](const TypeRow& row) { return row.type == type; });
}

Error BadAnswer() {
  return {ErrorCode::kCorrupt, "the answer of the name server cannot be read"};
}

std::optional<std::string> AddressIn(std::span<const std::uint8_t> data, int family) {
  const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (data.size() != size ||
      inet_ntop(family, data.data(), text.data(), static_cast<socklen_t>(text.size())) == nullptr) {
    return std::nullopt;
  }
  return text.data();
}

/// The name that begins at `at`; it may go on elsewhere in the message.
std::optional<std::string> NameIn(const ns_msg& message, const std::uint8_t* at) {
  std::array<char, NS_MAXDNAME> text{};
  if (dn_expand(ns_msg_base(message), ns_msg_end(message), at, text.data(),
                static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  return text.data();
}

std::optional<DnsRecord> RecordIn(const ns_msg& message, const ns_rr& record, const TypeRow& row) {
  const std::span<const std::uint8_t> data(ns_rr_rdata(record), ns_rr_rdlen(record));
  if (row.type == DnsType::kA || row.type == DnsType::kAaaa) {
    auto address = AddressIn(data, row.type == DnsType::kA ? AF_INET : AF_INET6);
    return address ? std::optional(DnsRecord{std::move(*address)}) : std::nullopt;
  }
  if (data.size() <= row.name_at) return std::nullopt;
  auto name = NameIn(message, data.data() + row.name_at);
  if (!name) return std::nullopt;
  DnsRecord found{std::move(*name)};
  if (row.type == DnsType::kSrv) {
    found.port = static_cast<std::uint16_t>(data[kSrvPortAt] << 8U | data[kSrvPortAt + 1]);
  }
  return found;
}

}  // namespace

std::optional<DnsType> ParseDnsType(std::string_view text) {
  for (const TypeRow& row : kTypes) {
    if (EqualsIgnoringCase(row.name, text)) return row.type;
  }
  return std::nullopt;
}

Result<std::vector<DnsRecord>> ParseDnsAnswer(std::span<const std::uint8_t> message, DnsType type) {
  const TypeRow& row = RowOf(type);
  ns_msg parsed = {};
  if (ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) != 0) {
    return BadAnswer();
  }
  std::vector<DnsRecord> records;
  const int count = ns_msg_count(parsed, ns_s_an);
  for (int i = 0; i < count; ++i) {
    ns_rr each = {};
    if (ns_parserr(&parsed, ns_s_an, i, &each) != 0) return BadAnswer();
    if (ns_rr_type(each) != row.number) continue;
    std::optional<DnsRecord> record = RecordIn(parsed, each, row);
    if (!record) return BadAnswer();
    const bool is_known = std::find(records.begin(), records.end(), *record) != records.end();
    if (!is_known && !record->target.empty()) records.push_back(std::move(*record));
  }
  return records;
}

Result<std::vector<DnsRecord>> LookUpInDns(const std::string& name, DnsType type) {
  struct __res_state state = {};
  if (res_ninit(&state) != 0) return Error{ErrorCode::kUnavailable, "cannot set up the resolver"};
  const std::unique_ptr<struct __res_state, decltype(&res_nclose)> closer(&state, &res_nclose);
  std::vector<std::uint8_t> answer(NS_MAXMSG);
  const int size = res_nsearch(&state, name.c_str(), ns_c_in, RowOf(type).number, answer.data(),
                               static_cast<int>(answer.size()));
  if (size < 0) {
    const bool is_known = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA;
    if (is_known) return std::vector<DnsRecord>();
    return Error{ErrorCode::kUnavailable, "no name server has an answer"};
  }
  answer.resize(std::min(answer.size(), static_cast<std::size_t>(size)));
  return ParseDnsAnswer(answer, type);
}

}  // namespace tocsin::collectors
