#include "rules/text_object.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {

BOOST_AUTO_TEST_SUITE(text_object_test)

BOOST_AUTO_TEST_CASE(BytesAreKeptAndWhatJsonWantsIsEscaped) {
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
      {{{"in the middle", "a\nb\"c"}}, R"({"in the middle":"a\u000ab\"c"})"},
      {{{"nul", std::string("a\0b", 3)}}, R"({"nul":"a\u0000b"})"},
      {{{"\xc3\xa9", "\xff\x7f"}}, "{\"\xc3\xa9\":\"\xff\x7f\"}"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.json) {
      BOOST_TEST(ToTextObject(row.texts) == row.json);
    }
  }
}

BOOST_AUTO_TEST_CASE(LabelsAreWrittenInTheirOrderAfterWhatIsThere) {
  std::string out = "[";
  AppendTextObject(out, Labels{{"job", "a\"b"}, {"__name__", "up"}});
  BOOST_TEST(out == R"([{"__name__":"up","job":"a\"b"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
