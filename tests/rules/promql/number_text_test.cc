#include "rules/promql/number_text.h"

#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  double value;
  std::string general;
  std::string fixed;
};

BOOST_AUTO_TEST_SUITE(number_text_test)

BOOST_AUTO_TEST_CASE(NumbersReadAsGoPrintsThem) {
  const Case rows[] = {
      {0, "0", "0.000000"},
      {1, "1", "1.000000"},
      {-0.1, "-0.1", "-0.100000"},
      {1.0 / 3, "0.3333333333333333", "0.333333"},
      {0.0001, "0.0001", "0.000100"},
      {0.00001, "1e-05", "0.000010"},
      {100000, "100000", "100000.000000"},
      {1000000, "1e+06", "1000000.000000"},
      {1234567, "1.234567e+06", "1234567.000000"},
      {kInf, "+Inf", "+Inf"},
      {-kInf, "-Inf", "-Inf"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN", "NaN"},
  };
  for (const Case& row : rows) {
    BOOST_TEST(GoG(row.value) == row.general);
    BOOST_TEST(GoF(row.value) == row.fixed);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
