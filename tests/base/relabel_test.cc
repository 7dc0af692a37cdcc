#include "base/relabel.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Read {
  RelabelRules rules;
  std::string problems;
};

/// Rules from the text of a list, in YAML's flow form.
Read ReadRules(const std::string& list) {
  Diagnostics diagnostics("f");
  Read read;
  if (const auto node = ParseYaml("rules: " + list + "\n", diagnostics)) {
    YamlMap options(*node, diagnostics);
    read.rules = ReadRelabelRules(options, "rules");
  }
  read.problems = diagnostics.Text();
  return read;
}

std::string Apply(const std::string& list, const Labels& labels) {
  const Read read = ReadRules(list);
  BOOST_TEST(read.problems == "");
  const std::optional<Labels> result = Relabel(labels, read.rules);
  return result ? result->ToString() : "dropped";
}

BOOST_AUTO_TEST_SUITE(relabel_test)

BOOST_AUTO_TEST_CASE(DoesWhatPrometheusDoes) {
  const Labels labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  const struct {
    std::string rules;
    std::string result;
  } rows[] = {
      {"[]", R"({a="foo", b="bar", c="baz"})"},
      // replace
      {"[{source_labels: [a], target_label: d, regex: 'f(.*)', replacement: 'ch${1}-ch${1}'}]",
       R"({a="foo", b="bar", c="baz", d="choo-choo"})"},
      {"[{source_labels: [a, b], target_label: d}]", R"({a="foo", b="bar", c="baz", d="foo;bar"})"},
      {"[{source_labels: [a, b], separator: '', target_label: d}]",
       R"({a="foo", b="bar", c="baz", d="foobar"})"},
      {"[{target_label: d, replacement: x}]", R"({a="foo", b="bar", c="baz", d="x"})"},
      {"[{source_labels: [a], regex: fo, target_label: d}]", R"({a="foo", b="bar", c="baz"})"},
      {"[{source_labels: [a], target_label: a, replacement: ''}]", R"({b="bar", c="baz"})"},
      {"[{source_labels: [nothing], target_label: a}]", R"({b="bar", c="baz"})"},
      {"[{source_labels: [a], regex: '(f)(.*)', target_label: '${1}_${2}_$1x'}]",
       R"({a="foo", b="bar", c="baz", f_oo_="f"})"},
      {"[{source_labels: [a], regex: '(?P<first>.).*', target_label: d, replacement: '$first$$'}]",
       R"({a="foo", b="bar", c="baz", d="f$"})"},
      {"[{source_labels: [a], target_label: '$2', replacement: x}]",
       R"({a="foo", b="bar", c="baz"})"},
      {"[{source_labels: [a], target_label: b}, {source_labels: [b], target_label: c}]",
       R"({a="foo", b="foo", c="foo"})"},
      // keep, drop
      {"[{source_labels: [a], regex: fo+, action: keep}]", R"({a="foo", b="bar", c="baz"})"},
      {"[{source_labels: [a], regex: fo, action: keep}]", "dropped"},
      {"[{source_labels: [a], regex: fo+, action: drop}]", "dropped"},
      {"[{source_labels: [a], regex: fo, action: drop}]", R"({a="foo", b="bar", c="baz"})"},
      {"[{source_labels: [a, b], regex: foo;bar, action: drop}, {target_label: d}]", "dropped"},
      {"[{source_labels: [a], target_label: b, action: keepequal}]", "dropped"},
      {"[{source_labels: [a], target_label: a, action: keepequal}]",
       R"({a="foo", b="bar", c="baz"})"},
      {"[{source_labels: [a], target_label: a, action: dropequal}]", "dropped"},
      {"[{source_labels: [a], target_label: b, action: DropEqual}]",
       R"({a="foo", b="bar", c="baz"})"},
      // hashmod: MD5 of "baz" ends in ...4cb0ec0efd3ba9ff
      {"[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]",
       R"({a="foo", b="bar", c="baz", d="976"})"},
      {"[{source_labels: [c], target_label: d, action: hashmod, modulus: 1}]",
       R"({a="foo", b="bar", c="baz", d="0"})"},
      // names
      {"[{regex: '(a|b)', replacement: 'new_$1', action: labelmap}]",
       R"({a="foo", b="bar", c="baz", new_a="foo", new_b="bar"})"},
      {"[{regex: a|b, action: labeldrop}]", R"({c="baz"})"},
      {"[{regex: a|b, action: labelkeep}]", R"({a="foo", b="bar"})"},
      {"[{action: labeldrop}]", "{}"},
      // case
      {"[{source_labels: [a, b], target_label: a, action: uppercase}]",
       R"({a="FOO;BAR", b="bar", c="baz"})"},
      {"[{target_label: a, replacement: FOO}, "
       "{source_labels: [a], target_label: a, action: lowercase}]",
       R"({a="foo", b="bar", c="baz"})"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.rules) {
      BOOST_TEST(Apply(row.rules, labels) == row.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(CaseIsUnicodes) {
  const Labels labels{{"a", "Grüße ΣΩ"}};
  BOOST_TEST(Apply("[{source_labels: [a], target_label: a, action: lowercase}]", labels) ==
             R"({a="grüße σω"})");
  BOOST_TEST(Apply("[{source_labels: [a], target_label: a, action: uppercase}]", labels) ==
             R"({a="GRÜßE ΣΩ"})");
}

BOOST_AUTO_TEST_CASE(DotsMatchNewlines) {
  BOOST_TEST(Apply("[{source_labels: [a], regex: 'a.*b', target_label: c, replacement: x}]",
                   Labels{{"a", "a\nb"}}) == R"({a="a\nb", c="x"})");
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const struct {
    std::string rules;
    std::string problems;
  } rows[] = {
      {"[{action: explode}]",
       "f:1:18: action: expected one of replace, keep, drop, keepequal, dropequal, hashmod, "
       "labelmap, labeldrop, labelkeep, lowercase, uppercase, got \"explode\""},
      {"[{}]", "f:1:9: target_label: the action replace needs one"},
      {"[{regex: '(', target_label: a}]", "f:1:17: regex: missing ): ^(?s:()$"},
      {"[{action: hashmod, target_label: a}]",
       "f:1:9: modulus: the action hashmod needs one above 0"},
      {"[{action: lowercase, target_label: a, replacement: b}]",
       "f:1:59: replacement: the action lowercase has no use for it"},
      {"[{action: labeldrop, source_labels: [a]}]",
       "f:1:44: source_labels: the action labeldrop has no use for it"},
      {"[{action: keepequal, target_label: a, regex: b}]",
       "f:1:53: regex: the action keepequal has no use for it"},
      {"[{action: labelmap, replacement: ''}]",
       "f:1:41: replacement: expected names of labels, got an empty one"},
      {"[{target_label: a, sourcelabels: [b]}]",
       "f:1:27: unknown key \"sourcelabels\" (did you mean \"source_labels\"?)"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.rules) {
      BOOST_TEST(ReadRules(row.rules).problems == row.problems);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
