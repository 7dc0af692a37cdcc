#include "base/template/time_text.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/template/template.h"

namespace tocsin::text_template {
namespace {

struct Row {
  std::string_view text;
  std::string_view expected;
};

constexpr TimePoint kMoment = TimePoint(Duration(1'435'065'584'128));

BOOST_AUTO_TEST_SUITE(time_text_test)

BOOST_AUTO_TEST_CASE(LayoutsShowTheReferenceTime) {
  constexpr std::array kRows = {
      Row{"2006-01-02T15:04:05Z07:00", "2015-06-23T13:19:44Z"},
      Row{"Jan 2, 2006 at 3:04pm (MST)", "Jun 23, 2015 at 1:19pm (UTC)"},
      Row{"Monday, 02-Jan-06 15:04:05 -0700", "Tuesday, 23-Jun-15 13:19:44 +0000"},
      Row{"Mon January 1 _2 002 03 PM", "Tue June 6 23 174 01 PM"},
      Row{"05.000 05.999 05.99 05,9 5.000000", "44.128 44.128 44.12 44,1 44.128000"},
      Row{"literal words", "literal words"},
  };
  for (const auto& [layout, expected] : kRows) BOOST_TEST(FormatTime(kMoment, layout) == expected);
  BOOST_TEST(TimeText(TimePoint(Duration(0))) == "1970-01-01 00:00:00 +0000 UTC");
}

BOOST_AUTO_TEST_CASE(DurationsStopAtTheLargestUnit) {
  struct DurationRow {
    std::int64_t nanoseconds;
    std::string_view expected;
  };
  constexpr std::array kRows = {
      DurationRow{0, "0s"},
      DurationRow{1, "1ns"},
      DurationRow{1500, "1.5µs"},
      DurationRow{-2'000'000, "-2ms"},
      DurationRow{1'500'000'000, "1.5s"},
      DurationRow{60'000'000'000, "1m0s"},
      DurationRow{3'723'500'000'000, "1h2m3.5s"},
      DurationRow{INT64_MAX, "2562047h47m16.854775807s"},
      DurationRow{INT64_MIN, "-2562047h47m16.854775808s"},
  };
  for (const auto& [nanoseconds, expected] : kRows) {
    BOOST_TEST(DurationText(std::chrono::nanoseconds(nanoseconds)) == expected);
  }
}

BOOST_AUTO_TEST_CASE(TemplatesAskTimesAndDurations) {
  constexpr std::array kRows = {
      Row{"{{.T.Format \"2006\"}} {{.T.Year}} {{.T.Month}} {{.T.Day}} {{.T.Weekday}} "
          "{{.T.YearDay}}",
          "2015 2015 June 23 Tuesday 174"},
      Row{"{{.T.Hour}}:{{.T.Minute}}:{{.T.Second}} {{.T.Unix}} {{.T.UnixMilli}}",
          "13:19:44 1435065584 1435065584128"},
      Row{"{{(.T.Add .D).Sub .T}} {{.T.Before (.T.Add .D)}} {{.T.After .T}} {{.T.IsZero}}",
          "1m30s true false false"},
      Row{"{{.D.Hours}} {{.D.Minutes}} {{.D.Seconds}} {{.D.Milliseconds}}", "0.025 1.5 90 90000"},
      Row{"{{.D.Round .M}} {{.D.Truncate .M}} {{.D.Abs}} {{.D.String}}", "2m0s 1m0s 1m30s 1m30s"},
  };
  const Value data = Value::OfRecord({{"T", kMoment},
                                      {"D", std::chrono::nanoseconds(90'000'000'000)},
                                      {"M", std::chrono::nanoseconds(60'000'000'000)}});
  for (const auto& [text, expected] : kRows) {
    const auto parsed = Template::Parse("t", text, Functions());
    BOOST_TEST_REQUIRE(!!parsed);
    const Result<std::string> expanded = parsed->Execute(data, Functions());
    BOOST_TEST_REQUIRE(!!expanded);
    BOOST_TEST(*expanded == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template
