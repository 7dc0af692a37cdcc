#include "base/text.h"

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(text_test)

BOOST_AUTO_TEST_CASE(OnlyAsciiCapitalsChange) {
  struct Row {
    std::string_view text, lower;
  };
  const Row rows[] = {
      {"", ""},
      {"SUCCESS", "success"},
      {"AZaz09_", "azaz09_"},
      {"@[`{", "@[`{"},                            // The neighbours of the letters.
      {"\xc3\x89t\xc3\x89", "\xc3\x89t\xc3\x89"},  // É is two bytes, and not ASCII.
      {"A\0B"sv, "a\0b"sv},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(LowerCase(row.text) == row.lower);
    }
  }
}

BOOST_AUTO_TEST_CASE(EqualityIgnoresTheCaseOfAsciiOnly) {
  struct Row {
    std::string_view a, b;
    bool equal;
  };
  const Row rows[] = {
      {"", "", true},
      {"Content-Type", "content-type", true},
      {"q", "Q", true},
      {"gzip", "gzi", false},
      {"", "a", false},
      {"@", "`", false},  // They differ by the bit that tells "A" from "a".
      {"\xc3\x89", "\xc3\xa9", false},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.a << " and " << row.b) {
      BOOST_TEST(EqualsIgnoringCase(row.a, row.b) == row.equal);
      BOOST_TEST(EqualsIgnoringCase(row.b, row.a) == row.equal);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
