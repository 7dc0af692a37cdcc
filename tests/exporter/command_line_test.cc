#include "exporter/command_line.h"

#include <array>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

Result<CommandLine> Parse(const std::vector<const char*>& arguments) {
  return ParseCommandLine(arguments);
}

/// The flags of the command that `arguments` give, which must be a Flags.
template <class Flags>
Flags Parsed(const std::vector<const char*>& arguments) {
  const Result<CommandLine> parsed = Parse(arguments);
  BOOST_TEST_REQUIRE(!!parsed);
  BOOST_TEST_REQUIRE(std::holds_alternative<Flags>(*parsed));
  return std::get<Flags>(*parsed);
}

struct Refused {
  std::string_view name;
  std::vector<const char*> arguments;
};

BOOST_AUTO_TEST_SUITE(command_line_test)

BOOST_AUTO_TEST_CASE(ServingIsTheDefault) {
  BOOST_TEST(Parsed<ServeFlags>({}).config.empty());
  BOOST_TEST(Parsed<ServeFlags>({"serve"}).config.empty());
  BOOST_TEST(Parsed<ServeFlags>({"--config", "a.yaml"}).config.string() == "a.yaml");
  BOOST_TEST(Parsed<ServeFlags>({"serve", "-c", "a.yaml"}).config.string() == "a.yaml");
  BOOST_TEST(Parsed<ServeFlags>({"--config=a.yaml", "serve"}).config.string() == "a.yaml");
}

BOOST_AUTO_TEST_CASE(ServeTakesItsOptions) {
  const ServeFlags flags =
      Parsed<ServeFlags>({"serve", "--listen", ":1", "--listen", "[::1]:2", "--log.level", "debug",
                          "--log.format=json", "--storage.path", ":memory:"});
  BOOST_TEST(flags.listen == (std::vector<std::string>{":1", "[::1]:2"}),
             boost::test_tools::per_element());
  BOOST_TEST((flags.log_level == LogLevel::kDebug));
  BOOST_TEST((flags.log_format == LogFormat::kJson));
  BOOST_TEST(flags.storage_path.value() == ":memory:");
}

BOOST_AUTO_TEST_CASE(OtherCommandsTakeTheirs) {
  BOOST_TEST(Parsed<CheckConfigFlags>({"check", "config", "a", "b"}).files.size() == 2U);
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics"}).file == "-");
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics", "-"}).file == "-");
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics", "f"}).file == "f");
  BOOST_TEST(Parsed<CollectorsFlags>({"collectors"}).name.empty());
  BOOST_TEST(Parsed<CollectorsFlags>({"collectors", "dagster"}).name == "dagster");
  BOOST_TEST(Parsed<HealthcheckFlags>({"healthcheck"}).url == "http://127.0.0.1:10061/-/ready");
  BOOST_TEST(Parsed<DemoFlags>({"demo", "--revive"}).revive);
  Parsed<VersionFlags>({"--version"});
}

BOOST_AUTO_TEST_CASE(AHealthcheckOfAServerAsksWhetherItIsReady) {
  const struct {
    const char* url;
    std::string_view asked;
  } rows[] = {
      {"http://x:1", "http://x:1/-/ready"},
      {"http://x:1/", "http://x:1/-/ready"},
      {"http://[::1]:1", "http://[::1]:1/-/ready"},
      {"x:1", "x:1/-/ready"},
      {"x:1/", "x:1/-/ready"},
      {"http://x:1/-/healthy", "http://x:1/-/healthy"},
      {"http://x/tocsin/", "http://x/tocsin/"},
      {"http://x?a=b", "http://x?a=b"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.url) {
      BOOST_TEST(Parsed<HealthcheckFlags>({"healthcheck", "--url", row.url}).url == row.asked);
    }
  }
}

BOOST_AUTO_TEST_CASE(HelpNamesEveryCommand) {
  const std::string text = Parsed<HelpFlags>({"--help"}).text;
  for (const std::string_view word :
       {"serve", "check", "collectors", "healthcheck", "demo", "--config", "--listen",
        "--storage.path", "--log.level", "--log.format", "--version"}) {
    BOOST_TEST_CONTEXT(word) {
      BOOST_TEST(text.find(word) != std::string::npos);
    }
  }
  BOOST_TEST(Parsed<HelpFlags>({"healthcheck", "--help"}).text.find("--url") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(WrongUsageIsRefused) {
  const std::vector<Refused> rows = {
      {"UnknownCommand", {"sreve"}},
      {"UnknownOption", {"--confg", "a"}},
      {"OptionWithoutValue", {"--config"}},
      {"CheckWhat", {"check"}},
      {"CheckConfigWithoutFile", {"check", "config"}},
      {"LogLevel", {"--log.level", "loud"}},
      {"LogFormat", {"--log.format", "xml"}},
      {"OptionThatWouldDoNothing", {"--listen", ":1", "check", "config", "f"}},
      {"TwoCommands", {"collectors", "dagster", "demo", "x"}},
      {"ArgumentTooMany", {"serve", "a.yaml"}},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const Result<CommandLine> parsed = Parse(row.arguments);
      BOOST_TEST_REQUIRE(!parsed);
      BOOST_TEST_MESSAGE(parsed.error().message);
      BOOST_TEST(!parsed.error().message.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
