#include "exporter/process_metrics.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {

BOOST_AUTO_TEST_SUITE(process_metrics_test)

BOOST_AUTO_TEST_CASE(ParsesProcStat) {
  constexpr const char* kRest =
      " S 1 42 42 0 -1 4194560 1000 0 5 0 12 34 0 0 20 0 7 0 99 1000000 250 18446744073709551615\n";
  for (const std::string command : {"(tocsin)", "(a b)", "() 1 2 3)", "()"}) {
    BOOST_TEST_CONTEXT(command) {
      const auto stat = ParseProcessStat("42 " + command + kRest);
      BOOST_REQUIRE(stat.has_value());
      BOOST_TEST(stat->threads == 7);
      BOOST_TEST(stat->virtual_bytes == 1000000);
      BOOST_TEST(stat->resident_pages == 250);
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesWhatIsNotProcStat) {
  for (const char* const text : {"", "42", "42 (tocsin)", "42 (tocsin) S 1 2 3", "42 (x) S a b"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseProcessStat(text));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
