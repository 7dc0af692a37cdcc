#include "collectors/kailash/arrival_watermark.h"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::kailash {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Moment kNow = *ParseIso("2026-11-21T12:50:00");

/// A page with one row in it, of that id and stamp.
void ReadOne(ArrivalWatermark& watermark, const std::string& id, Moment stamp,
             bool is_full = false) {
  watermark.Admit(id, stamp);
  watermark.EndPage(ArrivalWatermark::Position{FormatIsoSecond(stamp), id}, stamp, is_full, kNow);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arrival_watermark_test)

BOOST_AUTO_TEST_CASE(EachRowIsNewOnce) {
  ArrivalWatermark watermark(minutes(5));
  BOOST_TEST(!watermark.has_begun());
  watermark.Begin(kNow - hours(1), kNow);
  BOOST_TEST(watermark.has_begun());
  BOOST_TEST(watermark.next().stamp == "2026-11-21T11:45:00");
  BOOST_TEST(watermark.next().id == "");
  BOOST_TEST(watermark.Admit("a", kNow));
  BOOST_TEST(!watermark.Admit("a", kNow));
}

BOOST_AUTO_TEST_CASE(AnEmptyTableIsReadFromTheBeginning) {
  ArrivalWatermark watermark(minutes(5));
  watermark.Begin(std::nullopt, kNow);
  watermark.EndPage(std::nullopt, std::nullopt, false, kNow);
  BOOST_TEST(watermark.next().stamp == "");
  ReadOne(watermark, "a", kNow - hours(14));  // By a clock that is behind.
  BOOST_TEST(watermark.next().stamp == "2026-11-20T22:45:00");
}

BOOST_AUTO_TEST_CASE(TheFutureDoesNotCarryItAlong) {
  ArrivalWatermark watermark(minutes(5));
  watermark.Begin(kNow + hours(14), kNow);
  BOOST_TEST(watermark.next().stamp == "2026-11-21T12:45:00");
  ReadOne(watermark, "a", kNow + hours(14));
  BOOST_TEST(watermark.next().stamp == "2026-11-21T12:45:00");
  BOOST_TEST(!watermark.Admit("a", kNow + hours(14)));
}

BOOST_AUTO_TEST_CASE(ABacklogGoesOnAfterItsLastRow) {
  ArrivalWatermark watermark(minutes(5));
  watermark.Begin(kNow - hours(1), kNow);
  ReadOne(watermark, "a", kNow - minutes(30), true);
  BOOST_TEST(!watermark.caught_up());
  BOOST_TEST(watermark.next().stamp == "2026-11-21T12:20:00");
  BOOST_TEST(watermark.next().id == "a");
  ReadOne(watermark, "b", kNow - minutes(20));
  BOOST_TEST(watermark.caught_up());
  BOOST_TEST(watermark.next().stamp == "2026-11-21T12:25:00");
}

BOOST_AUTO_TEST_CASE(RowsBeyondTheLimitAreNeverNewAgain) {
  constexpr std::size_t kMost = 3;
  ArrivalWatermark watermark(minutes(5), kMost);
  watermark.Begin(kNow - hours(1), kNow);
  const auto id = [](int i) { return std::to_string(i); };
  const auto stamp = [](int i) { return kNow - minutes(1) + milliseconds(400 * i); };
  for (int i = 0; i < 5; ++i) BOOST_TEST(watermark.Admit(id(i), stamp(i)));
  watermark.EndPage(ArrivalWatermark::Position{"", id(4)}, stamp(4), false, kNow);
  ArrivalWatermark restarted(minutes(5), kMost);
  restarted.Restore(watermark.Save());
  for (ArrivalWatermark* const each : {&watermark, &restarted}) {
    // The first two are forgotten, and come again with the one that shares their second.
    BOOST_TEST(each->next().stamp == FormatIsoSecond(stamp(2)));
    for (int i = 0; i < 5; ++i) BOOST_TEST(!each->Admit(id(i), stamp(i)));
    BOOST_TEST(each->Admit("late", stamp(4)));
  }
  // The overlap begins later than what was forgotten.
  ReadOne(watermark, "much later", kNow);
  watermark.EndPage(std::nullopt, kNow + minutes(10), false, kNow + minutes(10));
  BOOST_TEST(watermark.next().stamp == "2026-11-21T12:55:00");
}

BOOST_AUTO_TEST_CASE(WhatIsSavedIsTakenUpAgain) {
  ArrivalWatermark before(minutes(5));
  before.Begin(kNow - seconds(10), kNow);
  ReadOne(before, "a", kNow - seconds(5));
  ArrivalWatermark after(minutes(5));
  after.Restore(before.Save());
  BOOST_TEST(after.has_begun());
  BOOST_TEST(after.next().stamp == before.next().stamp);
  BOOST_TEST(!after.Admit("a", kNow - seconds(5)));
  BOOST_TEST(after.Admit("b", kNow - seconds(5)));

  for (const boost::json::value& bad :
       {boost::json::value(nullptr), boost::json::value(boost::json::object{{"seen", 7}}),
        boost::json::value(boost::json::object{{"at", 7}})}) {
    ArrivalWatermark none(minutes(5));
    none.Restore(bad);
    BOOST_TEST(!none.has_begun());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash
