#include "notify/routing_text.h"

#include <boost/test/unit_test.hpp>

#include "base/yaml_printer.h"

namespace tocsin::notify {
namespace {

std::string TextOf(const std::string& configuration) {
  Diagnostics diagnostics("f");
  const std::optional<YamlNode> root = ParseYaml(configuration, diagnostics);
  BOOST_REQUIRE(root);
  return RoutingText(*root);
}

BOOST_AUTO_TEST_SUITE(routing_text_test)

BOOST_AUTO_TEST_CASE(HasWhatDecidesWhoIsTold) {
  const std::string text = TextOf(R"(
alertmanagers: [{url: http://a}]
global: {slack_app_token: t}
templates: [a.tmpl]
route:
  receiver: a
  resolve_wait: 5s
  routes:
    - {receiver: b, matchers: [x=y], resolve_wait: 1s, routes: [{receiver: a, resolve_wait: 2s}]}
receivers:
  - {name: a, stdout_configs: [{}]}
  - {name: b, webhook_configs: [{url: http://h, hmac_secret: s}]}
inhibit_rules: [{name: n, source_matchers: [a=b], equal: [c]}]
time_intervals: [{name: night, time_intervals: [{months: [may]}]}]
mute_time_intervals: [{name: day, time_intervals: []}]
)");
  Diagnostics diagnostics("f");
  const std::optional<YamlNode> wanted = ParseYaml(R"(
route:
  receiver: a
  routes:
    - {receiver: b, matchers: [x=y], routes: [{receiver: a}]}
receivers: [{name: a}, {name: b}]
inhibit_rules: [{source_matchers: [a=b], equal: [c]}]
time_intervals: [{name: night, time_intervals: [{months: [may]}]}]
mute_time_intervals: [{name: day, time_intervals: []}]
)",
                                                   diagnostics);
  BOOST_TEST(text == PrintYaml(*wanted, {}));
}

BOOST_AUTO_TEST_CASE(IsEmptyWithoutRouting) {
  BOOST_TEST(TextOf("alertmanagers: [{url: http://a}]").empty());
  BOOST_TEST(TextOf("{}").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
