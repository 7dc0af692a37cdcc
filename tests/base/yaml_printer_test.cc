#include "base/yaml_printer.h"

#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(yaml_printer_test)

BOOST_AUTO_TEST_CASE(PrintsATreeThatReadsTheSameWithoutItsSecrets) {
  constexpr std::string_view kText =
      "a: {user: u, password: hunter2, port: \"5\"}\nb: [1, [x, ~], {c: 'd: e'}]\n";
  Diagnostics diagnostics("f");
  const std::optional<YamlNode> root = ParseYaml(kText, diagnostics);
  BOOST_REQUIRE(root);
  {
    YamlMap map(*root->Find("a"), diagnostics);
    BOOST_TEST(map.SecretOf("password").is_set());
    map.IgnoreOthers();
  }
  BOOST_REQUIRE(diagnostics.empty());
  const std::string printed = PrintYaml(*root, diagnostics.secrets());
  BOOST_TEST(printed ==
             "a:\n  user: u\n  password: <secret>\n  port: \"5\"\n"
             "b:\n  - 1\n  -\n    - x\n    - ~\n  - c: \"d: e\"\n");
  BOOST_TEST(printed.find("hunter2") == std::string::npos);
  const std::optional<YamlNode> again = ParseYaml(printed, diagnostics);
  BOOST_REQUIRE(again);
  BOOST_TEST(PrintYaml(*again, {}) == printed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
