#include "collectors/container/cgroup_collector.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "tests/collectors/snapshot_lines.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::container {
namespace {

const std::string kId = "4bd1a7a1c9a5f0d23b88c6e21f0e6f4dd3c1c0f36f6a1b2c3d4e5f60718293a4";

std::filesystem::path Fixture(const std::string& name) {
  return SourceDirectory() / "tests/fixtures/container" / name;
}

CgroupSettings SettingsOf(const std::filesystem::path& tree) {
  CgroupSettings settings;
  settings.cgroups = tree / "cgroup";
  settings.procfs = tree / "proc";
  settings.names.docker = tree / "docker";
  settings.names.kubernetes_logs = tree / "logs";
  return settings;
}

void Write(const std::filesystem::path& path, const std::string& text) {
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

/// A copy of a recorded tree, which can be changed, and a collector that reads it.
class Host {
 public:
  explicit Host(const std::string& fixture) {
    std::filesystem::copy(Fixture(fixture), path(), std::filesystem::copy_options::recursive);
    settings = SettingsOf(path());
  }

  const std::filesystem::path& path() const { return folder_.path(); }

  CollectedLines Collect(const Attempt& attempt = LongAttempt()) {
    if (collector_ == nullptr) {
      collector_ = std::make_unique<CgroupCollector>(
          settings, Environment{.clock = clock, .log = log_.log(), .state_file = {}});
    }
    return CollectOnce(*collector_, attempt);
  }

  FakeClock clock;
  CgroupSettings settings;

 private:
  TemporaryFolder folder_;
  RecordedLog log_;
  std::unique_ptr<CgroupCollector> collector_;
};

/// The value of the only series of that metric.
double ValueOf(const CollectedLines& collected, const std::string& metric) {
  double found = -1;
  int count = 0;
  for (const auto& [series, value] : collected.lines) {
    if (!series.starts_with(metric + "{")) continue;
    found = value;
    ++count;
  }
  BOOST_TEST(count == 1, count << " series of " << metric);
  return found;
}

std::size_t CountOf(const CollectedLines& collected, const std::string& metric) {
  std::size_t count = 0;
  for (const auto& [series, value] : collected.lines) count += series.starts_with(metric + "{");
  return count;
}

BOOST_AUTO_TEST_SUITE(cgroup_collector_test)

BOOST_AUTO_TEST_CASE(RecordedTreesAreShownExactly) {
  for (const std::string name :
       {"v1-docker", "v1-kubelet", "v2-kubelet-systemd", "v2-docker", "hybrid"}) {
    BOOST_TEST_CONTEXT(name) {
      Host host(name);
      if (name == "v2-docker") {
        host.settings.selection.others.emplace("postgresql", "");
        host.settings.names.given = {{"/system.slice/postgresql.service", "database"},
                                     {"90af11012345", "billing"}};
      }
      const CollectedLines collected = host.Collect();
      BOOST_TEST(bool(collected.status));
      BOOST_TEST(collected.parts.empty());
      SnapshotLines expected = ReadExpected(Fixture(name + ".expected"));
      const double now = UnixSeconds(host.clock.Now());
      const SnapshotLines recorded = expected;
      for (const auto& [series, value] : recorded) {
        if (!series.starts_with("container_processes")) continue;
        expected["container_last_seen" + series.substr(series.find('{'))] = now;
      }
      for (const auto& [series, value] : expected) {
        BOOST_TEST(collected.lines.contains(series), series << " is missing");
        if (!collected.lines.contains(series)) continue;
        BOOST_TEST(collected.lines.at(series) == value, boost::test_tools::tolerance(1e-12));
      }
      for (const auto& [series, value] : collected.lines) {
        BOOST_TEST(expected.contains(series), series << " is not expected");
      }
      BOOST_TEST((host.Collect().lines == collected.lines));
    }
  }
}

/// A file that is bad, and the part that it costs.
struct Damage {
  std::string tree;
  std::string file;  ///< Below the tree.
  std::string text;
  std::string part;
  std::string left;  ///< A metric that is still there.
};

BOOST_AUTO_TEST_CASE(ABadFileCostsItsPartOnly) {
  const std::string v1 = "/docker/" + kId + "/";
  const std::string v2 = "cgroup/system.slice/docker-" + kId + ".scope/";
  const std::vector<Damage> table = {
      {"hybrid", "cgroup/memory" + v1 + "memory.usage_in_bytes", "-1\n", "memory",
       "container_cpu_usage_seconds_total"},
      {"hybrid", "cgroup/memory" + v1 + "memory.limit_in_bytes", "many\n", "memory",
       "container_memory_usage_bytes"},
      {"hybrid", "cgroup/cpuacct" + v1 + "cpuacct.usage", "x\n", "cpu",
       "container_memory_usage_bytes"},
      {"hybrid", "cgroup/unified" + v1 + "cpu.max", "max\n", "cpu",
       "container_cpu_usage_seconds_total"},
      {"hybrid", "cgroup/unified" + v1 + "pids.current", "max\n", "pids",
       "container_memory_usage_bytes"},
      {"v2-docker", v2 + "memory.stat", "<html>\n", "memory", "container_cpu_usage_seconds_total"},
      {"v2-docker", v2 + "cpu.stat", "<html>\n", "cpu", "container_memory_usage_bytes"},
  };
  for (const Damage& row : table) {
    BOOST_TEST_CONTEXT(row.tree << " " << row.file << " '" << row.text << "'") {
      Host host(row.tree);
      Write(host.path() / row.file, row.text);
      const CollectedLines collected = host.Collect();
      BOOST_TEST(bool(collected.status));
      BOOST_TEST(collected.parts.size() == 1U);
      BOOST_TEST(collected.parts.contains(row.part));
      BOOST_TEST(CountOf(collected, row.left) > 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(FilesThatAreNotThereLeaveTheirValuesOut) {
  Host host("hybrid");
  std::filesystem::remove(host.path() / "cgroup/memory/docker" / kId / "memory.oom_control");
  std::filesystem::remove(host.path() / "cgroup/unified/docker" / kId / "pids.current");
  const CollectedLines collected = host.Collect();
  BOOST_TEST(collected.parts.empty());
  BOOST_TEST(CountOf(collected, "container_oom_events_total") == 0U);
  BOOST_TEST(CountOf(collected, "container_threads") == 0U);
  BOOST_TEST(ValueOf(collected, "container_memory_usage_bytes") == 100);
}

BOOST_AUTO_TEST_CASE(ContainersComeAndGo) {
  Host host("hybrid");
  BOOST_TEST(!host.Collect().lines.empty());
  for (const char* const tree : {"memory", "cpuacct", "unified"}) {
    std::filesystem::remove_all(host.path() / "cgroup" / tree / "docker");
  }
  // There is nothing: that is no error.
  const CollectedLines none = host.Collect();
  BOOST_TEST(bool(none.status));
  BOOST_TEST(none.lines.empty());
  BOOST_TEST(none.parts.empty());
  std::filesystem::copy(
      Fixture("hybrid"), host.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  BOOST_TEST(!host.Collect().lines.empty());
}

BOOST_AUTO_TEST_CASE(AContainerThatIsGoneFromOneHierarchyIsShownByTheOthers) {
  Host host("hybrid");
  std::filesystem::remove_all(host.path() / "cgroup/unified/docker");
  const CollectedLines collected = host.Collect();
  BOOST_TEST(collected.parts.empty());
  BOOST_TEST(ValueOf(collected, "container_cpu_usage_seconds_total") == 3);
}

BOOST_AUTO_TEST_CASE(TheStartIsThatOfTheOldestProcessAndStays) {
  Host host("v1-docker");
  const std::string series = "container_start_time_seconds{container=\"cache\",id=\"/docker/" +
                             kId + "\",image=\"redis:7.0\",name=\"" + kId + "\"}";
  BOOST_TEST(host.Collect().lines.at(series) == 1700002500);
  // The first process ends, and its number is given to another.
  Write(host.path() / "cgroup/memory/docker" / kId / "cgroup.procs", "4250\n");
  BOOST_TEST(host.Collect().lines.at(series) == 1700002500);
}

BOOST_AUTO_TEST_CASE(WithoutControlGroupsTheCollectionFails) {
  const TemporaryFolder empty;
  Host host("hybrid");
  host.settings.cgroups = empty.path();
  const CollectedLines collected = host.Collect();
  BOOST_REQUIRE(!collected.status);
  BOOST_TEST((collected.status.error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(NoMoreGroupsThanAskedForAreShown) {
  Host host("v1-docker");
  host.settings.selection.most = 1;
  const CollectedLines collected = host.Collect();
  BOOST_TEST(bool(collected.status));
  BOOST_TEST(CountOf(collected, "container_memory_usage_bytes") == 1U);
  BOOST_TEST(collected.parts.contains("groups"));
}

BOOST_AUTO_TEST_CASE(GroupsAreChosenByTheirPaths) {
  Host host("v1-docker");
  host.settings.selection.others.emplace("^/system\\.slice/", "");
  host.settings.selection.all = NameFilter("", kId);
  const CollectedLines collected = host.Collect();
  BOOST_TEST(CountOf(collected, "container_memory_usage_bytes") == 2U);
  BOOST_TEST(
      collected.lines.contains("container_memory_usage_bytes{id=\"/system.slice/ssh.service\"}"));
}

BOOST_AUTO_TEST_CASE(TheEndOfTheAttemptIsTheEnd) {
  Host host("v1-docker");
  const CollectedLines collected = host.Collect(AttemptFor(std::chrono::milliseconds(0)));
  BOOST_REQUIRE(!collected.status);
  BOOST_TEST((collected.status.error().code == ErrorCode::kTimeout));
}

BOOST_AUTO_TEST_CASE(WithoutLogsAPodIsCalledByItsUid) {
  Host host("v1-kubelet");
  host.settings.names.kubernetes_logs = "/no/such/folder";
  const CollectedLines collected = host.Collect();
  const std::string labels =
      "{container=\"4bd1a7a1c9a5\",id=\"/kubepods/burstable/"
      "pod2f3c1e9a-5b77-4a4e-9d0b-1f2a3b4c5d6e/" +
      kId + "\",name=\"" + kId + "\",pod=\"2f3c1e9a-5b77-4a4e-9d0b-1f2a3b4c5d6e\"}";
  BOOST_TEST(collected.lines.contains("container_memory_usage_bytes" + labels));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::container
