#include "rules/promql/kahan.h"

#include <cmath>
#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kBig = 9.988465674311579e+307;

struct Row {
  std::vector<double> values;
  double sum;
  double mean;
};

bool Same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

BOOST_AUTO_TEST_SUITE(kahan_test)

BOOST_AUTO_TEST_CASE(SumsAndMeansLoseNoDigits) {
  const Row rows[] = {
      {{1, 2, 3}, 6, 2},
      {{2, 8, 1e100, -1e100}, 10, 2.5},
      {{1e100, 1, -1e100, 1}, 2, 0.5},
      {{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}, 5.5, 0.55},
      {{kInf, 2}, kInf, kInf},
      {{2, kInf}, kInf, kInf},
      {{kInf, 0, kInf}, kInf, kInf},
      {{-kInf, -kInf, 0}, -kInf, -kInf},
      {{kInf, -kInf}, kNan, kNan},
      {{kNan, 2}, kNan, kNan},
      {{2, kNan}, kNan, kNan},
      {{kBig, kBig, kBig, kBig}, kInf, kBig},
      {{-kBig, -kBig, -kBig, -kBig}, -kInf, -kBig},
      {{kInf}, kInf, kInf},
      {{-0.0}, 0, 0},
  };
  for (const Row& row : rows) {
    KahanSum sum;
    KahanMean mean;
    for (const double v : row.values) {
      sum.Add(v);
      mean.Add(v);
    }
    BOOST_TEST_CONTEXT("first of " << row.values.size() << ": " << row.values[0]) {
      BOOST_TEST(Same(sum.Total(), row.sum), sum.Total() << " is not " << row.sum);
      BOOST_TEST(Same(mean.Mean(), row.mean), mean.Mean() << " is not " << row.mean);
      BOOST_TEST(mean.count() == static_cast<double>(row.values.size()));
    }
  }
}

BOOST_AUTO_TEST_CASE(AMeanThatWouldOverflowMovesByShares) {
  KahanMean mean;
  for (const double v : {-kBig, -kBig, kBig, kBig}) mean.Add(v);
  BOOST_TEST(mean.Mean() == 0);
}

BOOST_AUTO_TEST_CASE(NothingHasNoMean) {
  BOOST_TEST(KahanSum{}.Total() == 0);
  BOOST_TEST(std::isnan(KahanMean{}.Mean()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
