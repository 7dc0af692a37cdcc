#include "exporter/chart.h"

#include <limits>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<double>::max();

struct Case {
  std::vector<double> values;
  std::string_view bars;
  double low;
  double high;
};

const Case kCases[] = {
    {{1, 2, 8}, "▁▂█", 1, 8},
    {{kNan, 1, 3}, " ▁█", 1, 3},
    {{3, kNan, 1, -kInf}, "█ ▁ ", 1, 3},
    {{kInf, 5, 5}, " ▁▁", 5, 5},
    {{-kMax, kMax}, "▁█", -kMax, kMax},
    {{}, "", kInf, -kInf},
    {{kNan}, " ", kInf, -kInf},
};

BOOST_AUTO_TEST_SUITE(chart_test)

BOOST_AUTO_TEST_CASE(DrawsWhatIsFinite) {
  for (const Case& c : kCases) {
    const Chart chart(c.values);
    BOOST_TEST(chart.bars == c.bars);
    BOOST_TEST(chart.low == c.low);
    BOOST_TEST(chart.high == c.high);
    BOOST_TEST(chart.has_bars() == (c.low <= c.high));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
