#include "collectors/sql_queries/watermark.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::sql_queries {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A table whose rows become visible when the test says so, read as a collector reads it.
struct Table {
  /// All rows after the watermark's bound, in pages; how many count.
  int Read(PagedWatermark& watermark, SteadyPoint now, std::size_t page = 1000) const {
    int counted = 0;
    for (bool more = true; more;) {
      const int after = std::stoi(watermark.next());
      std::optional<std::string> last;
      std::size_t size = 0;
      more = false;
      for (auto row = rows.upper_bound(after); row != rows.end(); ++row) {
        if (size == page) {
          more = true;
          break;
        }
        ++size;
        last = std::to_string(row->first);
        if (watermark.Admit(row->second)) ++counted;
      }
      watermark.EndPage(last, more, now);
    }
    return counted;
  }

  std::map<int, std::string> rows;  ///< Id by watermark.
};

PagedWatermark Restored(const PagedWatermark& old, Duration overlap, SteadyPoint now) {
  PagedWatermark fresh(overlap);
  fresh.Restore(boost::json::parse(boost::json::serialize(old.Save())), now);
  return fresh;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_queries_watermark_test)

BOOST_AUTO_TEST_CASE(OrderIsByNumberOrByByte) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"9", "10"},
      {"-1", "0"},
      {"9007199254740992", "9007199254740993"},
      {"1.5", "10"},
      {"12345678901234567890.001", "12345678901234567890.002"},
      {"12345678901234567890.9", "123456789012345678901.1"},
      {"2026-01-01 00:00:00+00", "2026-01-01 00:00:00.5+00"},
      {"2026-01-01 00:00:00.45", "2026-01-01 00:00:00.5"},
      {"", "a"},
      {"018f", "018g"},
  };
  for (const auto& [small, large] : table) {
    BOOST_TEST(IsBefore(small, large), small + " " + large);
    BOOST_TEST(!IsBefore(large, small), small + " " + large);
    BOOST_TEST(!IsBefore(small, small));
  }
}

BOOST_AUTO_TEST_CASE(EachRowCountsOnce) {
  for (const Duration overlap : {Duration(0), Duration(minutes(5))}) {
    PagedWatermark watermark(overlap);
    SteadyPoint now{};
    watermark.Begin("0", now);
    Table table;
    int next = 1;
    for (int round = 0; round < 50; ++round) {
      for (int i = 0; i < 7; ++i, ++next) table.rows[next] = std::to_string(next);
      now += seconds(15);
      BOOST_TEST(table.Read(watermark, now, 3) == 7);
      if (round == 25) watermark = Restored(watermark, overlap, now + seconds(1));
    }
    BOOST_TEST(table.Read(watermark, now + minutes(10)) == 0);
  }
}

BOOST_AUTO_TEST_CASE(LateCommitsCountWithinTheOverlap) {
  PagedWatermark watermark(minutes(5));
  SteadyPoint now{};
  watermark.Begin("0", now);
  Table table;
  // Row i is given its place in round i, every 15 s, and those of every third appear 18 rounds
  // later: four and a half minutes.
  int counted = 0;
  for (int i = 1; i <= 300; ++i) {
    now += seconds(15);
    if (i % 3 != 0) table.rows[i] = std::to_string(i);
    if (i > 18 && (i - 18) % 3 == 0) table.rows[i - 18] = std::to_string(i - 18);
    counted += table.Read(watermark, now);
  }
  BOOST_TEST(counted == static_cast<int>(table.rows.size()));
  // What is later than that is lost, as without an overlap all of it would be.
  table.rows[3 * 50] = "new";
  BOOST_TEST(table.Read(watermark, now + seconds(15)) == 0);
}

BOOST_AUTO_TEST_CASE(DeletedRowsDoNotDrawItBack) {
  PagedWatermark watermark(minutes(5));
  SteadyPoint now{};
  watermark.Begin("0", now);
  Table table;
  for (int i = 1; i <= 100; ++i) table.rows[i] = std::to_string(i);
  BOOST_TEST(table.Read(watermark, now) == 100);
  table.rows.erase(table.rows.find(50), table.rows.end());
  for (int round = 0; round < 100; ++round) {
    now += seconds(15);
    BOOST_TEST(table.Read(watermark, now) == 0);
  }
  table.rows[101] = "101";
  BOOST_TEST(table.Read(watermark, now) == 1);
}

BOOST_AUTO_TEST_CASE(ABacklogIsReadPageByPage) {
  PagedWatermark watermark(minutes(5));
  SteadyPoint now{};
  watermark.Begin("5", now);
  BOOST_TEST(watermark.next() == "5");
  BOOST_TEST(watermark.Admit("a"));
  watermark.EndPage("9", /*is_full=*/true, now);
  BOOST_TEST(!watermark.caught_up());
  BOOST_TEST(watermark.next() == "9");
  BOOST_TEST(!watermark.Admit("a"));
  watermark.EndPage(std::nullopt, /*is_full=*/false, now);
  BOOST_TEST(watermark.caught_up());
  BOOST_TEST(watermark.next() == "5");  // Late rows of before the page may still come.
}

BOOST_AUTO_TEST_CASE(MemoryIsBounded) {
  PagedWatermark watermark(minutes(5));
  watermark.Begin("0", SteadyPoint{});
  int row = 0;
  for (int page = 0; page < 30; ++page) {
    for (int i = 0; i < 10'000; ++i) watermark.Admit(std::to_string(++row));
    watermark.EndPage(std::to_string(row), /*is_full=*/true, SteadyPoint{});
  }
  watermark.EndPage(std::nullopt, /*is_full=*/false, SteadyPoint{});
  const std::string saved = boost::json::serialize(watermark.Save());
  BOOST_TEST(saved.size() < 1'100'000U);
  BOOST_TEST(std::stoi(watermark.next()) >= 190'000);  // Where what is remembered begins.
}

BOOST_AUTO_TEST_CASE(WithoutAnOverlapAnyOrderWillDo) {
  PagedWatermark watermark(Duration(0));
  watermark.Begin("F/0", SteadyPoint{});
  watermark.EndPage("10/0", /*is_full=*/false, SteadyPoint{});
  BOOST_TEST(watermark.next() == "10/0");
  BOOST_TEST(Restored(watermark, Duration(0), SteadyPoint{}).next() == "10/0");
}

BOOST_AUTO_TEST_CASE(AWatermarkThatStandsStillGetsStuck) {
  PagedWatermark watermark(minutes(5));
  watermark.Begin("F/0", SteadyPoint{});
  for (int row = 0; row <= 100'000; ++row) {
    BOOST_TEST_REQUIRE(!watermark.is_stuck());
    watermark.Admit(std::to_string(row));
    watermark.EndPage("10/" + std::to_string(row), /*is_full=*/true, SteadyPoint{});
  }
  BOOST_TEST(watermark.is_stuck());
  BOOST_TEST(Restored(watermark, minutes(5), SteadyPoint{}).is_stuck());
}

BOOST_AUTO_TEST_CASE(SavedStateThatMakesNoSenseIsIgnored) {
  for (const char* text : {"null", "[]", "{}", R"({"at":1,"steps":[1]})", R"({"at":"1"})",
                           R"({"at":"1","steps":"x"})"}) {
    PagedWatermark watermark(minutes(5));
    watermark.Restore(boost::json::parse(text), SteadyPoint{});
    BOOST_TEST(!watermark.has_begun(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::sql_queries
