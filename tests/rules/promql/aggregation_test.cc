#include "rules/promql/aggregation.h"

#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/node_evaluation.h"

namespace tocsin::promql {
namespace {

struct Row {
  const char* expression;
  const char* result;
};

void Check(const std::vector<Row>& rows, const std::map<std::string, Block>& vectors,
           Features features = {}) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.expression) {
      BOOST_TEST(NodeEvaluation(row.expression, features).Run(vectors) == row.result);
    }
  }
}

/// Three steps, with gaps.
const char* const kRequests = R"(
r{job="api",i="0"}  1   _    10
r{job="api",i="1"}  2   4    _
r{job="app",i="0"}  3   NaN  _
r{job="app",i="1"}  _   5    +Inf
r{i="2"}            _   _    _
)";

BOOST_AUTO_TEST_SUITE(aggregation_test)

BOOST_AUTO_TEST_CASE(GroupsAreFoldedStepByStep) {
  const std::map<std::string, Block> vectors{{"r", ReadVector(kRequests)},
                                             {"none", ReadVector("")}};
  Check(
      {
          {"sum by (job) (r)", "{job=\"api\"} 3 4 10\n{job=\"app\"} 3 NaN +Inf\n"},
          {"sum(r)", "{} 6 NaN +Inf\n"},
          {"sum by () (r)", "{} 6 NaN +Inf\n"},
          {"sum without (i) (r)", "{job=\"api\"} 3 4 10\n{job=\"app\"} 3 NaN +Inf\n"},
          {"sum without (job) (r)", "{i=\"0\"} 4 NaN 10\n{i=\"1\"} 2 9 +Inf\n"},
          {"avg by (job) (r)", "{job=\"api\"} 1.5 4 10\n{job=\"app\"} 3 NaN +Inf\n"},
          {"count by (job) (r)", "{job=\"api\"} 2 1 1\n{job=\"app\"} 1 2 1\n"},
          {"count by (nothing) (r)", "{} 3 3 2\n"},
          {"min by (job) (r)", "{job=\"api\"} 1 4 10\n{job=\"app\"} 3 5 +Inf\n"},
          {"max by (job) (r)", "{job=\"api\"} 2 4 10\n{job=\"app\"} 3 5 +Inf\n"},
          {"group by (job) (r)", "{job=\"api\"} 1 1 1\n{job=\"app\"} 1 1 1\n"},
          {"stdvar by (job) (r)", "{job=\"api\"} 0.25 0 0\n{job=\"app\"} 0 NaN NaN\n"},
          {"stddev by (job) (r)", "{job=\"api\"} 0.5 0 0\n{job=\"app\"} 0 NaN NaN\n"},
          {"quantile by (job) (0.5, r)", "{job=\"api\"} 1.5 4 10\n{job=\"app\"} 3 NaN NaN\n"},
          {"count(none)", ""},
          {"sum by (__name__) (r)", "r 6 NaN +Inf\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(OneStepGivesWhatSeveralDo) {
  const std::map<std::string, Block> vectors{
      {"r", ReadVector("r{a=\"1\"} 1e100\nr{a=\"2\"} 1\nr{a=\"3\"} _\nr{a=\"4\"} -1e100\n")},
      {"n", ReadVector("n{a=\"1\"} NaN\nn{a=\"2\"} NaN\n")},
      {"z", ReadVector("z{a=\"1\"} -0\n")},
      {"gone", ReadVector("n _\n")}};
  Check(
      {
          {"sum(r)", "{} 1\n"},
          {"avg(r)", "{} 0.3333333333333333\n"},
          {"count(r)", "{} 3\n"},
          // Prometheus adds the compensation, 0, to the sum: what comes out is no longer negative.
          {"sum(z)", "{} 0\n"},
          {"avg(z)", "{} 0\n"},
          {"min(z)", "{} -0\n"},
          {"min(n)", "{} NaN\n"},
          {"max(n)", "{} NaN\n"},
          {"count(gone)", ""},
          {"quantile(0.9, gone)", ""},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(TopkAndBottomkRankWithNanLast) {
  const std::map<std::string, Block> vectors{
      {"r", ReadVector("r{j=\"a\",i=\"0\"} 1\nr{j=\"b\",i=\"0\"} NaN\nr{j=\"a\",i=\"1\"} 3\n"
                       "r{j=\"b\",i=\"1\"} 2\nr{j=\"a\",i=\"2\"} 2\n")}};
  Check(
      {
          {"topk(2, r)", "r{i=\"1\", j=\"a\"} 3\nr{i=\"1\", j=\"b\"} 2\n"},
          {"bottomk(2, r)", "r{i=\"0\", j=\"a\"} 1\nr{i=\"1\", j=\"b\"} 2\n"},
          {"topk by (j) (1, r)", "r{i=\"1\", j=\"a\"} 3\nr{i=\"1\", j=\"b\"} 2\n"},
          {"bottomk by (j) (1, r)", "r{i=\"0\", j=\"a\"} 1\nr{i=\"1\", j=\"b\"} 2\n"},
          {"topk without (i) (9999999999, r)",
           "r{i=\"1\", j=\"a\"} 3\nr{i=\"2\", j=\"a\"} 2\nr{i=\"0\", j=\"a\"} 1\n"
           "r{i=\"1\", j=\"b\"} 2\nr{i=\"0\", j=\"b\"} NaN\n"},
          {"topk(0.9, r)", ""},
          {"topk(-1e30, r)", ""},
          {"limitk by (j) (1, r)", "r{i=\"0\", j=\"a\"} 1\nr{i=\"0\", j=\"b\"} NaN\n"},
          {"limitk(0, r)", ""},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(TheParameterMayChangeFromStepToStep) {
  const std::map<std::string, Block> vectors{
      {"r", ReadVector("r{i=\"0\"} 1 1 _\nr{i=\"1\"} 2 2 2\n")}, {"k", ReadVector("k 1 2 0.5\n")}};
  Check(
      {
          {"topk(scalar(k), r)", "r{i=\"1\"} 2 2 _\nr{i=\"0\"} _ 1 _\n"},
          {"limitk(scalar(k), r)", "r{i=\"0\"} 1 1 _\nr{i=\"1\"} _ 2 _\n"},
          {"quantile(scalar(k), r)", "{} 2 +Inf 2\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(ParametersOutOfBoundsFailInPrometheusWords) {
  const std::map<std::string, Block> none{{"r", ReadVector("")}};
  Check(
      {
          {"topk(NaN, r)", "error: Parameter value is NaN"},
          {"bottomk(NaN, r)", "error: Parameter value is NaN"},
          {"limitk(NaN, r)", "error: Parameter value is NaN"},
          {"limit_ratio(NaN, r)", "error: Ratio value is NaN"},
          {"topk(1e30, r)", "error: Scalar value 1e+30 overflows int64"},
          {"topk(+Inf, r)", "error: Scalar value +Inf overflows int64"},
          {"count_values(\"a\\xc5z\", r)", "error: invalid label name \"a\\xc5z\""},
          {"count_values(\"\", r)", "error: invalid label name \"\""},
      },
      none);
  Check({{"topk(scalar(k), r)", "error: Scalar value -1e+30 underflows int64"}},
        {{"r", ReadVector("r 1 1\n")}, {"k", ReadVector("k 1 -1e30\n")}});
}

BOOST_AUTO_TEST_CASE(ParametersOutOfRangeAreWarnedOf) {
  struct Warning {
    const char* expression;
    std::set<std::string> warnings;
  };
  const std::string quantile = "PromQL warning: quantile value should be between 0 and 1, got ";
  const std::string ratio = "PromQL warning: ratio value should be between -1 and 1, got ";
  const Warning rows[] = {
      {"quantile(0.5, r)", {}},
      {"quantile(1.5, r)", {quantile + "1.5 (1:10)"}},
      {"quantile((((-2))), r)", {quantile + "-2 (1:13)"}},
      {"quantile by (x) (NaN, r)", {quantile + "NaN (1:18)"}},
      {"limit_ratio(1.1, r)", {ratio + "1.1, capping to 1 (1:13)"}},
      {"limit_ratio(-7, r)", {ratio + "-7, capping to -1 (1:13)"}},
  };
  for (const Warning& row : rows) {
    NodeEvaluation node(row.expression);
    node.Run({{"r", ReadVector("r 1\n")}});
    BOOST_TEST_CONTEXT(row.expression) {
      BOOST_TEST(node.warnings() == row.warnings, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(CountValuesMakesASeriesPerValue) {
  const std::map<std::string, Block> vectors{
      {"v", ReadVector("v{job=\"a\",i=\"0\"} 6    8   _\n"
                       "v{job=\"a\",i=\"1\"} 6    6   1e23\n"
                       "v{job=\"b\",i=\"0\"} 6    NaN -Inf\n"
                       "v{job=\"b\",i=\"1\"} 0.25 NaN _\n")}};
  Check(
      {
          {"count_values(\"value\", v)",
           "{value=\"6\"} 3 1 _\n{value=\"8\"} _ 1 _\n{value=\"100000000000000000000000\"} _ _ 1\n"
           "{value=\"NaN\"} _ 2 _\n{value=\"-Inf\"} _ _ 1\n{value=\"0.25\"} 1 _ _\n"},
          {"count_values by (job) (\"job\", v)",
           "{job=\"6\"} 3 1 _\n{job=\"8\"} _ 1 _\n{job=\"100000000000000000000000\"} _ _ 1\n"
           "{job=\"NaN\"} _ 2 _\n{job=\"-Inf\"} _ _ 1\n{job=\"0.25\"} 1 _ _\n"},
          {"count_values without (job) (\"job\", v)", "{i=\"0\"} 2 2 1\n{i=\"1\"} 2 2 1\n"},
          {"count_values without (i, job) (\"i\", v)", "{} 4 4 2\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(RatiosSampleTheSameSeriesAndTheirComplement) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "r{i=\"" + std::to_string(i) + "\"} 1\n";
  const std::map<std::string, Block> vectors{{"r", ReadVector(text)}};
  const auto count = [&](const std::string& expression) {
    const std::string result = NodeEvaluation(expression).Run(vectors);
    return std::count(result.begin(), result.end(), '\n');
  };
  BOOST_TEST(count("limit_ratio(0, r)") == 0);
  BOOST_TEST(count("limit_ratio(1, r)") == 200);
  BOOST_TEST(count("limit_ratio(-1, r)") == 200);
  const auto some = count("limit_ratio(0.3, r)");
  BOOST_TEST(some > 40);
  BOOST_TEST(some < 80);
  BOOST_TEST(some + count("limit_ratio(-0.7, r)") == 200);
}

BOOST_AUTO_TEST_CASE(NamesThatAreToGoStillTellSeriesApart) {
  const Features delayed{.delayed_name_removal = true};
  const std::map<std::string, Block> vectors{
      {"r", ReadVector("!a{e=\"1\"} 1 _\nb{e=\"1\"} 2 2\n!b{e=\"2\"} _ 3\n")},
      {"s", ReadVector("!b{e=\"1\"} _ _\nb{e=\"2\"} 3 4\n")}};
  Check(
      {
          {"sum by (__name__) (r)", "!a 1 _\n!b 2 5\n"},
          {"sum by (__name__) (s)", "b 3 4\n"},
          {"sum by (e) (r)", "{e=\"1\"} 3 2\n{e=\"2\"} _ 3\n"},
          {"sum without (e) (r)", "{} 3 5\n"},
          {"topk(1, r)", "b{e=\"1\"} 2 _\n!b{e=\"2\"} _ 3\n"},
      },
      vectors, delayed);
}

BOOST_AUTO_TEST_CASE(TypeAndUnitGoWithTheNameIfTheFeatureIsOn) {
  const std::map<std::string, Block> vectors{
      {"r", ReadVector("r{__type__=\"gauge\",__unit__=\"s\",i=\"0\"} 1\nr{i=\"1\"} 2\n")}};
  Check({{"sum without (i) (r)", "{__type__=\"gauge\", __unit__=\"s\"} 1\n{} 2\n"}}, vectors);
  Check({{"sum without (i) (r)", "{} 3\n"}}, vectors, {.type_and_unit_labels = true});
}

BOOST_AUTO_TEST_CASE(WhatIsRememberedOfOneShapeIsNotUsedForAnother) {
  const std::map<std::string, Block> first{{"r", ReadVector("r{i=\"0\"} 1\nr{i=\"1\"} 2\n")}};
  const std::map<std::string, Block> second{{"r", ReadVector("r{i=\"1\"} 5\nr{i=\"2\"} 6\n")}};
  for (const char* expression :
       {"sum by (i) (r)", "topk(9, r)", "count_values(\"v\", r)", "limit_ratio(1, r)"}) {
    NodeEvaluation node(expression);
    const std::string of_first = node.Run(first);
    const ShapePtr shape = node.shape();
    BOOST_TEST_CONTEXT(expression) {
      BOOST_TEST(node.Run(first) == of_first);
      BOOST_TEST(node.shape() == shape);
      BOOST_TEST(node.Run(second) == NodeEvaluation(expression).Run(second));
      BOOST_TEST(node.Run(first) == of_first);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
