// What the configuration says of rules, and the files that it names.

#include "exporter/rules_config.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/duration.h"
#include "exporter/config.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

constexpr std::string_view kRules = R"(groups:
  - name: g
    rules:
      - alert: A
        expr: rate(x[2h]) > 0
        labels: {severity: page}
      - record: b
        expr: sum(x)
)";

struct Fixture {
  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(folder.path() / name) << text;
  }
  Result<Config> Read(std::string_view text) const {
    return ParseConfig(text, folder.path() / "t.yaml");
  }
  std::string MistakesOf(std::string_view text) const {
    const Result<Config> config = Read(text);
    return config ? std::string() : config.error().message;
  }

  TemporaryFolder folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rules_config_test, Fixture)

BOOST_AUTO_TEST_CASE(FilesAreReadWithTheirPoliciesApplied) {
  Write("a.yml", kRules);
  const auto config = Read(
      "rule_files: ['*.yml']\n"
      "rules: {resend_delay: 2m, query_offset: 3s, expose: false}\n"
      "rule_policies: [{alert: A, for: 7m, on_missing: keep}]\n");
  BOOST_TEST_REQUIRE(!!config, (config ? "" : config.error().message));
  const RulesConfig& rules = config->rules;
  BOOST_TEST(FormatDuration(rules.resend_delay) == "2m");
  BOOST_TEST(FormatDuration(rules.query_offset) == "3s");
  BOOST_TEST(FormatDuration(rules.for_outage_tolerance) == "1h");
  BOOST_TEST(!rules.expose);
  BOOST_REQUIRE(rules.groups.size() == 1);
  BOOST_REQUIRE(rules.groups[0].group.rules.size() == 2);
  BOOST_TEST(FormatDuration(rules.groups[0].group.rules[0].hold) == "7m");
  BOOST_CHECK(rules.groups[0].policies[0].on_missing == RulePolicy::OnMissing::kKeep);
}

BOOST_AUTO_TEST_CASE(AutomaticRetentionIsAsLongAsTheRulesLookBack) {
  Write("a.yml", kRules);
  BOOST_TEST(FormatDuration(Read("rule_files: [a.yml]")->storage.retention) == "6h");
  Write("b.yml", "groups: [{name: g, rules: [{record: r, expr: 'sum(x offset 1d)'}]}]");
  BOOST_TEST(FormatDuration(Read("rule_files: [b.yml]")->storage.retention) == "24h5m");
  const auto offset = Read("rule_files: [b.yml]\nrules: {query_offset: 1h}");
  BOOST_TEST(FormatDuration(offset->storage.retention) == "25h5m");
  BOOST_TEST(FormatDuration(
                 Read("storage: {retention: 1h}\nrule_files: [b.yml]")->storage.retention) == "1h");
}

BOOST_AUTO_TEST_CASE(MistakesInTheConfigurationAndInItsFilesAreToldTogether) {
  Write("a.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up +'}]}]");
  const std::string mistakes = MistakesOf("xyzzy: 1\nrule_files: [a.yml]");
  BOOST_TEST(mistakes.find("t.yaml:1:1: unknown key") != std::string::npos, mistakes);
  BOOST_TEST(mistakes.find("a.yml:1:") != std::string::npos, mistakes);
  BOOST_TEST(mistakes.find("rule 1, \"A\"") != std::string::npos, mistakes);
}

BOOST_AUTO_TEST_CASE(AFileThatIsNamedMustBeThere) {
  const std::string root = folder.path().string();
  const auto mistake = [&](const std::string& place, const std::string& file) {
    return root + "/t.yaml:" + place + ": rule_files: cannot read " + root + "/" + file +
           ": No such file or directory";
  };
  Write("a.yml", kRules);
  BOOST_TEST(MistakesOf("rule_files:\n- a.yml\n- none.yml\n- ./b/../no.yml\n") ==
             mistake("3:3", "none.yml") + "\n" + mistake("4:3", "no.yml"));
  BOOST_TEST(MistakesOf("rule_files: ['none*.yml']") == "");
}

BOOST_AUTO_TEST_CASE(AGroupIsTheSameHoweverTheConfigurationIsNamed) {
  Write("a.yml", kRules);
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (const std::filesystem::path& name :
       {std::filesystem::path("t.yaml"), std::filesystem::path("./t.yaml"),
        std::filesystem::current_path() / "t.yaml"}) {
    const auto config = ParseConfig("rule_files: [a.yml]", name);
    BOOST_REQUIRE(!!config);
    BOOST_TEST(config->rules.groups.at(0).group.file ==
               (std::filesystem::current_path() / "a.yml").string());
  }
  std::filesystem::current_path(here);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
