#include "base/yaml_printer.h"

#include <string>
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

BOOST_AUTO_TEST_CASE(UrlsAreShownWithoutTheValuesInTheirQueries) {
  const struct {
    std::string_view text;
    std::string_view shown;
  } rows[] = {
      {"http://h:1/m?token=X", "http://h:1/m?token=<secret>"},
      {"https://h/m?token=X&a=b=c&&flag#end", "https://h/m?token=<secret>&a=<secret>&&<secret>"},
      {"\"http://h/?X\"", "\"http://h/?<secret>\""},
      {"http://h/m?", "http://h/m?"},
      {"/metrics?token=X", "/metrics?token=<secret>"},
      {"http://h/m", "http://h/m"},
      {"/a?b", "/a?b"},
      {"SELECT '/a?b=c'", "SELECT '/a?b=c'"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      Diagnostics diagnostics("f");
      const auto root = ParseYaml("a: " + std::string(row.text), diagnostics);
      BOOST_REQUIRE(root);
      BOOST_TEST(PrintYaml(*root, {}) == "a: " + std::string(row.shown) + "\n");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
