#include "exporter/log_mistakes.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/recorded_log.h"

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(log_mistakes_test)

BOOST_AUTO_TEST_CASE(EachMistakeIsALine) {
  const RecordedLog log;
  LogMistakes(log.log(), "cannot start", {ErrorCode::kInvalidInput, "a:7:24: x\na:13:5: y"});
  BOOST_TEST(log.Count("level=error msg=\"cannot start\" error=\"a:7:24: x\"\n") == 1);
  BOOST_TEST(log.Count("level=error msg=\"cannot start\" error=\"a:13:5: y\"\n") == 1);
  BOOST_TEST(log.Count("\n") == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
