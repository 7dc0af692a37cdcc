#include "base/nearest_word.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(nearest_word_test)

BOOST_AUTO_TEST_CASE(TheNearestWordIsFound) {
  const std::vector<std::string_view> words = {"interval", "timeout", "name"};
  BOOST_TEST(NearestWord("intervall", words).value() == "interval");
  BOOST_TEST(NearestWord("nmae", words).value() == "name");
  BOOST_TEST(!NearestWord("xyz", words).has_value());
  BOOST_TEST(!NearestWord("x", {"a"}).has_value());
  BOOST_TEST(DidYouMean("nmae", words) == " (did you mean \"name\"?)");
  BOOST_TEST(DidYouMean("xyz", words) == "");
  BOOST_TEST(!NearestWord("", words).has_value());
  BOOST_TEST(!NearestWord(std::string(100'000, 'n'), words).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
