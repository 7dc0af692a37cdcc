#include "base/hex.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(hex_test)

BOOST_AUTO_TEST_CASE(WritesAsManyDigitsAsAreWanted) {
  std::string out = "0x";
  AppendHex(out, 0x0123456789abcdef, 16);
  BOOST_TEST(out == "0x0123456789abcdef");
  AppendHex(out, 0x1f, 4);
  BOOST_TEST(out == "0x0123456789abcdef001f");
  AppendHex(out, 0x1f, 1);
  BOOST_TEST(out == "0x0123456789abcdef001ff");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
