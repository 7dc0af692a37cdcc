#include "exporter/commands.h"

#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/command_output.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin {
namespace {

std::string HealthOf(const std::string& url) {
  return StatusAndOutput([&] { return Healthcheck({url}); });
}

BOOST_AUTO_TEST_SUITE(commands_test)

BOOST_AUTO_TEST_CASE(AHealthcheckSaysWhoIsNotWellAndWhyButNoPassword) {
  const TestServer server([](const TestServer::Request& request) {
    const bool is_well = request.line() == "GET /ok HTTP/1.1";
    return TestServer::Answer(is_well ? 204 : 503, std::string(is_well ? 0 : 100, 'x'));
  });
  const std::string address = server.url().substr(7);
  const struct {
    std::string url;
    std::string output;
  } rows[] = {
      {"http://" + address + "/ok", "0 "},
      {address + "/ok", "0 "},
      {"http://u:HUNTER@" + address + "/a/?token=HUNTER",
       "1 tocsin: http://" + address + "/a/: HTTP 503\n"},
      {"http://u:HUNTER@127.0.0.1:1/a", "1 tocsin: http://127.0.0.1:1: connection refused\n"},
      {"u:HUNTER@127.0.0.1:1", "1 tocsin: http://127.0.0.1:1: connection refused\n"},
      {"ftp://u:HUNTER@127.0.0.1:1", "1 tocsin: not a URL of http or https\n"},
  };
  for (const auto& row : rows) BOOST_TEST(HealthOf(row.url) == row.output);
}

BOOST_AUTO_TEST_CASE(AConfigurationIsGoodOnceItsSourcesAre) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "t.yaml").string();
  std::ofstream(file) << "storage: {path: \":memory:\"}\n"
                         "collectors:\n"
                         "- {type: host}\n"
                         "- {type: redis, redis: {host: 127.0.0.1, port: 1}}\n";
  CheckConfigFlags flags;
  flags.files = {file};
  BOOST_TEST(StatusAndOutput([&] { return CheckConfig(flags); }) ==
             "0 " + file + ": good, 2 collectors\n");
  flags.connect = true;
  const std::string output = StatusAndOutput([&] { return CheckConfig(flags); });
  BOOST_TEST(output.starts_with("1 " + file + ":4:3: collector \"redis\": "), output);
  BOOST_TEST(output.ends_with("\n" + file + ": 1 of 2 collectors cannot collect\n"), output);
}

BOOST_AUTO_TEST_CASE(ACollectorThatIsNotThereIsNamedWithTheOneMostLikeIt) {
  BOOST_TEST(StatusAndOutput([] { return ListCollectors({"dagstr"}); }) ==
             "2 tocsin: no collector is called 'dagstr' (did you mean \"dagster\"?); see 'tocsin "
             "collectors'\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
