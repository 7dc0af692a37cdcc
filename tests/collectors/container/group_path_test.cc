#include "collectors/container/group_path.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/container/group_reader.h"
#include "collectors/container/names.h"
#include "collectors/container/start_times.h"

namespace tocsin::collectors::container {
namespace {

const std::string kId = "4bd1a7a1c9a5f0d23b88c6e21f0e6f4dd3c1c0f36f6a1b2c3d4e5f60718293a4";
const std::string kUid = "2f3c1e9a-5b77-4a4e-9d0b-1f2a3b4c5d6e";
const std::string kSystemdUid = "2f3c1e9a_5b77_4a4e_9d0b_1f2a3b4c5d6e";
const std::string kStaticUid = "0123456789abcdef0123456789abcdef";

BOOST_AUTO_TEST_SUITE(group_path_test)

struct Row {
  std::string path;
  bool is_container;
  std::string pod_uid = "";
};

BOOST_AUTO_TEST_CASE(ContainersAreKnownByTheirPaths) {
  const std::vector<Row> table = {
      {"/docker/" + kId, true},
      {"/system.slice/docker-" + kId + ".scope", true},
      {"/machine.slice/libpod-" + kId + ".scope", true},
      {"/libpod_parent/libpod-" + kId, true},
      {"/user.slice/user-0.slice/nerdctl-" + kId + ".scope", true},
      {"/kubepods/pod" + kUid + "/" + kId, true, kUid},
      {"/kubepods/besteffort/pod" + kUid + "/crio-" + kId, true, kUid},
      {"/kubepods/burstable/pod" + kStaticUid + "/" + kId, true, kStaticUid},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kSystemdUid +
           ".slice/cri-containerd-" + kId + ".scope",
       true, kUid},
      {"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + kSystemdUid + ".slice/crio-" +
           kId + ".scope",
       true, kUid},
      {"/system.slice/containerd.service/kubepods-besteffort-pod" + kSystemdUid +
           ".slice:cri-containerd:" + kId,
       true, kUid},
      // Docker in Docker: the innermost is meant.
      {"/docker/" + std::string(64, 'a') + "/kubelet/kubepods/pod" + kUid + "/" + kId, true, kUid},
      {"/", false},
      {"", false},
      {"/docker", false},
      {"/system.slice/ssh.service", false},
      {"/kubepods/burstable/pod" + kUid, false},
      {"/machine.slice/libpod-conmon-" + kId + ".scope", false},
      {"/docker/" + kId.substr(1), false},
      {"/docker/" + kId + "0", false},
      {"/docker/" + kId.substr(1) + "g", false},
      {"/docker/" + kId.substr(1) + "A", false},
      {"/docker/" + kId + "/init.scope", false},
      {"/somepod" + kUid + "/" + kId, true},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.path) {
      const std::optional<PathIdentity> identity = IdentifyGroup(row.path);
      BOOST_TEST(identity.has_value() == row.is_container);
      if (!identity) continue;
      BOOST_TEST(identity->container_id == kId);
      BOOST_TEST(identity->pod_uid == row.pod_uid);
    }
  }
}

BOOST_AUTO_TEST_CASE(LogsAreCalledByPodNamespaceAndContainer) {
  const std::optional<LogName> name = ParseLogName("web-5d8f-x_data-prod_main-app-" + kId + ".log");
  BOOST_REQUIRE(name);
  BOOST_TEST(name->pod == "web-5d8f-x");
  BOOST_TEST(name->kube_namespace == "data-prod");
  BOOST_TEST(name->container == "main-app");
  BOOST_TEST(name->id == kId);
  for (const char* const other : {"", ".log", "a.log", "a_b.log", "a_b_c.log", "a_b_c-.log",
                                  "_b_c-1.log", "a-1_b_c.log", "a_b_-1.log", "README"}) {
    BOOST_TEST(!ParseLogName(other), other);
  }
}

BOOST_AUTO_TEST_CASE(DockersFileTellsNames) {
  const Result<Identity> plain =
      ParseDockerConfig(R"({"Name": "/cache", "Config": {"Image": "redis:7"}, "State": {}})");
  BOOST_REQUIRE(plain);
  BOOST_TEST(plain->container == "cache");
  BOOST_TEST(plain->image == "redis:7");
  const Result<Identity> in_pod = ParseDockerConfig(
      R"({"Name": "/k8s_main_web-0_data_uid_0", "Config": {"Image": "web", "Labels": {
          "io.kubernetes.container.name": "main", "io.kubernetes.pod.name": "web-0",
          "io.kubernetes.pod.namespace": "data"}}})");
  BOOST_REQUIRE(in_pod);
  BOOST_TEST(in_pod->container == "main");
  BOOST_TEST(in_pod->pod == "web-0");
  BOOST_TEST(in_pod->kube_namespace == "data");
  const Result<Identity> odd = ParseDockerConfig(R"({"Name": 5, "Config": null})");
  BOOST_REQUIRE(odd);
  BOOST_TEST(odd->container == "");
  for (const char* const bad : {"", "[]", "{\"Name\": \"/x\"", "<html>", "null"}) {
    BOOST_TEST(!ParseDockerConfig(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(MemoryLimitsOfBothVersionsAreRead) {
  const std::vector<std::pair<std::string, double>> table = {
      {"max\n", 0},
      {"1073741824\n", 1073741824},
      {"0\n", 0},
      {"-1\n", 0},
      {"9223372036854771712\n", 0},
      {"9223372036854710272\n", 0},  // Pages of 64 KiB.
      {"18446744073709551615\n", 0},
      {"", -1},
      {"many\n", -1},
      {"1.5\n", -1},
  };
  for (const auto& [text, expected] : table) {
    BOOST_TEST_CONTEXT("'" << text << "'") {
      const Result<double> limit = ParseMemoryLimit(text);
      BOOST_TEST(bool(limit) == (expected >= 0));
      if (limit) BOOST_TEST(*limit == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(LimitsOnProcessorTimeAreRead) {
  const Result<CpuLimit> limit = ParseCpuMax("150000 100000\n");
  BOOST_REQUIRE(limit);
  BOOST_TEST(limit->quota == 150000);
  BOOST_TEST(limit->period == 100000);
  const Result<CpuLimit> none = ParseCpuMax("max 100000\n");
  BOOST_REQUIRE(none);
  BOOST_TEST(none->quota == 0);
  for (const char* const bad : {"", "max", "x 100000", "100000 max", "-1 100000"}) {
    BOOST_TEST(!ParseCpuMax(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(StartsAreReadWhateverAProcessIsCalled) {
  const std::string rest = " S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n";
  BOOST_TEST((ParseStartTicks("1 (a)" + rest) == 4711.0));
  BOOST_TEST((ParseStartTicks("1 (a) b (c) 1 2)" + rest) == 4711.0));
  for (const char* const bad : {"", "1 (a", "1 (a) S 1 2", "(a)"}) {
    BOOST_TEST(!ParseStartTicks(bad), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::container
