#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

/// Buckets of metric `name` and job `job`, in no order.
Row Bucket(std::string_view name, std::string_view job, std::string_view le,
           std::vector<double> counts) {
  return {{{"__name__", name}, {"job", job}, {"le", le}}, std::move(counts)};
}

Block TwoJobs() {
  return MakeBlock({Bucket("m", "a", "+Inf", {4}), Bucket("m", "b", "2", {10}),
                    Bucket("m", "a", "1", {2}), Bucket("m", "b", "+Inf", {10}),
                    Bucket("m", "a", "2", {4})});
}

const std::string& Only(const std::set<std::string>& texts) {
  BOOST_REQUIRE(texts.size() == 1U);
  return *texts.begin();
}

BOOST_AUTO_TEST_SUITE(histogram_functions_test)

BOOST_AUTO_TEST_CASE(BucketsAreGroupedByAllOtherLabels) {
  FunctionCall call("histogram_quantile");
  BOOST_TEST(call.Lines({Numbers({0.75}), TwoJobs()}) == "{job=\"a\"} 1.5\n{job=\"b\"} 1.5\n");
  BOOST_TEST(call.annotations.warnings().empty());
  BOOST_TEST(call.annotations.infos().empty());
  FunctionCall fraction("histogram_fraction");
  BOOST_TEST(fraction.Lines({Numbers({0}), Numbers({1}), TwoJobs()}) ==
             "{job=\"a\"} 0.5\n{job=\"b\"} 0.5\n");
}

BOOST_AUTO_TEST_CASE(EachStepHasItsOwnBucketsAndQuantile) {
  FunctionCall call("histogram_quantile");
  call.steps = {.start = 0, .step = 60'000, .count = 4};
  const Block block = MakeBlock(
      {Bucket("m", "a", "1", {2, 2, kAbsent, kAbsent}), Bucket("m", "a", "2", {4, 4, 4, kAbsent}),
       Bucket("m", "a", "+Inf", {4, 4, kAbsent, kAbsent})},
      4);
  BOOST_TEST(call.Lines({Numbers({0.75, 0.25, 0.5, 0.5}), block}) ==
             "{job=\"a\"} 1.5 0.5 NaN absent\n");
}

BOOST_AUTO_TEST_CASE(EqualBoundsSpeltDifferentlyAreOneBucket) {
  FunctionCall call("histogram_quantile");
  BOOST_TEST(call.Lines({Numbers({0.5}),
                         MakeBlock({Bucket("m", "a", "1", {1}), Bucket("m", "a", "2", {1}),
                                    Bucket("m", "a", "2e0", {1}), Bucket("m", "a", "2.0", {1}),
                                    Bucket("m", "a", "+Inf", {4})})}) == "{job=\"a\"} 1.5\n");
}

BOOST_AUTO_TEST_CASE(AnotherShapeIsGroupedAnew) {
  FunctionCall call("histogram_quantile");
  const Block both = TwoJobs();
  BOOST_TEST(call.Lines({Numbers({0.75}), both}) == "{job=\"a\"} 1.5\n{job=\"b\"} 1.5\n");
  BOOST_TEST(call.Lines({Numbers({0.25}), both}) == "{job=\"a\"} 0.5\n{job=\"b\"} 0.5\n");
  BOOST_TEST(call.Lines({Numbers({0.5}),
                         MakeBlock({Bucket("m", "c", "1", {2}), Bucket("m", "c", "+Inf", {2})})}) ==
             "{job=\"c\"} 0.5\n");
}

BOOST_AUTO_TEST_CASE(HistogramsThatDifferInNameAloneClash) {
  const auto input = [] {
    return MakeBlock({Bucket("m", "a", "+Inf", {4}), Bucket("n", "a", "+Inf", {4})});
  };
  FunctionCall quantile("histogram_quantile");
  BOOST_TEST(quantile.Lines({Numbers({0.5}), input()}) ==
             "error: vector cannot contain metrics with the same labelset");
  FunctionCall quantiles("histogram_quantiles");
  BOOST_TEST(quantiles.Lines({input(), "q", Numbers({0.5})}) ==
             "error: vector cannot contain metrics with the same labelset");
}

BOOST_AUTO_TEST_CASE(SeriesWithoutABoundAreWarnedOf) {
  struct Case {
    Labels labels;
    std::string_view end;
  };
  const Case rows[] = {
      {{{"__name__", "m"}, {"ale", "1"}}, "\"\" for metric name \"m\" (1:2)"},
      {{{"__name__", "m"}, {"le", "Hello World"}}, "\"Hello World\" for metric name \"m\" (1:2)"},
      {{{"le", "x"}}, "\"x\" (1:2)"},
      {{{"le", "NaN"}}, "\"NaN\" (1:2)"},
  };
  for (const Case& row : rows) {
    FunctionCall call("histogram_quantile");
    BOOST_TEST(call.Lines({Numbers({0.5}), MakeBlock({{row.labels, {1}}})}).empty());
    BOOST_TEST(Only(call.annotations.warnings()) ==
               "PromQL warning: bucket label \"le\" is missing or has a malformed value of " +
                   std::string(row.end));
  }
  FunctionCall absent("histogram_quantile");
  BOOST_TEST(absent.Lines({Numbers({0.5}), MakeBlock({{{{"le", "x"}}, {kAbsent}}})}).empty());
  BOOST_TEST(absent.annotations.warnings().empty());
}

BOOST_AUTO_TEST_CASE(AQuantileOutOfBoundsIsWarnedOfEvenWithoutHistograms) {
  FunctionCall call("histogram_quantile");
  BOOST_TEST(call.Lines({Numbers({kNan}), MakeBlock({})}).empty());
  BOOST_TEST(Only(call.annotations.warnings()) ==
             "PromQL warning: quantile value should be between 0 and 1, got NaN (1:1)");
  FunctionCall several("histogram_quantiles");
  BOOST_TEST(several.Lines({MakeBlock({}), "q", Numbers({0.5}), Numbers({1.5})}).empty());
  BOOST_TEST(Only(several.annotations.warnings()) ==
             "PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:4)");
}

BOOST_AUTO_TEST_CASE(FixedHistogramsAreToldOfOncePerMetric) {
  const Block block =
      MakeBlock({Bucket("m", "a", "1", {20, 20}), Bucket("m", "a", "10", {10, 5}),
                 Bucket("m", "a", "+Inf", {40, 40}), Bucket("m", "b", "2.5", {20, 20}),
                 Bucket("m", "b", "+Inf", {19, 20})},
                2);
  constexpr std::string_view kBegin =
      "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
  constexpr std::string_view kEnd =
      ", from buckets 10 to +Inf, with a max diff of 15, over 3 samples from 1970-01-01T00:01:00Z "
      "to 1970-01-01T00:02:00Z (1:2)";
  for (const bool delayed : {false, true}) {
    FunctionCall call("histogram_quantile");
    call.features.delayed_name_removal = delayed;
    call.steps = {.start = 60'000, .step = 60'000, .count = 2};
    BOOST_REQUIRE(call.Evaluate({Numbers({0.5, 0.5}), block}));
    BOOST_TEST(Only(call.annotations.infos()) ==
               std::string(kBegin) + (delayed ? " for metric name \"m\"" : "") + std::string(kEnd));
  }
}

BOOST_AUTO_TEST_CASE(SeveralQuantilesBecomeALabel) {
  FunctionCall call("histogram_quantiles");
  BOOST_TEST(call.Lines({TwoJobs(), "q", Numbers({0}), Numbers({0.75}), Numbers({1})}) ==
             "{job=\"a\", q=\"0.0\"} 0\n{job=\"b\", q=\"0.0\"} 0\n"
             "{job=\"a\", q=\"0.75\"} 1.5\n{job=\"b\", q=\"0.75\"} 1.5\n"
             "{job=\"a\", q=\"1.0\"} 2\n{job=\"b\", q=\"1.0\"} 2\n");
  // The label may overwrite one, but not make two series one.
  BOOST_TEST(call.Lines({TwoJobs(), "job", Numbers({0.5})}) ==
             "error: vector cannot contain metrics with the same labelset");
  BOOST_TEST(call.Lines({TwoJobs(), "q", Numbers({0.5}), Numbers({0.5})}) ==
             "error: vector cannot contain metrics with the same labelset");
}

BOOST_AUTO_TEST_CASE(AQuantileThatChangesMakesSeveralSeries) {
  FunctionCall call("histogram_quantiles");
  call.steps.count = 2;
  const Block block =
      MakeBlock({Bucket("m", "a", "1", {2, 2}), Bucket("m", "a", "+Inf", {2, 2})}, 2);
  BOOST_TEST(call.Lines({block, "q", Numbers({0.5, 0.25})}) ==
             "{job=\"a\", q=\"0.5\"} 0.5 absent\n{job=\"a\", q=\"0.25\"} absent 0.25\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
