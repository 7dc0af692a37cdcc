// The parsers of /proc: what each accepts is shown by the trees in tests/fixtures/host, what it
// refuses is here.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/proc/diskstats.h"
#include "collectors/proc/fields.h"
#include "collectors/proc/kernel_stat.h"
#include "collectors/proc/meminfo.h"
#include "collectors/proc/mountinfo.h"
#include "collectors/proc/net_dev.h"
#include "collectors/proc/pressure.h"
#include "collectors/proc/protocols.h"

namespace tocsin::collectors {
namespace {

BOOST_AUTO_TEST_SUITE(parsers_test)

/// Whether a parser takes the text, and with what error it refuses it.
template <auto Parse>
Status Try(std::string_view text) {
  const auto parsed = Parse(text);
  if (!parsed) return parsed.error();
  return {};
}

struct Refused {
  std::string name;
  std::function<Status(std::string_view)> parse;
  std::string text;
  std::string message;
};

constexpr std::string_view kHeading = "Inter-| Receive | Transmit\n face |bytes |bytes\n";

const std::vector<Refused> kRefused = {
    {"stat: empty", Try<ParseKernelStat>, "", "expected the lines of /proc/stat, got ''"},
    {"stat: HTML", Try<ParseKernelStat>, "<html>",
     "expected the lines of /proc/stat, got '<html>'"},
    {"stat: word", Try<ParseKernelStat>, "cpu0 1 2 x 4\n",
     "cpu0: expected counts of ticks, got ' 1 2 x 4'"},
    {"stat: short", Try<ParseKernelStat>, "cpu7 1 2 3\n",
     "cpu7: expected at least 4 counts of ticks, got ' 1 2 3'"},
    {"stat: negative", Try<ParseKernelStat>, "ctxt -1\n", "ctxt: expected a count, got '-1'"},
    {"stat: too large", Try<ParseKernelStat>, "ctxt 18446744073709551616\n",
     "ctxt: expected a count, got '18446744073709551616'"},
    {"stat: cut off", Try<ParseKernelStat>, "cpu0 1 2 3 4\nctxt", "ctxt: expected a count, got ''"},
    {"meminfo: empty", Try<ParseMeminfo>, "", "expected the lines of /proc/meminfo, got ''"},
    {"meminfo: unit", Try<ParseMeminfo>, "MemTotal: 1 MB\n",
     "expected a name, a colon, a number and perhaps kB, got 'MemTotal: 1 MB'"},
    {"meminfo: no colon", Try<ParseMeminfo>, "MemTotal 1 kB\n",
     "expected a name, a colon, a number and perhaps kB, got 'MemTotal 1 kB'"},
    {"meminfo: cut off", Try<ParseMeminfo>, "MemTotal: 1 kB\nMemFr",
     "expected a name, a colon, a number and perhaps kB, got 'MemFr'"},
    {"diskstats: number", Try<ParseDiskstats>, "8 0 sda 1 2 3 4 5 6 7 8 9 10 x\n",
     "sda: expected a number, got 'x'"},
    {"diskstats: short", Try<ParseDiskstats>, "8 0 sda 1 2 3\n",
     "expected at least 11 columns, got '8 0 sda 1 2 3'"},
    {"diskstats: no device", Try<ParseDiskstats>, "8 0\n",
     "expected two numbers and a device, got '8 0'"},
    {"mountinfo: no dash", Try<ParseMountinfo>, "22 27 0:21 / /proc rw,relatime shared:5\n",
     "expected a mount with a dash in its middle, got '22 27 0:21 / /proc rw,relatime shared:5'"},
    {"mountinfo: cut off", Try<ParseMountinfo>, "22 27 0:21 / /proc rw - proc",
     "expected a mount, got '22 27 0:21 / /proc rw - proc'"},
    {"net/dev: empty", Try<ParseNetDev>, "", "expected the heading of /proc/net/dev, got ''"},
    {"net/dev: no heading", Try<ParseNetDev>, "lo: 1 2\n",
     "expected the heading of /proc/net/dev, got 'lo: 1 2'"},
    {"net/dev: no colon", Try<ParseNetDev>, std::string(kHeading) + "lo 1 2\n",
     "expected a device and a colon, got 'lo 1 2'"},
    {"net/dev: no name", Try<ParseNetDev>, std::string(kHeading) + " : 1 2\n",
     "expected a device before the colon, got ' : 1 2'"},
    {"net/dev: short", Try<ParseNetDev>, std::string(kHeading) + "lo: 1 2 3\n",
     "expected 16 numbers, got 'lo: 1 2 3'"},
    {"snmp: no values", Try<ParseProtocolPairs>, "Tcp: InSegs\n",
     "expected a line of values after this, got 'Tcp: InSegs'"},
    {"snmp: other values", Try<ParseProtocolPairs>, "Tcp: InSegs\nUdp: 1\n",
     "expected values of the protocol in the line before, got 'Udp: 1'"},
    {"snmp: too few", Try<ParseProtocolPairs>, "Tcp: A B\nTcp: 1\n",
     "expected a number for each name, got 'Tcp: 1'"},
    {"snmp: too many", Try<ParseProtocolPairs>, "Tcp: A\nTcp: 1 2\n",
     "expected a number for each name, got 'Tcp: 1 2'"},
    {"snmp6: no number", Try<ParseSnmp6>, "Ip6InOctets x\n",
     "expected a name and a number, got 'Ip6InOctets x'"},
    {"sockstat: no colon", Try<ParseSockstat>, "TCP inuse 1\n",
     "expected a protocol and a colon, got 'TCP inuse 1'"},
    {"sockstat: odd", Try<ParseSockstat>, "TCP: inuse\n",
     "expected a number for each name, got 'TCP: inuse'"},
    {"pressure: empty", Try<ParsePressure>, "", "expected a line of some or full, got ''"},
    {"pressure: no total", Try<ParsePressure>, "some avg10=0.00\n",
     "expected a total, got 'some avg10=0.00'"},
    {"pressure: bad total", Try<ParsePressure>, "some total=1.5\n",
     "expected a total, got 'some total=1.5'"},
};

BOOST_AUTO_TEST_CASE(WhatMakesNoSenseIsRefused) {
  for (const Refused& row : kRefused) {
    BOOST_TEST_CONTEXT(row.name) {
      const Status parsed = row.parse(row.text);
      BOOST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == ErrorCode::kCorrupt));
      BOOST_TEST(parsed.error().message == row.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(ALongLineIsShownInPart) {
  std::string text(10'000, 'x');
  text += '\n';
  const Result<KernelStat> parsed = ParseKernelStat(text);
  BOOST_REQUIRE(!parsed);
  BOOST_TEST(parsed.error().message.size() < 200);
}

BOOST_AUTO_TEST_CASE(MountsAreReadWithTheirEscapes) {
  const Result<std::vector<Mount>> mounts = ParseMountinfo(
      "36 35 98:0 /mnt1 /mnt/a\\040b\\011\\134c rw,noatime master:1 shared:2 - ext3 /dev/root "
      "rw,errors=continue\n"
      "37 35 0:5 / / ro - tmpfs  rw\n"
      "38 35 0:6 / /x\\09 rw - nfs4 h\\303\\266st:/e ro,vers=4.2\n"
      "\n");
  BOOST_REQUIRE(mounts);
  BOOST_REQUIRE(mounts->size() == 3U);
  BOOST_TEST((*mounts)[0].point == "/mnt/a b\t\\c");
  BOOST_TEST((*mounts)[0].root == "/mnt1");
  BOOST_TEST((*mounts)[0].device == "/dev/root");
  BOOST_TEST((*mounts)[0].fs_type == "ext3");
  BOOST_TEST((*mounts)[0].super_options == "rw,errors=continue");
  BOOST_TEST(!(*mounts)[0].read_only);
  BOOST_TEST((*mounts)[1].device == "");
  BOOST_TEST((*mounts)[1].read_only);
  BOOST_TEST((*mounts)[2].point == "/x\\09");
  BOOST_TEST((*mounts)[2].device == "h\xc3\xb6st:/e");
  BOOST_TEST((*mounts)[2].read_only);
}

BOOST_AUTO_TEST_CASE(NetworkFileSystemsAreKnown) {
  for (const std::string_view type : {"nfs", "nfs4", "cifs", "fuse.sshfs", "fuse", "9p", "ceph"}) {
    BOOST_TEST(IsNetworkFileSystem(type), type);
  }
  for (const std::string_view type : {"ext4", "xfs", "fuseblk", "tmpfs", "zfs", ""}) {
    BOOST_TEST(!IsNetworkFileSystem(type), type);
  }
}

BOOST_AUTO_TEST_CASE(MountOptionsAreWholeWords) {
  BOOST_TEST(HasMountOption("ro", "ro"));
  BOOST_TEST(HasMountOption("rw,ro", "ro"));
  BOOST_TEST(!HasMountOption("rw,errors=remount-ro", "ro"));
  BOOST_TEST(!HasMountOption("", "ro"));
}

BOOST_AUTO_TEST_CASE(KeysAreReadAndOtherLinesPassedOver) {
  std::string read;
  const auto take = [&](std::string_view key, double value) {
    read += std::string(key) + "=" + std::to_string(static_cast<long>(value)) + ";";
  };
  BOOST_TEST(bool(ReadKeyValues("a 1\nb -2\nhuge_page 4kB 3\n8:0 Read 5\n", take)));
  BOOST_TEST(read == "a=1;b=-2;");
  BOOST_TEST(bool(ReadKeyValues("", take)));
  BOOST_TEST(!ReadKeyValues("<html>\n", take));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors
