#include "collectors/discovery/dns_lookup.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes BytesOf(std::string_view text) {
  return {text.begin(), text.end()};
}

/// A name as labels with their lengths.
std::string Wire(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return wire + '\0';
}

std::string Number(int value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

/// A record of the name that was asked for, which is at offset 12.
std::string Record(int type, std::string_view data) {
  return Number(0xc00c) + Number(type) + Number(1) + Number(0) + Number(30) +
         Number(static_cast<int>(data.size())) + std::string(data);
}

/// An answer to the question for `type` of "db.local".
Bytes Answer(int type, const std::vector<std::string>& records) {
  std::string message = Number(7) + Number(0x8180) + Number(1) +
                        Number(static_cast<int>(records.size())) + Number(0) + Number(0);
  message += Wire("db.local") + Number(type) + Number(1);
  for (const std::string& record : records) message += record;
  return BytesOf(message);
}

constexpr int kA = 1;
constexpr int kNs = 2;
constexpr int kCname = 5;
constexpr int kMx = 15;
constexpr int kAaaa = 28;
constexpr int kSrv = 33;

const std::string kAddress("\x0a\x00\x00\x01", 4);
const std::string kLongAddress = std::string("\xfd", 1) + std::string(14, '\0') + "\x01";

struct ParseCase {
  DnsType type;
  Bytes message;
  std::vector<DnsRecord> records;
};

const std::vector<ParseCase> kGood = {
    {DnsType::kA, Answer(kA, {}), {}},
    {DnsType::kA, Answer(kA, {Record(kA, kAddress)}), {{"10.0.0.1"}}},
    {DnsType::kA, Answer(kA, {Record(kA, kAddress), Record(kA, kAddress)}), {{"10.0.0.1"}}},
    {DnsType::kA,
     Answer(kA, {Record(kCname, Wire("other.local")), Record(kA, kAddress)}),
     {{"10.0.0.1"}}},
    {DnsType::kAaaa, Answer(kAaaa, {Record(kAaaa, kLongAddress)}), {{"fd00::1"}}},
    {DnsType::kSrv,
     Answer(kSrv, {Record(kSrv, Number(1) + Number(2) + Number(5432) + Wire("a.local")),
                   // The target goes on with the name that was asked for.
                   Record(kSrv, Number(1) + Number(2) + Number(65535) +
                                    "\x01"
                                    "b\xc0\x0c")}),
     {{"a.local", 5432}, {"b.db.local", 65535}}},
    {DnsType::kSrv, Answer(kSrv, {Record(kSrv, Number(0) + Number(0) + Number(0) + Wire(""))}), {}},
    {DnsType::kMx, Answer(kMx, {Record(kMx, Number(10) + Wire("mail.local"))}), {{"mail.local"}}},
    {DnsType::kNs, Answer(kNs, {Record(kNs, Wire("ns.local"))}), {{"ns.local"}}},
};

const std::vector<ParseCase> kBad = {
    {DnsType::kA, {}, {}},
    {DnsType::kA, BytesOf("HTTP/1.1 400 Bad Request\r\n\r\n"), {}},
    {DnsType::kA, Answer(kA, {Record(kA, "\x0a")}), {}},
    {DnsType::kA, Answer(kA, {Record(kA, kLongAddress)}), {}},
    {DnsType::kAaaa, Answer(kAaaa, {Record(kAaaa, kAddress)}), {}},
    {DnsType::kSrv, Answer(kSrv, {Record(kSrv, "")}), {}},
    {DnsType::kSrv, Answer(kSrv, {Record(kSrv, Number(1) + Number(2) + Number(3))}), {}},
    {DnsType::kSrv,
     Answer(kSrv, {Record(kSrv, Number(1) + Number(2) + Number(3) +
                                    "\x3f"
                                    "a")}),
     {}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_lookup_test)

BOOST_AUTO_TEST_CASE(AnswersAreReadByType) {
  for (const ParseCase& each : kGood) {
    const auto records = ParseDnsAnswer(each.message, each.type);
    BOOST_TEST_REQUIRE(static_cast<bool>(records));
    BOOST_TEST((*records == each.records));
  }
}

BOOST_AUTO_TEST_CASE(BadAnswersAreRefused) {
  for (const ParseCase& each : kBad) {
    const auto records = ParseDnsAnswer(each.message, each.type);
    BOOST_TEST_REQUIRE(!records);
    BOOST_TEST((records.error().code == ErrorCode::kCorrupt));
  }
}

BOOST_AUTO_TEST_CASE(HalfAnAnswerIsRefused) {
  const Bytes whole = kGood[5].message;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    BOOST_TEST(!ParseDnsAnswer(
        Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), DnsType::kSrv));
  }
}

BOOST_AUTO_TEST_CASE(TypesAreReadInAnyCase) {
  BOOST_TEST((ParseDnsType("srv") == DnsType::kSrv));
  BOOST_TEST((ParseDnsType("AAAA") == DnsType::kAaaa));
  BOOST_TEST(!ParseDnsType("TXT"));
  BOOST_TEST(!ParseDnsType(""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
