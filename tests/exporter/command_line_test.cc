#include "exporter/command_line.h"

#include <array>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "exporter/command_description.h"

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
  BOOST_TEST(!Parsed<CheckConfigFlags>({"check", "config", "a"}).connect);
  BOOST_TEST(Parsed<CheckConfigFlags>({"check", "config", "--connect", "a"}).connect);
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics"}).file == "-");
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics", "-"}).file == "-");
  BOOST_TEST(Parsed<CheckMetricsFlags>({"check", "metrics", "f"}).file == "f");
  BOOST_TEST(Parsed<CollectorsFlags>({"collectors"}).name.empty());
  BOOST_TEST(Parsed<CollectorsFlags>({"collectors", "dagster"}).name == "dagster");
  BOOST_TEST(Parsed<HealthcheckFlags>({"healthcheck"}).url == "http://127.0.0.1:10061/-/ready");
  BOOST_TEST(Parsed<DemoFlags>({"demo", "--revive"}).revive);
  Parsed<VersionFlags>({"--version"});
}

BOOST_AUTO_TEST_CASE(AlertsAndSilencesTakeTheirs) {
  const AlertsFlags alerts = Parsed<AlertsFlags>({"alerts"});
  BOOST_TEST(alerts.matchers.empty());
  BOOST_TEST(alerts.server == "http://127.0.0.1:10061");
  BOOST_TEST(!alerts.json);
  const AlertsFlags chosen = Parsed<AlertsFlags>({"alerts", "a=b", "c=~d", "--active", "--receiver",
                                                  "x", "--server", "http://h", "-o", "json"});
  BOOST_TEST(chosen.matchers.size() == 2U);
  BOOST_TEST(chosen.active_only);
  BOOST_TEST(chosen.receiver == "x");
  BOOST_TEST(chosen.server == "http://h");
  BOOST_TEST(chosen.json);
  const SilenceAddFlags add = Parsed<SilenceAddFlags>(
      {"silence", "add", "a=b", "c=d", "-d", "30m", "-m", "why", "--author", "ada"});
  BOOST_TEST(add.matchers.size() == 2U);
  BOOST_TEST((add.duration == std::chrono::minutes(30)));
  BOOST_TEST(add.comment == "why");
  BOOST_TEST(add.author == "ada");
  BOOST_TEST(Parsed<SilenceListFlags>({"silence", "list", "--expired"}).expired);
  BOOST_TEST(Parsed<SilenceListFlags>({"silence", "list", "a=b", "-o", "json"}).json);
  BOOST_TEST(Parsed<SilenceExpireFlags>({"silence", "expire", "1", "2"}).ids.size() == 2U);
  const TestNotifyFlags notify =
      Parsed<TestNotifyFlags>({"test", "notify", "-c", "f", "--receiver", "team"});
  BOOST_TEST(notify.config.string() == "f");
  BOOST_TEST(notify.receiver == "team");
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
       {"serve", "check", "collectors", "healthcheck", "demo", "alerts", "silence", "--config",
        "--listen", "--storage.path", "--log.level", "--log.format", "--version"}) {
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
      {"SilenceWhat", {"silence"}},
      {"SilenceWithoutMatcher", {"silence", "add", "-m", "why"}},
      {"SilenceWithoutComment", {"silence", "add", "a=b"}},
      {"SilenceForNoTime", {"silence", "add", "a=b", "-m", "why", "-d", "0s"}},
      {"SilenceForHowLong", {"silence", "add", "a=b", "-m", "why", "-d", "soon"}},
      {"ExpireWhich", {"silence", "expire"}},
      {"AlertsFormat", {"alerts", "-o", "xml"}},
      {"TestNotifyWithoutReceiver", {"test", "notify", "-c", "f"}},
      {"TestNotifyWithoutConfig", {"test", "notify", "--receiver", "r"}},
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

BOOST_AUTO_TEST_CASE(WhatNobodyKnowsIsNamedWithWhatIsMostLikeIt) {
  const struct {
    std::vector<const char*> arguments;
    std::string_view message;
    std::string_view command;
  } rows[] = {
      {{"qeury", "up"}, "there is no command 'qeury' (did you mean \"query\"?)", "tocsin"},
      {{"frobnicate"}, "there is no command 'frobnicate'", "tocsin"},
      {{"silence", "ad", "a=b"},
       "there is no command 'ad' (did you mean \"add\"?)",
       "tocsin silence"},
      {{"silence", "add", "a=b", "--comment", "x", "--durtion=1h"},
       "there is no option --durtion (did you mean \"--duration\"?)",
       "tocsin silence add"},
      {{"check", "config", "--conect", "f"},
       "there is no option --conect (did you mean \"--connect\"?)",
       "tocsin check config"},
      {{"--xyzzy"}, "there is no option --xyzzy", "tocsin"},
      {{"serve", "a.yaml"}, "'a.yaml' is one argument too many", "tocsin serve"},
      {{"silence", "add"}, "matchers is required", "tocsin silence add"},
  };
  for (const auto& row : rows) {
    const Result<CommandLine> parsed = Parse(row.arguments);
    BOOST_TEST_REQUIRE(!parsed);
    BOOST_TEST(parsed.error().message == row.message);
    BOOST_TEST(CommandNamedBy(row.arguments) == row.command);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
