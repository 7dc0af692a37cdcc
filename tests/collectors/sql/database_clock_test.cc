#include "collectors/sql/database_clock.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"

namespace tocsin::collectors {
namespace {

using std::chrono::seconds;

SqlRows Row(std::vector<SqlRows::Cell> cells) {
  SqlRows rows(cells.size());
  for (SqlRows::Cell& cell : cells) rows.Append(std::move(cell));
  return rows;
}

BOOST_AUTO_TEST_SUITE(database_clock_test)

BOOST_AUTO_TEST_CASE(ItsTimeIsThatOfTheMiddleBetweenQuestionAndAnswer) {
  FakeClock ours{TimePoint(seconds(1000))};
  DatabaseClock clock(ours);
  const Status read = clock.Read([&] {
    ours.Advance(seconds(4));
    return Result<SqlRows>(Row({"5000.5"}));
  });
  BOOST_TEST_REQUIRE(static_cast<bool>(read));
  BOOST_TEST(clock.skew_seconds() == 5000.5 - 1002);
  BOOST_TEST(UnixSeconds(clock.Now()) == 5002.5);
  ours.Advance(seconds(10));
  BOOST_TEST(UnixSeconds(clock.Now()) == 5012.5);
}

BOOST_AUTO_TEST_CASE(AnAnswerThatIsNoTimeIsAnError) {
  FakeClock ours;
  DatabaseClock clock(ours);
  const auto code_of = [&](const Result<SqlRows>& answer) {
    const Status read = clock.Read([&] { return answer; });
    BOOST_TEST_REQUIRE(!read);
    return read.error().code;
  };
  BOOST_TEST((code_of(Row({"soon"})) == ErrorCode::kCorrupt));
  BOOST_TEST((code_of(Row({std::nullopt})) == ErrorCode::kCorrupt));
  BOOST_TEST((code_of(SqlRows(1)) == ErrorCode::kCorrupt));
  BOOST_TEST((code_of(Error{ErrorCode::kTimeout, "late"}) == ErrorCode::kTimeout));
}

BOOST_AUTO_TEST_CASE(AgesAreByTheClockInTheSameRow) {
  const SqlRows rows = Row({"100", "40", std::nullopt, "130"});
  BOOST_TEST(AgeAt(rows, 0, 0, EpochAt(rows, 0, 1)) == 60);
  BOOST_TEST(AgeAt(rows, 0, 0, EpochAt(rows, 0, 2)) == 0);
  BOOST_TEST(AgeAt(rows, 0, 0, EpochAt(rows, 0, 3)) == 0);  // Yet to come.
  BOOST_TEST(AgeAt(rows, 0, 2, EpochAt(rows, 0, 1)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors
