#include "rules/promql/classic_histogram.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

const ClassicHistogram kPositive{{0.1, 50}, {0.2, 70}, {1, 110}, {kInf, 120}};
const ClassicHistogram kNegative{{-0.2, 10}, {-0.1, 20}, {0.3, 20}, {kInf, 30}};

BOOST_AUTO_TEST_SUITE(classic_histogram_test)

BOOST_AUTO_TEST_CASE(QuantilesAreInterpolatedWithinTheirBucket) {
  struct Case {
    double q;
    ClassicHistogram histogram;
    double expected;
  };
  const Case rows[] = {
      {0, kPositive, 0},
      {0.2, kPositive, 0.048},
      {0.5, kPositive, 0.15},
      {0.8, kPositive, 0.72},
      {1, kPositive, 1},  // In the last bucket: the bound before it.
      {0, kNegative, -0.2},
      {0.2, kNegative, -0.2},  // In the first one, which has no lower end.
      {0.5, kNegative, -0.15},
      {0.8, kNegative, 0.3},
      {-0.1, kPositive, -kInf},
      {1.1, kPositive, kInf},
      {kNan, kPositive, kNan},
      {-0.1, {{1, 1}}, -kInf},           // q decides before the buckets do.
      {0.5, {}, kNan},                   // No bucket.
      {0.5, {{1, 1}, {2, 2}}, kNan},     // None up to +Inf.
      {0.5, {{kInf, 3}}, kNan},          // No other.
      {0.5, {{1, 0}, {kInf, 0}}, kNan},  // No observation.
      {0.5, {{1, kNan}, {kInf, kNan}}, 1},
      {0.5, {{0, 2}, {kInf, 4}}, 0},
  };
  for (const Case& row : rows) {
    ClassicHistogram histogram = row.histogram;
    MonotonicityFix fix;
    const double actual = BucketQuantile(row.q, histogram, fix);
    BOOST_TEST(Close(actual, row.expected), "quantile " << row.q << " of " << histogram.size()
                                                        << " buckets is " << Show(actual)
                                                        << ", not " << Show(row.expected));
    BOOST_TEST(!fix.needed);
  }
}

BOOST_AUTO_TEST_CASE(DecreasingCountsAreRaised) {
  const ClassicHistogram uneven{{0.1, 20}, {1, 10}, {10, 50}, {100, 40}, {1000, 90}, {kInf, 80}};
  struct Case {
    double q;
    double expected;
  };
  for (const Case& row : {Case{0.01, 0.0045}, {0.5, 8.5}, {0.99, 979.75}}) {
    ClassicHistogram histogram = uneven;
    MonotonicityFix fix;
    BOOST_TEST(Close(BucketQuantile(row.q, histogram, fix), row.expected));
    BOOST_TEST(fix.needed);
    BOOST_TEST(fix.lowest_bound == 1);
    BOOST_TEST(fix.highest_bound == kInf);
    BOOST_TEST(fix.largest_difference == 10);
  }
}

BOOST_AUTO_TEST_CASE(WhatRoundingLeftIsNoDecrease) {
  ClassicHistogram histogram{{1, 100}, {2, 100 - 1e-11}, {3, 100 + 1e-11}, {kInf, 100}};
  MonotonicityFix fix;
  BOOST_TEST(BucketQuantile(1, histogram, fix) == 1);
  BOOST_TEST(!fix.needed);
  ClassicHistogram steeper{{1, 100}, {2, 100 - 1e-9}, {kInf, 100}};
  BOOST_TEST(BucketQuantile(1, steeper, fix) == 1);
  BOOST_TEST(fix.needed);
}

BOOST_AUTO_TEST_CASE(FractionsAreInterpolatedWithinBuckets) {
  const ClassicHistogram positive{{1, 1}, {2, 3}, {3, 6}, {kInf, 100}};
  const ClassicHistogram negative{{-3, 10}, {-2, 12}, {-1, 15}, {kInf, 100}};
  const ClassicHistogram around_zero{{-2, 5}, {-1, 10}, {0, 15}, {1, 20}, {kInf, 100}};
  struct Case {
    double lower;
    double upper;
    ClassicHistogram histogram;
    double expected;
  };
  const Case rows[] = {
      {0, 1.5, positive, 0.02},
      {0.5, 2, positive, 0.025},
      {2, 5, positive, 0.03},
      {1, 3, positive, 0.05},
      {400, kInf, positive, 0.94},
      {4, 5, positive, 0},
      {-10, -5, positive, 0},
      {-kInf, kInf, positive, 1},
      {2, 2, positive, 0},
      {3, 2, positive, 0},
      {-4, -2, negative, 0.02},
      {-kInf, -1.5, negative, 0.135},
      {-kInf, kInf, negative, 1},
      {0, 1, negative, 0},
      {-1, 1, around_zero, 0.1},
      {kNan, 1, positive, kNan},
      {0, kNan, positive, kNan},
      {0, 1, {{kInf, 100}}, 0},
      {0, 5, {{1, 0}, {kInf, 0}}, kNan},
      {3, 2, {{1, 0}, {kInf, 0}}, kNan},
      {0, 1, {{1, 1}, {2, 2}}, kNan},
      {0, 1, {}, kNan},
  };
  for (const Case& row : rows) {
    const double actual = BucketFraction(row.lower, row.upper, row.histogram);
    BOOST_TEST(Close(actual, row.expected),
               row.lower << " to " << row.upper << " of " << row.histogram.size() << " buckets is "
                         << Show(actual) << ", not " << Show(row.expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
