// The extrapolation of rate and its kin: what samples near the borders of the range do.

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

constexpr double kGone = 0;  // Stands in a row whose result is to be absent.
enum class Given { kValue, kNothing };

struct Case {
  std::string_view what;
  std::string_view function;
  std::string_view samples;
  double start;
  double end;
  double expected;
  Given given = Given::kValue;
};

void Check(const Case& row, Extension extension) {
  const double expected = row.given == Given::kValue ? row.expected : kAbsent;
  const double actual = OverRange(row.function, row.samples,
                                  {.start = row.start, .end = row.end, .extension = extension});
  BOOST_TEST(Close(actual, expected), row.what << ": " << row.function << " is " << Show(actual)
                                               << ", not " << Show(expected));
}

BOOST_AUTO_TEST_SUITE(rate_functions_test)

BOOST_AUTO_TEST_CASE(RatesAreExtrapolatedToTheBordersOfTheRange) {
  const Case rows[] = {
      {"one sample", "rate", "60=1", 0, 60, kGone, Given::kNothing},
      {"one sample", "increase", "60=1", 0, 60, kGone, Given::kNothing},
      {"one sample", "delta", "60=1", 0, 60, kGone, Given::kNothing},
      {"samples on both borders", "increase", "0=100 60=110", 0, 60, 10},
      {"samples on both borders", "rate", "0=100 60=110", 0, 60, 10.0 / 60},
      // 5 s and 10 s to the borders, both below 1.1 x 15 s: all of it.
      {"near both borders", "increase", "5=100 20=115 35=130 50=145", 0, 60, 60},
      // To the start 20 s, above 16.5 s: half of 15 s instead.
      {"far from the start", "increase", "20=100 35=115 50=130", 0, 60, 30 * (47.5 / 30)},
      {"far from the end", "increase", "10=100 25=115 40=130", 0, 60, 30 * (47.5 / 30)},
      {"just below the limit", "delta", "16.4=100 31.4=115 46.4=130", 0, 60, 60},
      {"at the limit", "delta", "16.5=100 31.5=115 46.5=130", 0, 60, 30 * (51.0 / 30)},
      // Started at 0 at 10 s, 10 s before the first sample: not beyond.
      {"zero rule", "increase", "12=2 24=14 36=26 48=38 60=50", 0, 60, 50},
      {"zero rule is for counters", "delta", "12=2 24=14 36=26 48=38 60=50", 0, 60, 60},
      {"zero rule after the limit", "increase", "40=1 50=11", 0, 60, 10 * (21.0 / 10)},
      {"zero rule needs growth", "increase", "10=5 20=5", 0, 20, 0},
      {"zero rule needs a value not below zero", "increase", "10=-5 20=5", 0, 20, 20},
      {"starts at zero", "increase", "10=0 20=10", 0, 20, 10},
      {"reset", "increase", "0=10 10=20 20=5 30=10", 0, 30, 20},
      {"reset to the same height", "increase", "0=10 10=0 20=10", 0, 20, 10},
      {"reset at the first and the last neighbour", "increase", "0=10 10=1 20=11 30=2", 0, 30, 13},
      {"decrease of a gauge", "delta", "0=10 10=20 20=5 30=6", 0, 30, -4},
      {"NaN", "increase", "0=1 10=NaN 20=3", 0, 20, 2},
      {"NaN at the end", "rate", "0=1 10=2 20=NaN", 0, 20, kNan},
      {"infinite", "increase", "0=1 10=Inf", 0, 10, kInf},
      {"infinite all the time", "increase", "0=Inf 10=Inf", 0, 10, kNan},
  };
  for (const Case& row : rows) Check(row, Extension::kNone);
}

BOOST_AUTO_TEST_CASE(TheLastDigitsAreThoseOfPrometheus) {
  // The division by the range is folded into the factor.
  BOOST_TEST(OverRange("rate", "0=0 300=80 600=160 900=240", {.start = 0, .end = 900}) ==
             240 * (1.0 / 900));
  // What lies before the first sample and after the last is added to what lies between in turn:
  // 1.0748593061746754 if its sum were.
  BOOST_TEST(OverRange("delta", "12.468=0 277.405=1", {.start = 0, .end = 284.77}) ==
             1.0748593061746756);
  // Each reset is added to the growth in turn: beside 1e16 a 1 is lost, twice.
  BOOST_TEST(OverRange("increase", "0=0 1=1 2=0 3=1 4=0 5=1e16", {.start = 0, .end = 5}) == 1e16);
}

BOOST_AUTO_TEST_CASE(InstantRatesLookAtTheLastTwoSamples) {
  const Case rows[] = {
      {"one sample", "irate", "60=1", 0, 60, kGone, Given::kNothing},
      {"one sample", "idelta", "60=1", 0, 60, kGone, Given::kNothing},
      {"equal times", "irate", "50=1 60=2 60=3", 0, 60, kGone, Given::kNothing},
      {"growth", "irate", "0=100 50=1 60=6", 0, 60, 0.5},
      {"growth", "idelta", "0=100 50=1 60=6", 0, 60, 5},
      {"decrease", "irate", "0=0 50=100 60=6", 0, 60, 0.6},
      {"decrease", "idelta", "0=0 50=100 60=6", 0, 60, -94},
      {"NaN before", "irate", "50=NaN 60=6", 0, 60, kNan},
      {"NaN after", "idelta", "50=6 60=NaN", 0, 60, kNan},
  };
  for (const Case& row : rows) Check(row, Extension::kNone);
}

BOOST_AUTO_TEST_CASE(ResetsAndChangesCountNeighbours) {
  const Case rows[] = {
      {"one sample", "resets", "60=1", 0, 60, 0},
      {"one sample", "changes", "60=1", 0, 60, 0},
      {"up and down", "resets", "10=1 20=2 30=0 40=0 50=1 60=0", 0, 60, 2},
      {"up and down", "changes", "10=1 20=2 30=0 40=0 50=1 60=0", 0, 60, 4},
      {"NaN to NaN", "changes", "10=NaN 20=NaN 30=NaN", 0, 60, 0},
      {"NaN and back", "changes", "10=0 20=NaN 30=0", 0, 60, 2},
      {"NaN is no reset", "resets", "10=5 20=NaN 30=0", 0, 60, 0},
      {"zeros of both signs", "changes", "10=0 20=-0", 0, 60, 0},
  };
  for (const Case& row : rows) Check(row, Extension::kNone);
}

BOOST_AUTO_TEST_CASE(AnchoredRangesBeginWithTheSampleBeforeThem) {
  const Case rows[] = {
      {"sample before", "increase", "30=2 75=5 90=6", 60, 120, 4},
      {"sample at the start", "increase", "60=3 75=5 90=6", 60, 120, 3},
      {"older samples do no harm", "increase", "0=1 15=1.5 30=2 75=5 90=6", 60, 120, 4},
      {"none before", "increase", "75=5 90=6", 60, 120, 1},
      {"one inside", "increase", "75=5", 60, 120, 0},
      {"none inside", "increase", "30=2 60=3", 60, 120, kGone, Given::kNothing},
      {"rate", "rate", "30=2 75=5 90=6", 60, 120, 4.0 / 60},
      {"reset at the border", "increase", "30=10 75=3", 60, 120, 3},
      {"resets inside", "increase", "30=10 75=3 90=1 100=4", 60, 120, 7},
      {"gauge", "delta", "30=10 75=3 90=1", 60, 120, -9},
      {"changes", "changes", "30=2 75=5 90=5", 60, 120, 1},
      {"resets", "resets", "30=9 75=5 90=5", 60, 120, 1},
      {"changes of none", "changes", "30=2 60=3", 60, 120, kGone, Given::kNothing},
      {"resets of none", "resets", "60=2", 60, 120, kGone, Given::kNothing},
  };
  for (const Case& row : rows) Check(row, Extension::kAnchored);
}

BOOST_AUTO_TEST_CASE(SmoothedRangesAreInterpolatedAtBothBorders) {
  const Case rows[] = {
      {"both", "increase", "50=5 70=7 110=11 130=13", 60, 120, 6},
      {"gauge", "delta", "50=13 70=11 110=7 130=5", 60, 120, -6},
      {"rate", "rate", "50=5 130=13", 60, 120, 0.1},
      {"samples on the borders", "increase", "60=1 120=4 130=100", 60, 120, 3},
      {"none before", "increase", "70=7 110=11 130=13", 60, 120, 5},
      {"none after", "increase", "50=5 70=7 110=11", 60, 120, 5},
      {"only before", "increase", "50=5 60=6", 60, 120, kGone, Given::kNothing},
      {"only after", "increase", "130=5", 60, 120, kGone, Given::kNothing},
      // A counter that decreases between two samples is taken to start from 0 at the first.
      {"one reset across both borders", "increase", "50=100 130=8", 60, 120, 6},
      {"a gauge falls evenly", "delta", "50=100 130=8", 60, 120, -69},
      {"resets everywhere", "increase", "0=9 60=8 120=5 180=4", 15, 135, 12},
      {"one after the other", "increase", "0=10 10=5 20=2 30=4", 1, 15, 5.5},
  };
  for (const Case& row : rows) Check(row, Extension::kSmoothed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
