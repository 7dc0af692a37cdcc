#include "exporter/evaluation_rounds.h"

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Fixture {
  void Put(const std::string& name, std::uint64_t iterations) {
    ++evaluations;
    for (GroupView& group : groups) {
      if (group.name != name) continue;
      group.iterations = iterations;
      return;
    }
    groups.emplace_back();
    groups.back().name = name;
    groups.back().iterations = iterations;
  }

  std::uint64_t evaluations = 0;
  std::vector<GroupView> groups;
  EvaluationRounds rounds{
      {.groups = [this] { return groups; }, .evaluations = [this] { return evaluations; }}};
};

BOOST_FIXTURE_TEST_SUITE(evaluation_rounds_test, Fixture)

BOOST_AUTO_TEST_CASE(ARoundEndsWhenEveryGroupWasEvaluated) {
  BOOST_TEST(!rounds.HasEnded());
  Put("a", 1);
  Put("b", 0);
  BOOST_TEST(!rounds.HasEnded());
  Put("a", 2);
  BOOST_TEST(!rounds.HasEnded());
  Put("b", 1);
  BOOST_TEST(rounds.HasEnded());
  BOOST_TEST(!rounds.HasEnded());
  Put("a", 3);
  BOOST_TEST(!rounds.HasEnded());
  Put("b", 2);
  BOOST_TEST(rounds.HasEnded());
}

BOOST_AUTO_TEST_CASE(AReloadBringsGroupsAndTakesThemAway) {
  Put("a", 5);
  BOOST_TEST(rounds.HasEnded());
  Put("a", 1);  // Another group of the same name.
  BOOST_TEST(rounds.HasEnded());
  Put("b", 0);
  Put("a", 2);
  BOOST_TEST(!rounds.HasEnded());
  groups.pop_back();
  Put("a", 3);
  BOOST_TEST(rounds.HasEnded());
}

BOOST_AUTO_TEST_CASE(WithoutGroupsThereIsNoRound) {
  ++evaluations;
  BOOST_TEST(!rounds.HasEnded());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
