#include "base/yaml.h"

#include <array>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Refused {
  std::string_view name;
  std::string yaml;
  std::string_view diagnostics;
};

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

/// Nine levels of lists, each ten times the one before: a thousand million values in a few lines.
std::string AliasBomb() {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string item = "*a" + std::to_string(i - 1);
    yaml.append(name).append(": &").append(name).append(" [").append(item);
    for (int j = 1; j < 10; ++j) yaml.append(", ").append(item);
    yaml += "]\n";
  }
  return yaml;
}

/// A text of a mebibyte, a hundred times.
std::string TextBomb() {
  std::string yaml = "- &a " + std::string(1 << 20, 'x') + "\n";
  for (int i = 0; i < 100; ++i) yaml += "- *a\n";
  return yaml;
}

/// What reading `yaml` with the options of a small program says.
std::string Read(std::string_view yaml) {
  Diagnostics diagnostics("f");
  const auto root = ParseYaml(yaml, diagnostics);
  if (root) {
    YamlMap options(*root, diagnostics);
    options.BoolOr("bool", false);
    options.IntegerOr("integer", 1, 0, 9);
    options.PositiveDurationOr("duration", std::chrono::seconds(1));
    options.StringOr("text", "");
    options.StringsOr("texts", {});
    options.StringMap("map");
    options.SecretOf("secret");
    options.Reserve("later", "is for later");
  }
  return diagnostics.Text();
}

BOOST_AUTO_TEST_SUITE(yaml_test)

BOOST_AUTO_TEST_CASE(MistakesAreReportedAtTheirPlaces) {
  const std::vector<Refused> rows = {
      {"Empty", "", ""},
      {"Comment", "# nothing\n", ""},
      {"NullValues", "bool:\ntext: ~\ntexts:\nmap:\n", ""},
      {"Unclosed", "text: [a\n", "f:2:1: not YAML: end of sequence flow not found"},
      {"Tab", "a:\n\tb: c\n", "f:2:3: not YAML: illegal map value"},
      {"TwoDocuments", "bool: true\n---\nbool: true\n",
       "f:2:1: expected one YAML document, found a second"},
      {"DocumentsWithoutEnd", "---\n,a: b\n", "f:2:1: expected one YAML document, found a second"},
      {"Latin1", "text: \xe9\n", "f:1:1: not UTF-8 text"},
      {"Tag", "text: !env HOME\n", "f:1:7: tags are not supported: !env"},
      {"TooDeep", Nested(66), "f:1:66: nested too deeply (more than 64 levels)"},
      {"FarTooDeep", Nested(100'000), "f:1:1: nested too deeply (more than 64 levels)"},
      {"UnknownAlias", "text: *a\n", "f:1:7: not YAML: the referenced anchor is not defined"},
      {"Scalar", "a", "f:1:1: expected a map of options, got a single value"},
      {"Unknown", "txet: a", "f:1:1: unknown key \"txet\" (did you mean \"text\"?)"},
      {"UnknownLikeNone", "zzzzz: a",
       "f:1:1: unknown key \"zzzzz\" (known here: bool, integer, duration, text, texts, map, "
       "secret, "
       "secret_file)"},
      {"Duplicate", "text: a\ntext: b\ntext: c",
       "f:2:1: duplicate key \"text\"\nf:3:1: duplicate key \"text\""},
      {"DuplicateByQuotes", "text: a\n\"text\": b", "f:2:1: duplicate key \"text\""},
      {"KeyIsAList", "[a]: b", "f:1:1: expected a word as key"},
      {"BoolSpelling", "bool: yes", "f:1:7: bool: expected true or false, got \"yes\""},
      {"BoolQuoted", "bool: 'true'", "f:1:7: bool: expected true or false, got \"true\""},
      {"IntegerRange", "integer: 10",
       "f:1:10: integer: expected a whole number from 0 to 9, got \"10\""},
      {"IntegerFraction", "integer: 1.0",
       "f:1:10: integer: expected a whole number from 0 to 9, got \"1.0\""},
      {"IntegerQuoted", "integer: \"1\"",
       "f:1:10: integer: expected a whole number from 0 to 9, got \"1\""},
      {"IntegerHuge", "integer: 99999999999999999999",
       "f:1:10: integer: expected a whole number from 0 to 9, got \"99999999999999999999\""},
      {"Duration", "duration: 1 s",
       "f:1:11: duration: expected a duration such as 15s or 1h30m, got '1 s'"},
      {"DurationZero", "duration: 0", "f:1:11: duration: expected a duration above 0"},
      {"TextIsAList", "text: [a]", "f:1:7: text: expected a text, got a list"},
      {"TextsIsAText", "texts: a", "f:1:8: texts: expected a list, got a single value"},
      {"TextsOfMaps", "texts: [a, {b: c}]", "f:1:12: texts: expected a list of texts, got a map"},
      {"MapIsAList", "map: [a]", "f:1:6: map: expected a map of texts, got a list"},
      {"MapOfLists", "map: {a: [b]}", "f:1:7: map: expected a text for each key"},
      {"MapTwice", "map: {a: b, a: c}", "f:1:13: duplicate key \"a\""},
      {"SecretFile", "secret_file: /no/such",
       "f:1:14: secret_file: cannot read /no/such: No such file or directory"},
      {"SecretTwice", "{secret: a, secret_file: /dev/null}",
       "f:1:26: secret_file: expected either \"secret\" or \"secret_file\", got both"},
      {"Reserved", "later: 1", "f:1:1: \"later\" is for later"},
      {"InOrderOfPlaces", "zzzzz: 1\nbool: 1\nyyyyyyy: 1\n",
       "f:1:1: unknown key \"zzzzz\" (known here: bool, integer, duration, text, texts, map, "
       "secret, "
       "secret_file)\n"
       "f:2:7: bool: expected true or false, got \"1\"\n"
       "f:3:1: unknown key \"yyyyyyy\" (known here: bool, integer, duration, text, texts, map, "
       "secret, secret_file)"},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(Read(row.yaml) == row.diagnostics);
    }
  }
}

BOOST_AUTO_TEST_CASE(AKeyThatWasAskedForTwiceIsNamedOnce) {
  Diagnostics diagnostics("f");
  const auto root = ParseYaml("xyzzy: 1", diagnostics);
  {
    YamlMap options(*root, diagnostics);
    options.StringOr("labels", "");
    options.StringsOr("labels", {});
    options.StringOr("name", "");
  }
  BOOST_TEST(diagnostics.Text() == "f:1:1: unknown key \"xyzzy\" (known here: labels, name)");
}

BOOST_AUTO_TEST_CASE(OneMistakeIsSaidOnce) {
  for (const std::string_view yaml : {"a", "[a]", "{text: [a], path: {}}"}) {
    Diagnostics diagnostics("f");
    const auto root = ParseYaml(yaml, diagnostics);
    {
      YamlMap options(*root, diagnostics);
      options.RequiredString("text");
      options.RequiredPath("path");
    }
    BOOST_TEST(diagnostics.Text().find("is required") == std::string::npos, diagnostics.Text());
    BOOST_TEST(!diagnostics.empty());
  }
}

BOOST_AUTO_TEST_CASE(BombsAreRefused) {
  for (const std::string& yaml :
       {AliasBomb(), TextBomb(), Nested(100'000), std::string("&a [*a]")}) {
    Diagnostics diagnostics("f");
    BOOST_TEST(!ParseYaml(yaml, diagnostics).has_value());
    BOOST_TEST(diagnostics.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(PlacesAreThoseOfTheFile) {
  Diagnostics diagnostics("f");
  const auto root = ParseYaml("a:\n  - x\n  -   {b: 'y'}\n", diagnostics);
  BOOST_TEST_REQUIRE(root.has_value());
  const YamlNode& item = root->Find("a")->items.at(1);
  BOOST_TEST(item.place.line == 3);
  BOOST_TEST(item.place.column == 7);
  const YamlNode* const value = item.Find("b");
  BOOST_TEST(value->place.column == 11);
  BOOST_TEST(value->quoted);
  BOOST_TEST(!root->Find("a")->items.at(0).quoted);
  BOOST_TEST(root->Find("zzz") == nullptr);
}

BOOST_AUTO_TEST_CASE(AliasesAndMergeKeysAreResolved) {
  Diagnostics diagnostics("f");
  const auto root =
      ParseYaml("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}\nc: *a\nd: {<<: [1]}\n", diagnostics);
  BOOST_TEST_REQUIRE(root.has_value());
  const YamlNode& merged = *root->Find("b");
  BOOST_TEST(merged.entries.size() == 2U);
  BOOST_TEST(merged.Find("x")->text == "1");
  BOOST_TEST(merged.Find("y")->text == "3");
  BOOST_TEST(root->Find("c")->Find("y")->text == "2");
  BOOST_TEST(root->Find("d")->Find("<<") != nullptr);
}

BOOST_AUTO_TEST_CASE(OfAListOfMergedMapsTheFirstWins) {
  Diagnostics diagnostics("f");
  const auto root = ParseYaml("{z: 0, <<: [{x: 1}, {x: 2, y: 3, z: 4}]}", diagnostics);
  BOOST_TEST_REQUIRE(root.has_value());
  BOOST_TEST(root->entries.size() == 3U);
  BOOST_TEST(root->Find("x")->text == "1");
  BOOST_TEST(root->Find("y")->text == "3");
  BOOST_TEST(root->Find("z")->text == "0");
}

BOOST_AUTO_TEST_CASE(TheFirstOfManyDocumentsIsParsed) {
  struct Row {
    std::string_view yaml;
    std::string_view text;
    int second;  ///< In which line; 0 is nowhere.
  };
  for (const Row& row :
       {Row{"a", "a", 0}, Row{"---\na\n...\n", "a", 0}, Row{"a\n---\nb\n---\nc", "a", 2},
        Row{"---\n---\nb", "", 2}, Row{"a\n---\n[", "a", 2}}) {
    BOOST_TEST_CONTEXT(row.yaml) {
      Diagnostics diagnostics("f");
      std::optional<YamlPlace> second = YamlPlace{};
      const auto root = ParseFirstYaml(row.yaml, diagnostics, second);
      BOOST_TEST_REQUIRE(root.has_value());
      BOOST_TEST(root->text == row.text);
      BOOST_TEST((second ? second->line : 0) == row.second);
      BOOST_TEST(diagnostics.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(ScopesSayWhatAMessageIsAbout) {
  Diagnostics diagnostics("f");
  {
    const DiagnosticsScope outer(diagnostics, "group 1");
    diagnostics.Add({1, 1}, "a");
    {
      const DiagnosticsScope inner(diagnostics, "rule 2");
      diagnostics.Add({2, 1}, "b");
    }
    diagnostics.Add({3, 1}, "c");
  }
  diagnostics.Add({4, 1}, "d");
  BOOST_TEST(diagnostics.Text() ==
             "f:1:1: group 1: a\nf:2:1: group 1, rule 2: b\nf:3:1: group 1: c\nf:4:1: d");
}

BOOST_AUTO_TEST_CASE(ValuesAndDefaultsAreRead) {
  Diagnostics diagnostics("/etc/f");
  const auto root = ParseYaml(
      "{b: true, i: -3, d: 1m, t: 007, l: [a, b], m: {k: v}, p: x/y, q: /abs, n: }", diagnostics);
  BOOST_TEST_REQUIRE(root.has_value());
  {
    YamlMap options(*root, diagnostics);
    BOOST_TEST(options.BoolOr("b", false));
    BOOST_TEST(options.IntegerOr("i", 0, -9, 9) == -3);
    BOOST_TEST((options.DurationOr("d", {}) == std::chrono::minutes(1)));
    BOOST_TEST(options.StringOr("t", "") == "007");
    BOOST_TEST(options.StringsOr("l", {}).size() == 2U);
    BOOST_TEST(options.StringMap("m").at(0).second == "v");
    BOOST_TEST(options.PathOf("p").string() == "/etc/x/y");
    BOOST_TEST(options.PathOf("q").string() == "/abs");
    BOOST_TEST(options.StringOr("n", "default") == "default");
    BOOST_TEST(options.IntegerOr("missing", 5, 0, 9) == 5);
    BOOST_TEST(options.PathOf("nowhere").empty());
    BOOST_TEST(options.StringsOr("none", {"x"}).size() == 1U);
    BOOST_TEST(!options.SecretOf("secret").is_set());
    BOOST_TEST(!options.Has("n"));
    BOOST_TEST(options.Has("b"));
  }
  BOOST_TEST(diagnostics.Text().empty());
}

BOOST_AUTO_TEST_CASE(ASecretIsNeverInAMessage) {
  BOOST_TEST(Read("{secret: hunter2, secret_file: /dev/null, text: []}").find("hunter2") ==
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
