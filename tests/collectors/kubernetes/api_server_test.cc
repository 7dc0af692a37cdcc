#include "collectors/kubernetes/api_server.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::kubernetes {
namespace {

ApiServerOptions OptionsFrom(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  ApiServerOptions options;
  {
    YamlMap map(*node, diagnostics);
    options = ReadApiServerOptions(map);
  }
  BOOST_TEST(diagnostics.empty(), diagnostics.Text());
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_server_test)

BOOST_AUTO_TEST_CASE(PathsAreAskedOfTheServerInTheirOrder) {
  TestServer server([](const TestServer::Request& request) {
    const bool is_first = request.line() == "GET /api/v1/pods?limit=1 HTTP/1.1";
    return TestServer::Answer(is_first ? 200 : 403, is_first ? "first" : "second");
  });
  const auto api = MakeApiServer(OptionsFrom("api_server: " + server.url() + "/\n"));
  const std::vector<std::string> paths = {"/api/v1/pods?limit=1", "/api/v1/nodes"};
  const auto answers = api->GetAll(paths, LongAttempt());
  BOOST_TEST_REQUIRE(answers.size() == 2);
  BOOST_TEST_REQUIRE(static_cast<bool>(answers[0]));
  BOOST_TEST(answers[0]->body == "first");
  BOOST_TEST_REQUIRE(static_cast<bool>(answers[1]));
  BOOST_TEST(answers[1]->status == 403);
}

BOOST_AUTO_TEST_CASE(ATokenThatWasReplacedIsReadAgain) {
  const TemporaryFolder folder;
  const std::string token = (folder.path() / "token").string();
  std::ofstream(token) << "old\n";
  TestServer server([](const TestServer::Request& request) {
    return TestServer::Answer(request.Header("Authorization") == "Bearer new" ? 200 : 401);
  });
  const auto api = MakeApiServer(OptionsFrom("api_server: " + server.url() +
                                             "\nauthorization: {credentials_file: " + token + "}"));
  const std::vector<std::string> paths = {"/api/v1/pods"};
  BOOST_TEST(api->GetAll(paths, LongAttempt())[0]->status == 401);
  std::ofstream(token) << "new\n";
  BOOST_TEST(api->GetAll(paths, LongAttempt())[0]->status == 200);
}

BOOST_AUTO_TEST_CASE(OutsideOfAPodAnAddressIsNeeded) {
  unsetenv("KUBERNETES_SERVICE_HOST");
  const std::vector<std::string> paths = {"/api/v1/pods"};
  const auto answers = MakeApiServer({})->GetAll(paths, LongAttempt());
  BOOST_TEST_REQUIRE(!answers[0]);
  BOOST_TEST((answers[0].error().code == ErrorCode::kInvalidInput));
  BOOST_TEST(answers[0].error().message ==
             "this is no pod (KUBERNETES_SERVICE_HOST is not set): give api_server");
}

BOOST_AUTO_TEST_CASE(InAPodTheServiceAccountCounts) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "namespace") << "floe\n";
  ApiServerOptions options;
  options.service_account = folder.path();
  BOOST_TEST(*OwnNamespace(options) == "floe");

  // Nobody listens there, and the token is missing: that is told before anything is sent.
  setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "1", 1);
  const std::vector<std::string> paths = {"/api/v1/pods"};
  const auto answers = MakeApiServer(options)->GetAll(paths, LongAttempt());
  unsetenv("KUBERNETES_SERVICE_HOST");
  BOOST_TEST_REQUIRE(!answers[0]);
  BOOST_TEST((answers[0].error().code == ErrorCode::kDenied));
  BOOST_TEST(answers[0].error().message.find((folder.path() / "token").string()) !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kubernetes
