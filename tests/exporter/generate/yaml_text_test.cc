#include "exporter/generate/yaml_text.h"

#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

BOOST_AUTO_TEST_SUITE(yaml_text_test)

BOOST_AUTO_TEST_CASE(TextsStandAsPeopleWriteThem) {
  struct Row {
    std::string text;
    std::string expected;
  };
  const Row rows[] = {
      {"plain words", "a: plain words\n"},
      {"up{job=\"a\"} > 0.5", "a: up{job=\"a\"} > 0.5\n"},
      {"(up)", "a: (up)\n"},
      {"5m", "a: 5m\n"},
      {"1h30m5s10ms", "a: 1h30m5s10ms\n"},
      // What a reader would take for something else.
      {"", "a: \"\"\n"},
      {"1", "a: \"1\"\n"},
      {"-1", "a: \"-1\"\n"},
      {".5", "a: \".5\"\n"},
      {"1e3", "a: \"1e3\"\n"},
      {"1:30", "a: \"1:30\"\n"},
      {"2026-01-31", "a: \"2026-01-31\"\n"},
      {"0", "a: \"0\"\n"},
      {"Yes", "a: \"Yes\"\n"},
      {"null", "a: \"null\"\n"},
      {"~", "a: \"~\"\n"},
      {"on", "a: \"on\"\n"},
      {"{{ $value }}", "a: \"{{ $value }}\"\n"},
      {"[a]", "a: \"[a]\"\n"},
      {"a: b", "a: \"a: b\"\n"},
      {"a:", "a: \"a:\"\n"},
      {"a #b", "a: \"a #b\"\n"},
      {"a ", "a: \"a \"\n"},
      {"*a", "a: \"*a\"\n"},
      {"say \"a\\b\"\tnow\x01", "a: \"say \\\"a\\\\b\\\"\\tnow\\x01\"\n"},
      {"größer", "a: \"größer\"\n"},
      // Several lines.
      {"a\n  b\n", "a: |\n  a\n    b\n"},
      {"a\n\n- b", "a: |-\n  a\n\n  - b\n"},
      {" a\nb", "a: \" a\\nb\"\n"},
      {"\na", "a: \"\\na\"\n"},
      {"a\n\n", "a: \"a\\n\\n\"\n"},
      {"a\n\xc3\xa4\n", "a: \"a\\n\xc3\xa4\\n\"\n"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const std::string yaml = YamlText(MapNode({{"a", TextNode(row.text)}}));
      BOOST_TEST(yaml == row.expected);
      Diagnostics diagnostics("test");
      const std::optional<YamlNode> again = ParseYaml(yaml, diagnostics);
      BOOST_REQUIRE(again && again->Find("a") != nullptr);
      BOOST_TEST(again->Find("a")->text == row.text);
    }
  }
}

BOOST_AUTO_TEST_CASE(LongLinesAreFolded) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += (i == 0 ? "word" : " #word:");
  const std::string yaml = YamlText(MapNode({{"a", TextNode(text)}}));
  BOOST_TEST(yaml.starts_with("a: >-\n  word #word:"));
  std::size_t begin = 0;
  while (begin < yaml.size()) {
    const std::size_t end = yaml.find('\n', begin);
    BOOST_TEST(end - begin <= 120U);
    begin = end + 1;
  }
  Diagnostics diagnostics("test");
  BOOST_TEST(ParseYaml(yaml, diagnostics)->Find("a")->text == text);
  // Two spaces would become one.
  const std::string odd = "two  " + text;
  const std::string quoted = YamlText(MapNode({{"a", TextNode(odd)}}));
  BOOST_TEST(quoted == "a: \"" + odd + "\"\n");
}

BOOST_AUTO_TEST_CASE(TreesKeepTheirShapeAndWhatIsNoText) {
  const std::string yaml =
      "groups:\n"
      "  - name: a\n"
      "    limit: 5\n"
      "    on: true\n"
      "    rules:\n"
      "      - alert: B\n"
      "        labels:\n"
      "          \"y\": \"1\"\n"
      "      - C\n"
      "  - {}\n"
      "empty: []\n"
      "none:\n";
  Diagnostics diagnostics("test");
  const std::optional<YamlNode> tree = ParseYaml(yaml, diagnostics);
  BOOST_REQUIRE(tree);
  BOOST_TEST(YamlText(*tree) == yaml);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate
