#include "rules/promql/relabeling.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

const Labels kA = {{"x", "a"}};
const Labels kB = {{"x", "b"}};

Block ThreeSeries() {
  Block block(std::make_shared<const Shape>(Shape{{{{"n", "1"}}, {{"n", "2"}}, {{"n", "3"}}}, {}}),
              1);
  block.values = {1, 2, 3};
  return block;
}

BOOST_AUTO_TEST_SUITE(relabeling_test)

BOOST_AUTO_TEST_CASE(DifferentLabelsInOrderMoveNothing) {
  const Relabeling relabeling = MakeRelabeling({kA, kB}, SeriesOrder::kByLabels);
  BOOST_TEST(relabeling.target.empty());
  BOOST_TEST(!relabeling.merges);
}

BOOST_AUTO_TEST_CASE(SeriesAreSortedByTheirNewLabels) {
  const Relabeling relabeling = MakeRelabeling({kB, {}, kA}, SeriesOrder::kByLabels);
  const Result<Block> sorted = Apply(relabeling, ThreeSeries());
  BOOST_REQUIRE(sorted);
  BOOST_TEST(sorted->shape->labels[1].ToString() == "{x=\"a\"}");
  const std::vector<double> expected = {2, 3, 1};
  BOOST_TEST(sorted->values == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(TheOrderOfAResultMovesWithItsSeries) {
  const Relabeling relabeling = MakeRelabeling({kB, kA, kA}, SeriesOrder::kAsTheyCome);
  BOOST_TEST(relabeling.merges);
  Block block = ThreeSeries();
  block.values[1] = kAbsent;
  block.order = {2, 1, 0};
  const Result<Block> moved = Apply(relabeling, std::move(block));
  BOOST_REQUIRE(moved);
  const std::vector<std::uint32_t> expected = {1, 0};
  BOOST_TEST(moved->order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(SeriesOfOneNameMustNotMeet) {
  const Relabeling relabeling = MakeRelabeling({kA, kA, kB}, SeriesOrder::kAsTheyCome);
  BOOST_TEST(!Apply(relabeling, ThreeSeries()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
