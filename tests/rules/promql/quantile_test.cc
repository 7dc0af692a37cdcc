#include "rules/promql/quantile.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

/// By sorting, as the definition has it.
double SortedQuantile(double q, std::vector<double> values) {
  std::ranges::sort(values,
                    [](double a, double b) { return a < b || (std::isnan(a) && !std::isnan(b)); });
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(rank);
  const std::size_t upper = std::min(lower + 1, values.size() - 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

BOOST_AUTO_TEST_SUITE(quantile_test)

BOOST_AUTO_TEST_CASE(SelectingGivesExactlyWhatSortingGives) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> values(1 + random() % 40);
    for (double& v : values)
      v = random() % 9 == 0 ? std::nan("") : 0.1 * static_cast<double>(random() % 50);
    const double q = static_cast<double>(random() % 101) / 100;
    const double expected = SortedQuantile(q, values);
    const double actual = Quantile(q, values);
    BOOST_TEST((actual == expected || (std::isnan(actual) && std::isnan(expected))),
               "round " << round << ": " << actual << " is not " << expected);
  }
}

BOOST_AUTO_TEST_CASE(NothingHasNoQuantile) {
  BOOST_TEST(std::isnan(Quantile(0.5, {})));
}

BOOST_AUTO_TEST_CASE(AnInfiniteNeighbourMakesNanEvenWithoutWeight) {
  std::vector<double> values{1, std::numeric_limits<double>::infinity()};
  BOOST_TEST(std::isnan(Quantile(0, values)));  // Prometheus' promql/quantile.go has it so.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
