#include "base/template/builtins.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/template/template.h"

namespace tocsin::text_template {
namespace {

struct Row {
  std::string_view action;
  std::string_view expected;  ///< The text, or how the error ends.
};

std::string Expanded(std::string_view action) {
  const Value data = Value::OfRecord({{"S", "text"},
                                      {"N", Value()},
                                      {"L", Value::OfList({1, 2, 3})},
                                      {"M", Value::OfMap({{"a", "1"}}, kTextMap)},
                                      {"T", TimePoint(Duration(0))},
                                      {"D", std::chrono::nanoseconds(5)}});
  const auto parsed = Template::Parse("t", "{{" + std::string(action) + "}}", Functions());
  if (!parsed) return parsed.error().message;
  const Result<std::string> text = parsed->Execute(data, Functions());
  return text ? *text : text.error().message;
}

template <std::size_t N>
void Check(const std::array<Row, N>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.action) {
      const std::string text = Expanded(row.action);
      const bool is_error = text.starts_with("template: ");
      BOOST_TEST((is_error ? text.substr(text.rfind(">: ") + 3) : text) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE(builtins_test)

BOOST_AUTO_TEST_CASE(OnlyValuesOfOneTypeAreCompared) {
  Check(std::array{
      Row{"eq 1 1", "true"},
      Row{"eq 1 2 1", "true"},
      Row{"eq 1 2 3", "false"},
      Row{"eq .S `text`", "true"},
      Row{"eq .N nil", "true"},
      Row{"eq .S nil", "false"},
      Row{"eq .T .T", "true"},
      Row{"eq .D 5", "true"},
      Row{"ne 1 2", "true"},
      Row{"lt 1 2", "true"},
      Row{"le 2 2", "true"},
      Row{"gt 1.5 1.0", "true"},
      Row{"ge 1.5 1.5", "true"},
      Row{"lt `a` `b`", "true"},
      Row{"lt .D 6", "true"},
      Row{"eq 1", "error calling eq: missing argument for comparison"},
      Row{"eq 1 1.0", "error calling eq: incompatible types for comparison: int and float64"},
      Row{"lt .S 1", "error calling lt: incompatible types for comparison: string and int"},
      Row{"lt true false", "error calling lt: invalid type for comparison"},
      Row{"lt .N 1", "error calling lt: invalid type for comparison"},
      Row{"eq .M .M", "error calling eq: non-comparable type map[a:1]: map[string]string"},
  });
}

BOOST_AUTO_TEST_CASE(PartsAreTaken) {
  Check(std::array{
      Row{"len .L", "3"},
      Row{"len .S", "4"},
      Row{"len .M", "1"},
      Row{"len 1", "error calling len: len of type int"},
      Row{"index .L 1", "2"},
      Row{"index .L", "[1 2 3]"},
      Row{"index .M `a`", "1"},
      Row{"index .M `b`", ""},
      Row{"index .S 0", "116"},
      Row{"index .L 3", "error calling index: reflect: slice index out of range"},
      Row{"index .L -1", "error calling index: index out of range: -1"},
      Row{"index .L `a`", "error calling index: cannot index slice/array with type string"},
      Row{"index .M 1", "error calling index: value has type int; should be string"},
      Row{"index .N 1", "error calling index: index of untyped nil"},
      Row{"index 1 1", "error calling index: can't index item of type int"},
      Row{"slice .S 1 2", "e"},
      Row{"slice .S 1", "ext"},
      Row{"slice .L 1 2", "[2]"},
      Row{"slice .L 2 1", "error calling slice: invalid slice index: 2 > 1"},
      Row{"slice .S 9", "error calling slice: index out of range: 9"},
      Row{"slice .S 0 1 2", "error calling slice: cannot 3-index slice a string"},
      Row{"slice 1", "error calling slice: can't slice item of type int"},
      Row{"call .N", "error calling call: call of nil"},
  });
}

BOOST_AUTO_TEST_CASE(TextsAreEscaped) {
  Check(std::array{
      Row{"html `<a href='x'>&\"`", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"},
      Row{"html 1 .N", "1&lt;no value&gt;"},
      Row{"js \"it's <b>&= \\\\ \\n é\"", "it\\'s \\u003Cb\\u003E\\u0026\\u003D \\\\ \\u000A é"},
      Row{"urlquery `a b&c/~é`", "a+b%26c%2F~%C3%A9"},
      Row{"not 0", "true"},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template
