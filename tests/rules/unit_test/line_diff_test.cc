#include "rules/unit_test/line_diff.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::unit_test {

BOOST_AUTO_TEST_SUITE(line_diff_test)

BOOST_AUTO_TEST_CASE(OnlyTheLinesThatDifferAreMarked) {
  BOOST_TEST(DiffOfLines("a\nb\nc", "a\nb\nc") == "  a\n  b\n  c");
  BOOST_TEST(DiffOfLines("a\nb\nc", "a\nx\nc") == "  a\n- b\n+ x\n  c");
  BOOST_TEST(DiffOfLines("a\nb", "b\nc") == "- a\n  b\n+ c");
  BOOST_TEST(DiffOfLines("[]", "[\n0\n]") == "- []\n+ [\n+ 0\n+ ]");
  BOOST_TEST(DiffOfLines("", "a") == "- \n+ a");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::unit_test
