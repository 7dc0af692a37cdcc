#include "collectors/sql/utf8_rows.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {
namespace {

BOOST_AUTO_TEST_SUITE(utf8_rows_test)

BOOST_AUTO_TEST_CASE(BytesThatAreNotUtf8AreReplaced) {
  SqlRows rows(std::vector<std::string>{"a", "b"});
  for (const char* const text : {"caf\xe9", "caf\xc3\xa9"}) rows.Append(text);
  rows.Append(std::nullopt);
  rows.Append("");
  const SqlRows clean = InUtf8(rows);
  BOOST_TEST(clean.names() == rows.names(), boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(clean.size() == 2U);
  BOOST_TEST(clean.Text(0, 0) == "caf\xef\xbf\xbd");
  BOOST_TEST(clean.Text(0, 1) == "caf\xc3\xa9");
  BOOST_TEST(!clean.At(1, 0).has_value());
  BOOST_TEST(clean.At(1, 1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors
