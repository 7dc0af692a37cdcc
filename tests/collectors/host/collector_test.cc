#include "collectors/host/collector.h"

#include <sys/statvfs.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "tests/collectors/configured.h"
#include "tests/collectors/snapshot_lines.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::host {
namespace {

/// The parts whose files are in the fixtures.
constexpr std::string_view kFromFiles =
    "parts: [stat, loadavg, meminfo, vmstat, diskstats, netdev, netclass, netstat, sockstat, "
    "filefd, pressure]\n";

std::filesystem::path Fixture(const std::string& name) {
  return SourceDirectory() / "tests/fixtures/host" / name;
}

std::string PathsIn(const std::filesystem::path& tree) {
  return "path: {procfs: " + (tree / "proc").string() + ", sysfs: " + (tree / "sys").string() +
         "}\n";
}

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// Lines "SERIES VALUE".
SnapshotLines ReadExpected(const std::filesystem::path& path) {
  SnapshotLines lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t blank = line.rfind(' ');
    lines[line.substr(0, blank)] = ParseNumber(line.substr(blank + 1)).value();
  }
  return lines;
}

void CheckLines(const SnapshotLines& found, const SnapshotLines& expected) {
  for (const auto& [series, value] : expected) {
    BOOST_TEST_CONTEXT(series) {
      BOOST_TEST(found.contains(series));
      if (found.contains(series)) {
        BOOST_TEST(found.at(series) == value, boost::test_tools::tolerance(1e-12));
      }
    }
  }
  for (const auto& [series, value] : found) {
    BOOST_TEST(expected.contains(series), series << " is not expected");
  }
}

/// A copy of a fixture, to be changed.
struct Tree {
  Tree() { std::filesystem::copy(Fixture("linux-6"), folder.path(), kAll); }
  static constexpr auto kAll = std::filesystem::copy_options::recursive;

  std::filesystem::path proc(const std::string& file) const {
    return folder.path() / "proc" / file;
  }
  TemporaryFolder folder;
};

BOOST_AUTO_TEST_SUITE(host_collector_test)

BOOST_AUTO_TEST_CASE(RecordedHostsAreShownExactly) {
  for (const std::string name : {"linux-6", "linux-3.10"}) {
    BOOST_TEST_CONTEXT(name) {
      const Configured configured("host", std::string(kFromFiles) + PathsIn(Fixture(name)));
      BOOST_TEST(configured.problems() == "");
      const std::unique_ptr<Collector> collector = configured.Make();
      const CollectedLines collected = CollectOnce(*collector);
      BOOST_TEST(bool(collected.status));
      BOOST_TEST(collected.parts.empty());
      CheckLines(collected.lines, ReadExpected(Fixture(name + ".expected")));
      // The same again, and nothing of it made anew.
      const CollectedLines again = CollectOnce(*collector, LongAttempt(), collected.snapshot);
      BOOST_TEST((again.lines == collected.lines));
      for (std::size_t i = 0; i < again.snapshot->families.size(); ++i) {
        BOOST_TEST(again.snapshot->families[i].shape == collected.snapshot->families[i].shape);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(EveryMetricOfTheTableHasAHelpTextAndIsNamedOnce) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST(!metric.help.empty());
    BOOST_TEST(names.insert(metric.name).second, metric.name << " is there twice");
    const bool is_total = metric.name.ends_with("_total");
    if (metric.type == MetricType::kCounter) BOOST_TEST(is_total, metric.name);
  }
}

/// A file that is bad or gone, and the part that it costs.
struct Damage {
  std::string file;
  std::string text;  ///< "" removes the file.
  std::string part;
  std::string missing;  ///< A series that goes.
};

const std::vector<Damage> kDamages = {
    {"stat", "", "stat", "node_procs_running"},
    {"stat", "<html>\n", "stat", "node_procs_running"},
    {"loadavg", "", "loadavg", "node_load1"},
    {"loadavg", "0.1 0.2\n", "loadavg", "node_load1"},
    {"loadavg", "nan nan nan\n", "loadavg", "node_load1"},
    {"meminfo", "", "meminfo", "node_memory_MemTotal_bytes"},
    {"meminfo", "MemTotal: 1", "", "node_memory_MemFree_bytes"},
    {"meminfo", "MemTotal: many kB\n", "meminfo", "node_memory_MemTotal_bytes"},
    {"vmstat", "<html>\n", "vmstat", "node_vmstat_pgpgin"},
    {"diskstats", "8 0 sda x\n", "diskstats", "node_disk_io_now{device=\"sda\"}"},
    {"diskstats", "\n", "", "node_disk_io_now{device=\"sda\"}"},
    {"net/dev", "<html>\n", "netdev", "node_network_receive_bytes_total{device=\"lo\"}"},
    {"net/snmp", "", "netstat", "node_netstat_Tcp_CurrEstab"},
    {"net/netstat", "TcpExt: A\n", "netstat", "node_netstat_Tcp_CurrEstab"},
    {"net/snmp6", "", "", "node_netstat_Ip6_InOctets"},
    {"net/sockstat", "", "sockstat", "node_sockstat_sockets_used"},
    {"net/sockstat6", "", "", "node_sockstat_TCP6_inuse"},
    {"sys/fs/file-nr", "1 2\n", "filefd", "node_filefd_allocated"},
    {"pressure/io", "", "", "node_pressure_io_waiting_seconds_total"},
    {"pressure/io", "some\n", "pressure", "node_pressure_io_waiting_seconds_total"},
};

BOOST_AUTO_TEST_CASE(ABadFileCostsItsPartOnly) {
  for (const Damage& damage : kDamages) {
    BOOST_TEST_CONTEXT(damage.file << " '" << damage.text << "'") {
      const Tree tree;
      const Configured configured("host", std::string(kFromFiles) + PathsIn(tree.folder.path()));
      const std::unique_ptr<Collector> collector = configured.Make();
      const SnapshotLines whole = CollectOnce(*collector).lines;
      if (damage.text.empty()) {
        std::filesystem::remove(tree.proc(damage.file));
      } else {
        Write(tree.proc(damage.file), damage.text);
      }
      const std::unique_ptr<Collector> after = configured.Make();
      const CollectedLines collected = CollectOnce(*after);
      BOOST_TEST(bool(collected.status));
      BOOST_TEST(collected.parts.size() == (damage.part.empty() ? 0U : 1U));
      if (!damage.part.empty()) BOOST_TEST(collected.parts.contains(damage.part));
      BOOST_TEST(whole.contains(damage.missing));
      BOOST_TEST(!collected.lines.contains(damage.missing));
      BOOST_TEST(collected.lines.size() > whole.size() / 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhereNothingCanBeReadTheCollectionFails) {
  const TemporaryFolder empty;
  const Configured configured("host", PathsIn(empty.path()));
  const std::unique_ptr<Collector> collector = configured.Make();
  const CollectedLines collected = CollectOnce(*collector);
  BOOST_REQUIRE(!collected.status);
  BOOST_TEST((collected.status.error().code == ErrorCode::kNotFound));
  BOOST_TEST(collected.status.error().message.starts_with("stat: "));
}

BOOST_AUTO_TEST_CASE(AFileThatIsBackIsReadAgain) {
  const Tree tree;
  const Configured configured("host", "parts: [loadavg, stat]\n" + PathsIn(tree.folder.path()));
  const std::unique_ptr<Collector> collector = configured.Make();
  std::filesystem::rename(tree.proc("loadavg"), tree.proc("elsewhere"));
  BOOST_TEST(CollectOnce(*collector).parts.contains("loadavg"));
  std::filesystem::rename(tree.proc("elsewhere"), tree.proc("loadavg"));
  BOOST_TEST(CollectOnce(*collector).lines.contains("node_load1"));
}

/// The seconds of a mode of cpu0.
double Seconds(const CollectedLines& collected, const std::string& mode) {
  return collected.lines.at("node_cpu_seconds_total{cpu=\"0\",mode=\"" + mode + "\"}");
}

BOOST_AUTO_TEST_CASE(ProcessorTimeOnlyFallsWhenAProcessorStartsAnew) {
  const Tree tree;
  const Configured configured("host", "parts: [stat]\n" + PathsIn(tree.folder.path()));
  const std::unique_ptr<Collector> collector = configured.Make();
  const auto collect = [&](const std::string& cpus) {
    Write(tree.proc("stat"), cpus + "ctxt 1\n");
    return CollectOnce(*collector);
  };
  collect("cpu0 100 0 0 1000 500\n");
  // The kernel's iowait falls now and then.
  const CollectedLines later = collect("cpu0 110 0 0 990 400\n");
  BOOST_TEST(Seconds(later, "user") == 1.1);
  BOOST_TEST(Seconds(later, "idle") == 10.0);
  BOOST_TEST(Seconds(later, "iowait") == 5.0);
  // It was switched off and on: idle time begins again.
  const CollectedLines anew = collect("cpu0 3 0 0 20 1\n");
  BOOST_TEST(Seconds(anew, "user") == 0.03);
  BOOST_TEST(Seconds(anew, "iowait") == 0.01);
}

BOOST_AUTO_TEST_CASE(ProcessorsComeAndGo) {
  const Tree tree;
  const Configured configured("host", "parts: [stat]\n" + PathsIn(tree.folder.path()));
  const std::unique_ptr<Collector> collector = configured.Make();
  const auto user_times = [&](const std::string& cpus) {
    Write(tree.proc("stat"), cpus);
    SnapshotLines users;
    for (const auto& [series, value] : CollectOnce(*collector).lines) {
      if (series.find("mode=\"user\"") != std::string::npos) users[series.substr(23, 7)] = value;
    }
    return users;
  };
  const SnapshotLines both = {{"cpu=\"0\"", 1}, {"cpu=\"1\"", 2}, {"cpu=\"2\"", 3}};
  BOOST_TEST((user_times("cpu0 100 0 0 1\ncpu1 200 0 0 1\ncpu2 300 0 0 1\n") == both));
  const SnapshotLines less = {{"cpu=\"0\"", 1}, {"cpu=\"2\"", 3}};
  BOOST_TEST((user_times("cpu0 100 0 0 1\ncpu2 299 0 0 1\n") == less));
  const SnapshotLines back = {{"cpu=\"0\"", 1}, {"cpu=\"1\"", 0.5}, {"cpu=\"2\"", 3}};
  BOOST_TEST((user_times("cpu0 100 0 0 1\ncpu1 50 0 0 1\ncpu2 300 0 0 1\n") == back));
}

BOOST_AUTO_TEST_CASE(ThreeHundredProcessorsAreShown) {
  const Tree tree;
  std::string stat;
  for (int i = 0; i < 300; ++i) {
    stat += "cpu" + std::to_string(i) + " 1 2 3 4 5 6 7 8 0 0\n";
  }
  Write(tree.proc("stat"), stat);
  const Configured configured("host", "parts: [stat]\n" + PathsIn(tree.folder.path()));
  const std::unique_ptr<Collector> collector = configured.Make();
  const CollectedLines collected = CollectOnce(*collector);
  BOOST_TEST(collected.lines.size() == 3000U);
  BOOST_TEST(collected.lines.at("node_cpu_seconds_total{cpu=\"299\",mode=\"steal\"}") == 0.08);
}

BOOST_AUTO_TEST_CASE(OnlyWantedDevicesAreShown) {
  struct Row {
    std::string options;
    std::set<std::string> disks;
    std::set<std::string> networks;
  };
  const std::set<std::string> all_networks = {"eth0", "eth0:1", "lo", "veth4B09XN"};
  const std::vector<Row> table = {
      {"", {"dm-0", "nvme0n1", "sda"}, all_networks},
      {"diskstats: {device_exclude: ''}\n",
       {"dm-0", "loop0", "nvme0n1", "nvme0n1p1", "sda", "zram0"},
       all_networks},
      {"diskstats: {device_include: '^nvme'}\n", {"nvme0n1", "nvme0n1p1"}, all_networks},
      {"diskstats: {device_include: '^(nvme|sda)', device_exclude: 'p1$'}\n",
       {"nvme0n1", "sda"},
       all_networks},
      {"network: {device_exclude: '^(veth.*|lo)$'}\n",
       {"dm-0", "nvme0n1", "sda"},
       {"eth0", "eth0:1"}},
      {"network: {device_include: eth}\n",
       {"dm-0", "nvme0n1", "sda"},
       {"eth0", "eth0:1", "veth4B09XN"}},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT("options '" << row.options << "'") {
      const Configured configured(
          "host", "parts: [diskstats, netdev]\n" + row.options + PathsIn(Fixture("linux-6")));
      BOOST_TEST(configured.problems() == "");
      const std::unique_ptr<Collector> collector = configured.Make();
      std::set<std::string> disks;
      std::set<std::string> networks;
      for (const auto& [series, value] : CollectOnce(*collector).lines) {
        const std::size_t begin = series.find('"') + 1;
        const std::string device = series.substr(begin, series.rfind('"') - begin);
        (series.starts_with("node_disk") ? disks : networks).insert(device);
      }
      BOOST_TEST(disks == row.disks, boost::test_tools::per_element());
      BOOST_TEST(networks == row.networks, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(MistakesInOptionsAreReported) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", ""},
      {"parts: [stat, disks]", "test.yaml:1:8: parts: there is no part 'disks'"},
      {"exclude_parts: [cpu]", "test.yaml:1:16: exclude_parts: there is no part 'cpu'"},
      {"{parts: [stat], exclude_parts: [stat]}",
       "test.yaml:1:32: exclude_parts: nothing is left to be read"},
      {"textfile: {}", "test.yaml:1:11: \"directory\" is required"},
      {"parts: [stat, textfile]",
       "test.yaml:1:8: parts: textfile needs a folder, textfile: {directory: ...}"},
      {"{parts: [textfile], textfile: {directory: a}}", ""},
      {"diskstats: {device_exclude: '('}",
       "test.yaml:1:29: device_exclude: expected a regular expression: missing ): ^(?s:()$"},
      {"filesystem: {network: maybe}",
       "test.yaml:1:23: network: expected true or false, got \"maybe\""},
  };
  for (const auto& [options, problems] : table) {
    BOOST_TEST_CONTEXT("options '" << options << "'") {
      BOOST_TEST(Configured("host", options).problems() == problems);
    }
  }
}

BOOST_AUTO_TEST_CASE(PartsCanBeLeftOut) {
  const Configured configured(
      "host", "exclude_parts: [stat, filesystem, textfile]\n" + PathsIn(Fixture("linux-6")));
  const std::unique_ptr<Collector> collector = configured.Make();
  const CollectedLines collected = CollectOnce(*collector);
  BOOST_TEST(collected.lines.contains("node_load1"));
  BOOST_TEST(collected.lines.contains("node_time_seconds"));
  BOOST_TEST(!collected.lines.contains("node_procs_running"));
}

/// A host whose mount points are below a folder of its own.
struct Mounts {
  explicit Mounts(const std::string& mountinfo, const std::string& more = "") {
    for (const char* const point : {"srv", "a b", "mnt/nfs", "proc", "var/lib/docker/x"}) {
      std::filesystem::create_directories(folder.path() / "root" / point);
    }
    Write(folder.path() / "proc/1/mountinfo", mountinfo);
    const std::string rootfs = (folder.path() / "root").string();
    const Configured configured(
        "host", "parts: [filesystem]\npath: {procfs: " + (folder.path() / "proc").string() +
                    ", rootfs: " + rootfs + "/}\n" + more);
    BOOST_TEST(configured.problems() == "");
    const std::unique_ptr<Collector> collector = configured.Make();
    collected = CollectOnce(*collector);
  }

  /// The mount points in the values of one metric.
  std::set<std::string> Points(const std::string& metric) const {
    std::set<std::string> points;
    for (const auto& [series, value] : collected.lines) {
      if (!series.starts_with(metric + "{")) continue;
      const std::size_t begin = series.find("mountpoint=\"") + 12;
      points.insert(series.substr(begin, series.rfind('"') - begin));
    }
    return points;
  }

  TemporaryFolder folder;
  CollectedLines collected;
};

constexpr std::string_view kMountinfo =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "23 22 8:2 / /srv ro,relatime - xfs /dev/sda2 rw\n"
    "24 22 8:3 / /a\\040b rw - ext4 /dev/disk\\0401 rw\n"
    "24 22 8:3 / /a\\040b rw - ext4 /dev/disk\\0401 rw\n"
    "25 22 0:5 / /proc rw - tmpfs tmpfs rw\n"
    "26 22 0:6 / /srv/over rw - overlay overlay rw\n"
    "27 22 0:7 / /mnt/nfs rw - nfs4 server:/export rw\n"
    "28 22 0:8 / /mnt/gone rw - ext4 /dev/sdb1 rw\n"
    "29 22 0:9 / /var/lib/docker/x rw - ext4 /dev/sdc1 rw\n";

BOOST_AUTO_TEST_CASE(FileSystemsAreShownBelowTheRoot) {
  const Mounts mounts{std::string(kMountinfo)};
  BOOST_TEST(bool(mounts.collected.status));
  BOOST_TEST(
      (mounts.Points("node_filesystem_size_bytes") == std::set<std::string>{"/", "/srv", "/a b"}));
  BOOST_TEST((mounts.Points("node_filesystem_device_error") ==
              std::set<std::string>{"/", "/srv", "/a b", "/mnt/gone"}));
  const auto value = [&](const std::string& metric, const std::string& labels) {
    return mounts.collected.lines.at("node_filesystem_" + metric + "{" + labels + "}");
  };
  const std::string root = "device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"";
  const std::string srv = "device=\"/dev/sda2\",fstype=\"xfs\",mountpoint=\"/srv\"";
  const std::string gone = "device=\"/dev/sdb1\",fstype=\"ext4\",mountpoint=\"/mnt/gone\"";
  BOOST_TEST(value("readonly", root) == 0);
  BOOST_TEST(value("readonly", srv) == 1);
  BOOST_TEST(value("device_error", root) == 0);
  BOOST_TEST(value("device_error", gone) == 1);
  BOOST_TEST(mounts.collected.lines.contains(
      "node_filesystem_files{device=\"/dev/disk 1\",fstype=\"ext4\",mountpoint=\"/a b\"}"));

  struct statvfs status = {};
  BOOST_REQUIRE(statvfs(mounts.folder.path().c_str(), &status) == 0);
  const auto block = static_cast<double>(status.f_frsize);
  BOOST_TEST(value("size_bytes", root) == static_cast<double>(status.f_blocks) * block);
  BOOST_TEST(value("files", root) == static_cast<double>(status.f_files));
  BOOST_TEST(value("avail_bytes", root) <= value("free_bytes", root));
  BOOST_TEST(value("free_bytes", root) <= value("size_bytes", root));
}

BOOST_AUTO_TEST_CASE(FileSystemsAreChosen) {
  const std::vector<std::pair<std::string, std::set<std::string>>> table = {
      {"filesystem: {network: true}\n", {"/", "/srv", "/a b", "/mnt/nfs"}},
      {"filesystem: {mount_points_exclude: ''}\n",
       {"/", "/srv", "/a b", "/proc", "/var/lib/docker/x"}},
      {"filesystem: {mount_points_include: '^/srv'}\n", {"/srv"}},
      {"filesystem: {fs_types_include: '^xfs$'}\n", {"/srv"}},
      {"filesystem: {fs_types_exclude: ext4}\n", {"/srv"}},
  };
  for (const auto& [options, expected] : table) {
    BOOST_TEST_CONTEXT(options) {
      const Mounts mounts(std::string(kMountinfo), options);
      BOOST_TEST(mounts.Points("node_filesystem_size_bytes") == expected,
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(MountPointsOfAContainerAreSeenFromTheRoot) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "host/data");
  const std::string host = (folder.path() / "host").string();
  // There is no /proc/1 to be seen.
  Write(folder.path() / "proc/self/mountinfo", "1 0 8:1 / " + host +
                                                   " rw - ext4 /dev/sda1 rw\n2 1 8:2 / " + host +
                                                   "/data rw - ext4 /dev/sda2 rw\n");
  const Configured configured(
      "host", "parts: [filesystem]\npath: {procfs: " + (folder.path() / "proc").string() +
                  ", rootfs: " + host + "}\n");
  const std::unique_ptr<Collector> collector = configured.Make();
  const SnapshotLines lines = CollectOnce(*collector).lines;
  for (const std::string labels : {"{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"}",
                                   "{device=\"/dev/sda2\",fstype=\"ext4\",mountpoint=\"/data\"}"}) {
    BOOST_TEST(lines.contains("node_filesystem_size_bytes" + labels), labels);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::host
