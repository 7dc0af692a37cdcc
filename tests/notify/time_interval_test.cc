#include "notify/time_interval.h"

#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/rfc3339.h"
#include "base/yaml.h"

namespace tocsin::notify {
namespace {

/// `2026-03-29 00:59:59`, in UTC.
TimePoint At(std::string text) {
  text.replace(text.find(' '), 1, "T").append("Z");
  const std::optional<TimePoint> moment = ParseRfc3339(text);
  BOOST_REQUIRE(moment.has_value());
  return *moment;
}

struct Read {
  TimeIntervals intervals;
  std::string problems;
};

Read ReadText(const std::string& text) {
  Diagnostics diagnostics("f");
  Read read;
  if (const auto node = ParseYaml(text, diagnostics)) {
    YamlMap options(*node, diagnostics);
    read.intervals = ReadTimeIntervals(options);
  }
  read.problems = diagnostics.Text();
  return read;
}

/// Of one interval in YAML's flow form.
Read ReadOne(const std::string& interval) {
  return ReadText("time_intervals: [{name: x, time_intervals: [" + interval + "]}]\n");
}

struct Row {
  std::string moment;
  bool contains;
};

void Check(const std::string& interval, const std::vector<Row>& rows) {
  const Read read = ReadOne(interval);
  BOOST_REQUIRE_EQUAL(read.problems, "");
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(interval << " " << row.moment) {
      BOOST_TEST(ContainsAny(read.intervals, {"x"}, At(row.moment)) == row.contains);
    }
  }
}

BOOST_AUTO_TEST_SUITE(time_interval_test)

BOOST_AUTO_TEST_CASE(TimesEndBeforeTheirEnd) {
  Check("{times: [{start_time: '09:00', end_time: '17:30'}]}", {{"2026-01-05 08:59:59", false},
                                                                {"2026-01-05 09:00:00", true},
                                                                {"2026-01-05 17:29:59", true},
                                                                {"2026-01-05 17:30:00", false}});
  Check("{times: [{start_time: 22:00, end_time: 24:00}, {start_time: 00:00, end_time: 06:00}]}",
        {{"2026-01-05 21:59:59", false},
         {"2026-01-05 23:59:59", true},
         {"2026-01-06 00:00:00", true},
         {"2026-01-06 06:00:00", false}});
}

BOOST_AUTO_TEST_CASE(DaysOfTheWeek) {
  // 2026-01-04 is a Sunday.
  Check("{weekdays: ['monday:friday']}", {{"2026-01-04 23:59:59", false},
                                          {"2026-01-05 00:00:00", true},
                                          {"2026-01-09 23:59:59", true},
                                          {"2026-01-10 00:00:00", false}});
  Check("{weekdays: [Sunday, saturday]}", {{"2026-01-04 12:00:00", true},
                                           {"2026-01-05 12:00:00", false},
                                           {"2026-01-10 12:00:00", true}});
}

BOOST_AUTO_TEST_CASE(DaysOfTheMonth) {
  Check("{days_of_month: ['1:3', 15]}", {{"2026-01-03 23:59:59", true},
                                         {"2026-01-04 00:00:00", false},
                                         {"2026-01-15 00:00:00", true}});
  Check("{days_of_month: ['-3:-1']}", {{"2026-01-28 23:59:59", false},
                                       {"2026-01-29 00:00:00", true},
                                       {"2026-01-31 23:59:59", true},
                                       {"2026-02-01 00:00:00", false},
                                       {"2026-02-25 12:00:00", false},
                                       {"2026-02-26 12:00:00", true},
                                       {"2024-02-26 12:00:00", false},
                                       {"2024-02-27 12:00:00", true},
                                       {"2024-02-29 23:59:59", true}});
  Check("{days_of_month: [-1]}", {{"2025-02-28 00:00:00", true},
                                  {"2024-02-28 00:00:00", false},
                                  {"2024-02-29 00:00:00", true},
                                  {"2000-02-29 00:00:00", true},
                                  {"2100-02-28 00:00:00", true},
                                  {"2026-04-30 00:00:00", true}});
  // What lies beyond the month is cut off.
  Check("{days_of_month: ['29:31']}", {{"2026-02-28 12:00:00", false},
                                       {"2024-02-29 12:00:00", true},
                                       {"2026-03-01 12:00:00", false},
                                       {"2026-04-30 12:00:00", true}});
  Check("{days_of_month: ['-31:-30']}",
        {{"2026-02-01 12:00:00", false}, {"2026-01-02 12:00:00", true}});
  Check("{days_of_month: ['20:-1']}",
        {{"2026-02-19 12:00:00", false}, {"2026-02-28 12:00:00", true}});
}

BOOST_AUTO_TEST_CASE(MonthsAndYears) {
  Check("{months: ['may:August', 12]}", {{"2026-04-30 23:59:59", false},
                                         {"2026-05-01 00:00:00", true},
                                         {"2026-08-31 23:59:59", true},
                                         {"2026-09-01 00:00:00", false},
                                         {"2026-12-24 18:00:00", true}});
  Check("{months: ['1:3', october]}",
        {{"2026-03-31 12:00:00", true}, {"2026-10-01 00:00:00", true}});
  Check("{years: ['2024:2025', 2030]}", {{"2023-12-31 23:59:59", false},
                                         {"2024-01-01 00:00:00", true},
                                         {"2025-12-31 23:59:59", true},
                                         {"2026-01-01 00:00:00", false},
                                         {"2030-07-01 00:00:00", true}});
}

BOOST_AUTO_TEST_CASE(AllOfOneAndAnyOfSeveral) {
  Check("{weekdays: [monday], months: [january]}", {{"2026-01-05 12:00:00", true},
                                                    {"2026-01-06 12:00:00", false},
                                                    {"2026-02-02 12:00:00", false}});
  Check("{weekdays: [monday]}, {months: [january]}", {{"2026-01-06 12:00:00", true},
                                                      {"2026-02-02 12:00:00", true},
                                                      {"2026-02-03 12:00:00", false}});
  Check("{}", {{"2026-01-05 12:00:00", true}});
  Check("", {{"2026-01-05 12:00:00", false}});
}

BOOST_AUTO_TEST_CASE(ClocksThatAreSetForward) {
  // Berlin has no 02:00 to 03:00 on 2026-03-29: 01:00 UTC is 03:00.
  Check("{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}",
        {{"2026-03-28 01:30:00", true},
         {"2026-03-29 00:59:59", false},
         {"2026-03-29 01:00:00", false},
         {"2026-03-30 00:30:00", true}});
  Check("{times: [{start_time: '01:30', end_time: '03:30'}], location: Europe/Berlin}",
        {{"2026-03-29 00:29:59", false},
         {"2026-03-29 00:30:00", true},
         {"2026-03-29 01:29:59", true},
         {"2026-03-29 01:30:00", false}});
  // New York: 2026-03-08 07:00 UTC is 03:00.
  Check("{times: [{start_time: '02:00', end_time: '03:00'}], location: America/New_York}",
        {{"2026-03-07 07:30:00", true},
         {"2026-03-08 06:59:59", false},
         {"2026-03-08 07:00:00", false},
         {"2026-03-09 06:30:00", true}});
}

BOOST_AUTO_TEST_CASE(ClocksThatAreSetBack) {
  // Berlin has 02:00 to 03:00 twice on 2026-10-25: from 00:00 UTC and from 01:00 UTC.
  Check("{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}",
        {{"2026-10-24 23:59:59", false},
         {"2026-10-25 00:00:00", true},
         {"2026-10-25 00:59:59", true},
         {"2026-10-25 01:00:00", true},
         {"2026-10-25 01:59:59", true},
         {"2026-10-25 02:00:00", false}});
  Check("{times: [{start_time: '02:30', end_time: '02:45'}], location: Europe/Berlin}",
        {{"2026-10-25 00:30:00", true},
         {"2026-10-25 00:45:00", false},
         {"2026-10-25 01:30:00", true},
         {"2026-10-25 01:45:00", false}});
  // New York: 01:00 to 02:00 twice on 2026-11-01, from 05:00 UTC and from 06:00 UTC.
  Check("{times: [{start_time: '01:00', end_time: '02:00'}], location: America/New_York}",
        {{"2026-11-01 04:59:59", false},
         {"2026-11-01 05:00:00", true},
         {"2026-11-01 06:59:59", true},
         {"2026-11-01 07:00:00", false}});
}

BOOST_AUTO_TEST_CASE(DaysAreThoseOfTheZone) {
  Check("{weekdays: [monday], location: Europe/Berlin}", {{"2026-01-04 22:59:59", false},
                                                          {"2026-01-04 23:00:00", true},
                                                          {"2026-01-05 22:59:59", true},
                                                          {"2026-01-05 23:00:00", false}});
  Check("{days_of_month: [-1], months: [december], years: [2025], location: America/New_York}",
        {{"2026-01-01 04:59:59", true}, {"2026-01-01 05:00:00", false}});
  Check("{days_of_month: [29], months: [2], location: Australia/Sydney}",
        {{"2024-02-28 13:00:00", true}, {"2024-02-29 13:00:00", false}});
}

BOOST_AUTO_TEST_CASE(NamesAreTakenTogether) {
  const Read read = ReadText(
      "time_intervals: [{name: a, time_intervals: [{years: [2020]}]}]\n"
      "mute_time_intervals: [{name: b, time_intervals: [{years: [2021]}]}]\n");
  BOOST_TEST(read.problems == "");
  const TimePoint moment = At("2021-06-01 00:00:00");
  BOOST_TEST(!ContainsAny(read.intervals, {}, moment));
  BOOST_TEST(!ContainsAny(read.intervals, {"a"}, moment));
  BOOST_TEST(ContainsAny(read.intervals, {"a", "b"}, moment));
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrong) {
  const struct {
    std::string interval;
    std::string problem;
  } rows[] = {
      {"{times: [{start_time: '9:00', end_time: '24:01'}]}",
       "start_time: expected a time such as 08:30, to 24:00, got \"9:00\""},
      {"{times: [{start_time: '09:00', end_time: '24:01'}]}",
       "end_time: expected a time such as 08:30, to 24:00, got \"24:01\""},
      {"{times: [{start_time: '09:00', end_time: '10:60'}]}", "got \"10:60\""},
      {"{times: [{start_time: '09:00', end_time: '1:000'}]}", "got \"1:000\""},
      {"{times: [{start_time: '09:00'}]}", "\"end_time\" is required"},
      {"{times: [{start_time: '09:00', end_time: '09:00'}]}",
       "end_time: expected a time after start_time"},
      {"{weekdays: [mon]}",
       "weekdays: expected a weekday such as monday, or monday:friday, got \"mon\""},
      {"{weekdays: ['friday:monday']}", "weekdays: \"friday:monday\" ends before it begins"},
      {"{weekdays: [{a: b}]}", "weekdays: expected a weekday"},
      {"{days_of_month: [0]}", "days_of_month: expected a day from 1 to 31 or -31 to -1"},
      {"{days_of_month: [32]}", "got \"32\""},
      {"{days_of_month: ['-1:5']}", "days_of_month: \"-1:5\" ends before it begins"},
      {"{days_of_month: ['-1:-3']}", "days_of_month: \"-1:-3\" ends before it begins"},
      {"{days_of_month: ['30:-5']}", "days_of_month: \"30:-5\" ends before it begins"},
      {"{months: [13]}", "months: expected a month by name or number"},
      {"{months: ['may:']}", "got \"may:\""},
      {"{months: ['may:april']}", "months: \"may:april\" ends before it begins"},
      {"{years: ['2025:2024']}", "years: \"2025:2024\" ends before it begins"},
      {"{years: ['1:2:3']}", "years: expected a year"},
      {"{location: Europe/Nowhere}",
       "location: there is no time zone \"Europe/Nowhere\" on this machine"},
      {"{time_zone: UTC}", "unknown key \"time_zone\""},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.interval) {
      const std::string problems = ReadOne(row.interval).problems;
      BOOST_TEST(problems.find(row.problem) != std::string::npos, problems);
    }
  }
  BOOST_TEST(ReadText("time_intervals: [{name: a}, {name: a}]\n").problems ==
             "f:1:36: name: the time interval \"a\" is there twice");
  BOOST_TEST(ReadText("time_intervals: [{time_intervals: []}]\n").problems ==
             "f:1:18: \"name\" is required");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
