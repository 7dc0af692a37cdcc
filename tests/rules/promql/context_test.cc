#include "rules/promql/context.h"

#include <boost/test/unit_test.hpp>

#include "rules/promql/pace.h"
#include "tests/support/fake_clock.h"

namespace tocsin::promql {
namespace {

constexpr std::size_t kMany = 1'000'000;

struct ContextFixture {
  Features features;
  Annotations annotations{""};
  FakeClock clock;
  Budget budget{kMany, clock.SteadyNow() + Duration(1000), clock, {}};
  Memo memo;

  Context At(const Steps& steps) { return {steps, features, annotations, budget}; }
};

Block MakeBlock(std::vector<Labels> labels, std::size_t steps, std::vector<double> values) {
  Block block(std::make_shared<const Shape>(Shape{std::move(labels), {}}), steps);
  block.values = std::move(values);
  return block;
}

BOOST_FIXTURE_TEST_SUITE(context_test, ContextFixture)

BOOST_AUTO_TEST_CASE(ABudgetRefusesWhatGoesBeyondItAndTakesBack) {
  Budget small(10, clock.SteadyNow() + Duration(1000), clock, {});
  BOOST_TEST(static_cast<bool>(small.Take(10)));
  const Status refused = small.Take(1);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == ErrorCode::kTooLarge));
  BOOST_TEST(refused.error().message ==
             "query processing would load too many samples into memory in query execution");
  small.GiveBack(1);
  BOOST_TEST(static_cast<bool>(small.Take(1)));
}

BOOST_AUTO_TEST_CASE(ABudgetKnowsTheMostThatWasTaken) {
  BOOST_TEST(budget.peak() == 0U);
  BOOST_TEST(static_cast<bool>(budget.Take(3)));
  BOOST_TEST(static_cast<bool>(budget.Take(4)));
  budget.GiveBack(7);
  BOOST_TEST(static_cast<bool>(budget.Take(5)));
  BOOST_TEST(!budget.Take(kMany));  // Was not given.
  BOOST_TEST(budget.peak() == 7U);
}

BOOST_AUTO_TEST_CASE(ABudgetIsOutOfTimeAtItsDeadline) {
  BOOST_TEST(static_cast<bool>(budget.Check()));
  clock.Advance(Duration(1000));
  Status checked;
  for (int i = 0; i < 100 && checked; ++i) checked = budget.Check();
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().code == ErrorCode::kTimeout));
  BOOST_TEST(checked.error().message == "query timed out in expression evaluation");
}

BOOST_AUTO_TEST_CASE(MuchWorkAtOnceIsWorthALookAtTheClock) {
  BOOST_TEST(static_cast<bool>(budget.Check()));
  clock.Advance(Duration(1000));
  BOOST_TEST(static_cast<bool>(budget.Check()), "only now and then");
  BOOST_TEST(!budget.CheckNow());
  Pace pace(budget);
  BOOST_TEST(static_cast<bool>(pace.Spend(1)));
  const Status spent = pace.Spend(1'000'000);
  BOOST_REQUIRE(!spent);
  BOOST_TEST((spent.error().code == ErrorCode::kTimeout));
}

BOOST_AUTO_TEST_CASE(ABudgetNoticesAStopAtOnce) {
  std::stop_source stop;
  Budget stoppable(kMany, clock.SteadyNow() + Duration(1000), clock, stop.get_token());
  BOOST_TEST(static_cast<bool>(stoppable.Check()));
  stop.request_stop();
  const Status checked = stoppable.Check();
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(checked.error().message == "query was canceled in expression evaluation");
}

BOOST_AUTO_TEST_CASE(DroppedNamesKeepValuesAndTheShapeOfLastTime) {
  Block block =
      MakeBlock({{{"__name__", "m"}, {"a", "1"}}, {{"__name__", "m"}, {"a", "2"}}}, 1, {1, 2});
  const Block again = block;
  const Result<Block> first = DropNames(std::move(block), memo, At({}));
  BOOST_REQUIRE(first);
  BOOST_TEST(first->shape->labels[0].ToString() == "{a=\"1\"}");
  BOOST_TEST(first->values[1] == 2);
  const Result<Block> second = DropNames(again, memo, At({}));
  BOOST_REQUIRE(second);
  BOOST_TEST(second->shape == first->shape);
}

BOOST_AUTO_TEST_CASE(SeriesThatBecomeTheSameAreMergedIfTheyNeverMeet) {
  Block block = MakeBlock({{{"__name__", "m"}}, {{"__name__", "n"}}}, 3,
                          {1, kAbsent, kAbsent, kAbsent, 2, kAbsent});
  const Result<Block> dropped = DropNames(std::move(block), memo, At({0, 1, 3}));
  BOOST_REQUIRE(dropped);
  BOOST_TEST(dropped->shape->size() == 1u);
  BOOST_TEST(dropped->at(0, 0) == 1);
  BOOST_TEST(dropped->at(0, 1) == 2);
  BOOST_TEST(IsAbsent(dropped->at(0, 2)));
}

BOOST_AUTO_TEST_CASE(SeriesThatBecomeTheSameAtOneStepAreAnError) {
  Block block = MakeBlock({{{"__name__", "m"}}, {{"__name__", "n"}}}, 2, {1, 2, kAbsent, 3});
  const Result<Block> dropped = DropNames(std::move(block), memo, At({0, 1, 2}));
  BOOST_REQUIRE(!dropped);
  BOOST_TEST(dropped.error().message == "vector cannot contain metrics with the same labelset");
}

BOOST_AUTO_TEST_CASE(DelayedRemovalOnlySetsFlags) {
  features.delayed_name_removal = true;
  Block block = MakeBlock({{{"__name__", "m"}}, {{"__name__", "n"}}}, 1, {1, 2});
  const Result<Block> dropped = DropNames(std::move(block), memo, At({}));
  BOOST_REQUIRE(dropped);
  BOOST_TEST(dropped->shape->labels[1].ToString() == "n");
  BOOST_TEST(dropped->shape->visible(1).ToString() == "{}");
}

BOOST_AUTO_TEST_CASE(TypeAndUnitGoWithTheNameIfTheFeatureIsOn) {
  const Labels labels = {{"__name__", "m"}, {"__type__", "counter"}, {"__unit__", "s"}, {"a", "b"}};
  const Result<Block> kept = DropNames(MakeBlock({labels}, 1, {1}), memo, At({}));
  BOOST_TEST(kept->shape->labels[0].ToString() ==
             "{__type__=\"counter\", __unit__=\"s\", a=\"b\"}");
  features.type_and_unit_labels = true;
  const Result<Block> gone = DropNames(MakeBlock({labels}, 1, {1}), memo, At({}));
  BOOST_TEST(gone->shape->labels[0].ToString() == "{a=\"b\"}");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
