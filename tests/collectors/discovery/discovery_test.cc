#include "collectors/discovery/discovery.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/discovery/discovery_options_from.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

struct World {
  FakeClock clock;
  RecordedLog log;
  Environment environment{clock, log.log(), {}};
};

struct Found {
  std::string targets;
  std::string reports;
};

Found FindOnce(Discovery& discovery) {
  std::vector<SourceReport> reports;
  const std::vector<Labels> targets = discovery.Find(LongAttempt(), reports);
  return {TextOf(targets), TextOf(reports)};
}

Found FindOnce(const std::string& yaml) {
  World world;
  return FindOnce(*MakeDiscovery(GoodDiscovery(yaml), world.environment));
}

struct MistakeCase {
  std::string yaml;
  std::string message;
};

const std::vector<MistakeCase> kMistakes = {
    {"static_configs: [{targets: [\"http://a:1/metrics\"]}]",
     "f.yaml:1:17: static_configs: expected addresses such as db.internal:9100: no scheme, no "
     "path"},
    {"static_configs: [{target: [a:1]}]", "f.yaml:1:19: unknown key \"target\""},
    {"file_sd_configs: [{files: []}]", "expected at least one file"},
    {"file_sd_configs: [{files: [targets.txt]}]",
     "expected a path that ends in .json, .yml or .yaml, with * in its last part only"},
    {"file_sd_configs: [{files: [\"*/targets.yml\"]}]", "with * in its last part only"},
    {"file_sd_configs: [{files: [a.yml], refresh_interval: 0s}]", "refresh_interval"},
    {"dns_sd_configs: [{}]", "expected at least one name"},
    {"dns_sd_configs: [{names: [a], type: TXT}]", "expected SRV, A, AAAA, MX or NS"},
    {"dns_sd_configs: [{names: [a], type: A}]", "expected a port: only SRV records have one"},
    {"dns_sd_configs: [{names: [a], type: A, port: 65536}]", "port"},
    {"relabel_configs: [{action: explode}]", "expected one of replace"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery_test)

BOOST_AUTO_TEST_CASE(MistakesAreSaidWithTheirPlace) {
  for (const MistakeCase& each : kMistakes) {
    const std::string mistakes = ReadDiscoveryFrom(each.yaml).mistakes;
    BOOST_TEST(mistakes.find(each.message) != std::string::npos, each.yaml + " gave " + mistakes);
  }
}

BOOST_AUTO_TEST_CASE(EveryOptionOfTheTableIsKnown) {
  const auto options = ReadDiscoveryFrom(
      "static_configs: [{targets: [a:1], labels: {b: c}}]\n"
      "file_sd_configs: [{files: [a.yml], refresh_interval: 1m}]\n"
      "dns_sd_configs: [{names: [a], type: mx, port: 25, refresh_interval: 1m}]\n"
      "kubernetes_sd_configs: [{role: pod, api_server: \"http://a\", namespaces: {names: [a], "
      "own_namespace: true}, selectors: [{role: pod, label: a, field: b}]}]\n"
      "relabel_configs: [{regex: a, action: labeldrop}]\n");
  BOOST_TEST(options.mistakes.empty(), options.mistakes);
}

BOOST_AUTO_TEST_CASE(NothingConfiguredIsNoTargetsAndNoReport) {
  const Found found = FindOnce("{}");
  BOOST_TEST(found.targets.empty());
  BOOST_TEST(found.reports.empty());
}

BOOST_AUTO_TEST_CASE(StaticTargetsHaveTheLabelsOfTheirGroup) {
  const Found found = FindOnce(
      "static_configs:\n"
      "  - targets: [b:2, \"[::1]:3\"]\n"
      "    labels: {env: test, __metrics_path__: /m}\n"
      "  - targets: [a:1]\n");
  BOOST_TEST(found.targets ==
             "{__address__=\"[::1]:3\", __metrics_path__=\"/m\", env=\"test\"}\n"
             "{__address__=\"a:1\"}\n"
             "{__address__=\"b:2\", __metrics_path__=\"/m\", env=\"test\"}\n");
  BOOST_TEST(found.reports == "static: ok\n");
}

BOOST_AUTO_TEST_CASE(EachTargetComesOnceHoweverItsMetaLabelsDiffer) {
  const Found found = FindOnce(
      "static_configs:\n"
      "  - {targets: [a:1], labels: {__meta_from: y}}\n"
      "  - {targets: [a:1], labels: {__meta_from: x}}\n"
      "  - {targets: [a:1], labels: {from: z}}\n");
  BOOST_TEST(found.targets ==
             "{__address__=\"a:1\", __meta_from=\"x\"}\n"
             "{__address__=\"a:1\", from=\"z\"}\n");
}

BOOST_AUTO_TEST_CASE(RulesRewriteAndDropTargets) {
  const Found found = FindOnce(
      "static_configs: [{targets: [\"a:1\", \"b:1\", \"http://c/x\"]}]\n"
      "relabel_configs:\n"
      "  - {source_labels: [__address__], regex: b.*, action: drop}\n"
      "  - {source_labels: [__address__], regex: (http://.*), target_label: __param_target}\n"
      "  - {source_labels: [__param_target], regex: .+, target_label: __address__, "
      "replacement: \"prober:9115\"}\n");
  BOOST_TEST(found.targets ==
             "{__address__=\"a:1\"}\n"
             "{__address__=\"prober:9115\", __param_target=\"http://c/x\"}\n");
}

BOOST_AUTO_TEST_CASE(TargetsWhoseAddressMakesNoSenseAreLeftOutAndReported) {
  const Found found = FindOnce(
      "static_configs: [{targets: [a:1, b:1]}]\n"
      "relabel_configs:\n"
      "  - {source_labels: [__address__], regex: b.*, target_label: __address__, "
      "replacement: \"http://b\"}\n");
  BOOST_TEST(found.targets == "{__address__=\"a:1\"}\n");
  BOOST_TEST(
      found.reports ==
      "static: ok\n"
      "relabel_configs: expected addresses such as db.internal:9100, got \"http://b\" of the "
      "target at first called \"b:1\"\n");
}

BOOST_AUTO_TEST_CASE(ASourceThatFailsCostsItsOwnNewsOnly) {
  World world;
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "targets.yml").string();
  std::ofstream(file) << "[{targets: [f:1]}]";
  bool is_down = false;
  const auto discovery =
      MakeDiscovery(GoodDiscovery("static_configs: [{targets: [s:1]}]\n"
                                  "file_sd_configs: [{files: [\"" +
                                  file +
                                  "\"]}]\n"
                                  "dns_sd_configs: [{names: [n], type: A, port: 9}]\n"),
                    world.environment,
                    {.dns = [&](const std::string&, DnsType) -> Result<std::vector<DnsRecord>> {
                      if (is_down)
                        return Error{ErrorCode::kUnavailable, "no name server has an answer"};
                      return std::vector{DnsRecord{"10.0.0.1"}};
                    }});
  const std::string targets =
      "{__address__=\"10.0.0.1:9\", __meta_dns_name=\"n\"}\n"
      "{__address__=\"f:1\", __meta_filepath=\"" +
      file +
      "\"}\n"
      "{__address__=\"s:1\"}\n";
  const Found before = FindOnce(*discovery);
  BOOST_TEST(before.targets == targets);
  BOOST_TEST(before.reports == "static: ok\nfile: ok\ndns: ok\n");

  is_down = true;
  std::filesystem::remove(file);
  world.clock.Advance(std::chrono::seconds(30));
  const Found after = FindOnce(*discovery);
  BOOST_TEST(after.targets == targets);
  BOOST_TEST(after.reports ==
             "static: ok\n"
             "file: " +
                 file +
                 ": No such file or directory\n"
                 "dns: looking up \"n\": no name server has an answer\n");
}

BOOST_AUTO_TEST_CASE(EachOfSeveralEntriesIsReported) {
  World world;
  const auto discovery =
      MakeDiscovery(GoodDiscovery("dns_sd_configs:\n"
                                  "  - {names: [a], type: A, port: 9}\n"
                                  "  - {names: [b], type: A, port: 9}\n"
                                  "  - {names: [c], type: A, port: 9}\n"),
                    world.environment,
                    {.dns = [](const std::string& name, DnsType) -> Result<std::vector<DnsRecord>> {
                      if (name == "b") return std::vector{DnsRecord{"10.0.0.1"}};
                      return Error{ErrorCode::kUnavailable, "refused"};
                    }});
  BOOST_TEST(FindOnce(*discovery).reports ==
             "dns 1: looking up \"a\": refused\n"
             "dns 2: ok\n"
             "dns 3: looking up \"c\": refused\n");
}

BOOST_AUTO_TEST_CASE(AllEntriesTogetherWaitForTheDnsForAQuarterOfTheTime) {
  World world;
  std::string yaml = "dns_sd_configs:\n";
  for (int i = 0; i < 12; ++i) yaml += "  - {names: [a], type: A, port: 9}\n";
  std::promise<void> answered;
  const auto discovery =
      MakeDiscovery(GoodDiscovery(yaml), world.environment,
                    {.dns = [gate = answered.get_future().share()](
                                const std::string&, DnsType) -> Result<std::vector<DnsRecord>> {
                      gate.wait();
                      return std::vector<DnsRecord>();
                    }});
  std::vector<SourceReport> reports;
  const auto before = std::chrono::steady_clock::now();
  discovery->Find(AttemptFor(std::chrono::seconds(2)), reports);
  BOOST_TEST((std::chrono::steady_clock::now() - before < std::chrono::milliseconds(1500)));
  BOOST_TEST(reports.size() == 12U);
  answered.set_value();
}

BOOST_AUTO_TEST_CASE(UrlsAreMadeFromTheLabelsThatPrometheusUses) {
  BOOST_TEST(TargetUrl({{"__address__", "a:1"}}) == "http://a:1/metrics");
  BOOST_TEST(
      TargetUrl({{"__address__", "a"}, {"__scheme__", "https"}, {"__metrics_path__", "m"}}) ==
      "https://a/m");
  BOOST_TEST(TargetUrl({{"__address__", "a:1"},
                        {"__param_target", "http://b/?c=1&d e"},
                        {"__param_module", "x"}}) ==
             "http://a:1/metrics?module=x&target=http%3A%2F%2Fb%2F%3Fc%3D1%26d%20e");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
