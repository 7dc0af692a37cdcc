#include "notify/alertmanager_config.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

struct Read {
  AlertmanagersConfig config;
  std::string problems;
  std::size_t secrets = 0;
};

Read ReadText(const std::string& text) {
  Diagnostics diagnostics("f");
  Read read;
  if (const auto node = ParseYaml(text, diagnostics)) {
    YamlMap options(*node, diagnostics);
    read.config = ReadAlertmanagers(options);
  }
  read.problems = diagnostics.Text();
  read.secrets = diagnostics.secrets().size();
  return read;
}

std::string Reveal(const SecretSource& source) {
  const Result<Secret> secret = source.Read();
  return secret ? secret->Reveal() : secret.error().message;
}

BOOST_AUTO_TEST_SUITE(alertmanager_config_test)

BOOST_AUTO_TEST_CASE(HasDefaults) {
  const Read read = ReadText("alertmanagers: [{url: 'http://a:9093/'}]");
  BOOST_TEST(read.problems == "");
  const AlertmanagerConfig& config = read.config.alertmanagers.at(0);
  BOOST_TEST(config.url == "http://a:9093");
  BOOST_TEST((config.http.timeout == std::chrono::seconds(10)));
  BOOST_TEST(config.http.follow_redirects);
  BOOST_TEST(!config.http.proxy_from_environment);
  BOOST_TEST(!config.http.basic_auth);
  BOOST_TEST(!config.http.authorization);
  BOOST_TEST(config.alert_relabel.empty());
  BOOST_TEST(ReadText("{}").config.alertmanagers.empty());
}

BOOST_AUTO_TEST_CASE(ReadsEveryOption) {
  const Read read = ReadText(R"(
alert_relabel_configs:
  - {action: labeldrop, regex: replica}
alertmanagers:
  - url: https://a/prefix
    timeout: 3s
    basic_auth: {username: me, password: secret1}
    tls_config: {insecure_skip_verify: true}
    proxy_url: http://p:secret2@proxy:3128
    follow_redirects: false
    http_headers: {X-Plain: secret3, X-Full: {values: [v1], secrets: [secret4]}}
    alert_relabel_configs: [{target_label: to, replacement: a}]
  - url: http://[::1]:9093
    authorization: {type: Token, credentials: secret5}
    proxy_from_environment: true
  - {url: 'http://c', bearer_token: secret6}
)");
  BOOST_TEST(read.problems == "");
  BOOST_TEST(read.secrets == 7U);  // Values of headers, too.
  BOOST_TEST(read.config.alert_relabel.size() == 1U);
  const AlertmanagerConfig& a = read.config.alertmanagers.at(0);
  BOOST_TEST(a.url == "https://a/prefix");
  BOOST_TEST((a.http.timeout == std::chrono::seconds(3)));
  BOOST_TEST(a.http.basic_auth->username == "me");
  BOOST_TEST(Reveal(a.http.basic_auth->password) == "secret1");
  BOOST_TEST(a.http.tls.insecure_skip_verify);
  BOOST_TEST(a.http.proxy_url->Reveal() == "http://p:secret2@proxy:3128");
  BOOST_TEST(!a.http.follow_redirects);
  BOOST_REQUIRE(a.http.headers.size() == 3U);
  BOOST_TEST(a.http.headers[0].name == "X-Plain");
  BOOST_TEST(Reveal(a.http.headers[2].value) == "secret4");
  BOOST_TEST(a.alert_relabel.size() == 1U);
  const AlertmanagerConfig& b = read.config.alertmanagers.at(1);
  BOOST_TEST(b.http.authorization->type == "Token");
  BOOST_TEST(Reveal(b.http.authorization->credentials) == "secret5");
  BOOST_TEST(b.http.proxy_from_environment);
  BOOST_TEST(read.config.alertmanagers.at(2).http.authorization->type == "Bearer");
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongWithoutTellingSecrets) {
  const struct {
    std::string alertmanager;
    std::string problem;
  } rows[] = {
      {"{}", "f:1:17: \"url\" is required"},
      {"{url: 'a:9093'}", "f:1:23: url: expected a URL"},
      {"{url: 'ftp://a'}", "f:1:23: url: expected a URL"},
      {"{url: 'http://u:secret@a'}", "f:1:23: url: expected no user and password"},
      {"{url: 'http://a?x=secret'}", "f:1:23: url: expected no query"},
      {"{url: 'http://a/api/v2/alerts'}", "f:1:23: url: expected the address without"},
      {"{url: 'http://a', timeout: 0s}", "f:1:44: timeout"},
      {"{url: 'http://a', urls: b}", "f:1:35: unknown key \"urls\""},
      {"{url: 'http://a', authorization: {}}", "expected credentials"},
      {"{url: 'http://a', authorization: {type: basic, credentials: secret}}", "basic_auth"},
      {"{url: 'http://a', basic_auth: {username: a}, bearer_token: secret}", "only one way"},
      {"{url: 'http://a', bearer_token_file: /no/such/file}", "cannot read /no/such/file"},
      {"{url: 'http://a', http_headers: {Host: secret}}", "Host cannot be set"},
      {"{url: 'http://a', http_headers: {'a b': secret}}", "not the name of a header"},
      {"{url: 'http://a', http_headers: {A: {files: [/no/such/file]}}}", "cannot read /no/such"},
      {"{url: 'http://a', proxy_url: secret}", "proxy_url: expected a URL"},
      {"{url: 'http://a', proxy_url: 'http://b', proxy_from_environment: true}", "either this"},
      {"{url: 'http://a', alert_relabel_configs: [{action: x}]}", "action: expected one of"},
      {"{url: 'http://a'}, {url: 'http://a/'}", "f:1:36: url: the same Alertmanager"},
  };
  for (const auto& row : rows) {
    const std::string problems = ReadText("alertmanagers: [" + row.alertmanager + "]").problems;
    BOOST_TEST_CONTEXT(row.alertmanager) {
      BOOST_TEST(problems.find(row.problem) != std::string::npos, problems);
      BOOST_TEST(problems.find("secret") == std::string::npos, problems);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
