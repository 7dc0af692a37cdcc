#include "rules/text_object.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {

BOOST_AUTO_TEST_SUITE(text_object_test)

BOOST_AUTO_TEST_CASE(WhatIsWrittenIsReadBack) {
  struct Row {
    TextMap texts;
    std::string json;
  };
  const Row rows[] = {
      {{}, "{}"},
      {{{"a", "b"}}, R"({"a":"b"})"},
      {{{"a", ""}, {"b", "c, d: {}"}}, R"({"a":"","b":"c, d: {}"})"},
      {{{"q", "\"\\"}}, R"({"q":"\"\\"})"},
      {{{"n", "\n\t\x1f"}}, R"({"n":"\u000a\u0009\u001f"})"},
      {{{"nul", std::string("a\0b", 3)}}, R"({"nul":"a\u0000b"})"},
      {{{"\xc3\xa9", "\xff\x7f"}}, "{\"\xc3\xa9\":\"\xff\x7f\"}"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.json) {
      BOOST_TEST(ToTextObject(row.texts) == row.json);
      const std::optional<TextMap> read = ParseTextObject(row.json);
      BOOST_REQUIRE(read);
      BOOST_TEST((*read == row.texts));
    }
  }
  const Labels labels{{"__name__", "up"}, {"job", "a\"b"}};
  BOOST_TEST((ParseLabelsObject(ToTextObject(labels)) == labels));
}

BOOST_AUTO_TEST_CASE(AnythingElseIsRefused) {
  for (const char* const text :
       {"", "{", "}", "null", "[]", "{}x", R"({"a"})", R"({"a":})", R"({"a":1})", R"({"a":"b",})",
        R"({"a":"b)", R"({"a":"b\)", R"({"a":"b\u00)", R"({"a":"\u0041"})", R"({"a":"\uzzzz"})",
        R"({"a":"\u-001"})", R"({"a":"b"}{)"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseTextObject(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
