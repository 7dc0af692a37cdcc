#include "rules/promql/binary.h"

#include <limits>
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

const char* const kExplicit =
    "error: multiple matches for labels: many-to-one matching must be explicit "
    "(group_left/group_right)";
const char* const kUnique =
    "error: multiple matches for labels: grouping labels must ensure unique matches";

BOOST_AUTO_TEST_SUITE(binary_test)

BOOST_AUTO_TEST_CASE(ScalarsCombineStepByStep) {
  Check(
      {
          {"7 + 2", "9 "},
          {"7 - 2", "5 "},
          {"7 * 2", "14 "},
          {"7 / 2", "3.5 "},
          {"7 / 0", "+Inf "},
          {"0 / 0", "NaN "},
          {"-7 % 2", "-1 "},
          {"7 % 0", "NaN "},
          {"2 ^ 10", "1024 "},
          {"10 atan2 20", "0.4636476090008061 "},
          {"7 == bool 7", "1 "},
          {"7 != bool 7", "0 "},
          {"NaN == bool NaN", "0 "},
          {"NaN != bool NaN", "1 "},
          {"1 < bool 2", "1 "},
          {"1 >= bool 2", "0 "},
      },
      {});
  BOOST_TEST(Arithmetic(BinaryOp::kPower, 2, 3) == 8);
  BOOST_TEST(Arithmetic(BinaryOp::kLessOrEqual, 2, 2) == 1);
}

BOOST_AUTO_TEST_CASE(AVectorAndAScalarGiveWhatTheVectorHas) {
  const std::map<std::string, Block> vectors{
      {"v", ReadVector("v{i=\"0\"} 1 _ NaN 3\nv{i=\"1\"} _ 4 5 +Inf\n")},
      {"k", ReadVector("k 1 2 3 4\n")}};
  Check(
      {
          {"v + 1", "{i=\"0\"} 2 _ NaN 4\n{i=\"1\"} _ 5 6 +Inf\n"},
          {"10 - v", "{i=\"0\"} 9 _ NaN 7\n{i=\"1\"} _ 6 5 -Inf\n"},
          {"v * scalar(k)", "{i=\"0\"} 1 _ NaN 12\n{i=\"1\"} _ 8 15 +Inf\n"},
          {"v > 3", "v{i=\"1\"} _ 4 5 +Inf\n"},
          {"3 < v", "v{i=\"1\"} _ 4 5 +Inf\n"},
          {"3 == v", "v{i=\"0\"} _ _ _ 3\n"},
          {"v != 3", "v{i=\"0\"} 1 _ NaN _\nv{i=\"1\"} _ 4 5 +Inf\n"},
          {"v >= bool 3", "{i=\"0\"} 0 _ 0 1\n{i=\"1\"} _ 1 1 1\n"},
          {"scalar(k) > v", "v{i=\"0\"} _ _ _ 3\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(OneToOneMatchesByLabels) {
  const std::map<std::string, Block> vectors{
      {"a", ReadVector("a{i=\"0\",x=\"l\"} 6 8 _\na{i=\"1\",x=\"l\"} 9 _ 3\na{i=\"2\"} 1 1 1\n")},
      {"b", ReadVector("b{i=\"1\",x=\"r\"} 3 1 3\nb{i=\"0\",x=\"r\"} 2 4 1\nb{i=\"3\"} 1 1 1\n")},
      {"c", ReadVector("c{i=\"2\"} 5 NaN _\n")},
      {"none", ReadVector("n _ _ _\n")}};
  Check(
      {
          {"a / on(i) b", "{i=\"0\"} 3 2 _\n{i=\"1\"} 3 _ 1\n"},
          {"a / ignoring(x) b", "{i=\"0\"} 3 2 _\n{i=\"1\"} 3 _ 1\n"},
          {"a / b", ""},
          {"a + c", "{i=\"2\"} 6 NaN _\n"},
          {"a > on(i) b", "{i=\"0\"} 6 8 _\n{i=\"1\"} 9 _ _\n"},
          {"a > on(i, __name__) a", ""},
          {"a >= on(i, __name__) a", "a{i=\"0\"} 6 8 _\na{i=\"1\"} 9 _ 3\na{i=\"2\"} 1 1 1\n"},
          {"a == ignoring(x) b", "a{i=\"1\"} _ _ 3\n"},
          {"a > bool ignoring(x) b", "{i=\"0\"} 1 1 _\n{i=\"1\"} 1 _ 0\n"},
          {"a != c", "a{i=\"2\"} 1 1 _\n"},
          {"a + none", ""},
          {"a * on(i) none", ""},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(ManySeriesMayMatchOne) {
  const std::map<std::string, Block> vectors{
      {"cpu", ReadVector("cpu{i=\"0\",mode=\"idle\"} 3 3\ncpu{i=\"0\",mode=\"user\"} 1 _\n"
                         "cpu{i=\"1\",mode=\"idle\",role=\"old\"} 8 8\n")},
      {"role", ReadVector("role{i=\"0\",role=\"db\"} 2 _\nrole{i=\"0\",role=\"web\"} _ 4\n"
                          "role{i=\"1\"} 2 2\n")},
      {"total", ReadVector("total{i=\"0\"} 4 6\n")}};
  Check(
      {
          {"cpu / on(i) group_left() total",
           "{i=\"0\", mode=\"idle\"} 0.75 0.5\n{i=\"0\", mode=\"user\"} 0.25 _\n"},
          {"cpu / ignoring(mode) group_left total",
           "{i=\"0\", mode=\"idle\"} 0.75 0.5\n{i=\"0\", mode=\"user\"} 0.25 _\n"},
          {"total - on(i) group_right() cpu",
           "{i=\"0\", mode=\"idle\"} 1 3\n{i=\"0\", mode=\"user\"} 3 _\n"},
          {"total > on(i) group_right() cpu",
           "cpu{i=\"0\", mode=\"idle\"} 4 6\ncpu{i=\"0\", mode=\"user\"} 4 _\n"},
          // The label of the other side comes along, also where it is not there.
          {"cpu * on(i) group_left(role) role",
           "{i=\"1\", mode=\"idle\"} 16 16\n{i=\"0\", mode=\"idle\", role=\"db\"} 6 _\n"
           "{i=\"0\", mode=\"user\", role=\"db\"} 2 _\n"
           "{i=\"0\", mode=\"idle\", role=\"web\"} _ 12\n"},
          {"cpu > on(i) group_left(role) role",
           "cpu{i=\"1\", mode=\"idle\"} 8 8\ncpu{i=\"0\", mode=\"idle\", role=\"db\"} 3 _\n"},
          {"role * on(i) group_right(role) cpu",
           "{i=\"1\", mode=\"idle\"} 16 16\n{i=\"0\", mode=\"idle\", role=\"db\"} 6 _\n"
           "{i=\"0\", mode=\"user\", role=\"db\"} 2 _\n"
           "{i=\"0\", mode=\"idle\", role=\"web\"} _ 12\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(AmbiguousMatchesFailInPrometheusWords) {
  const std::map<std::string, Block> vectors{
      {"many", ReadVector("many{j=\"t\",l=\"foo\"} 0 _\nmany{j=\"t\",l=\"bar\"} 1 _\n")},
      {"turns", ReadVector("turns{j=\"t\",l=\"foo\"} 0 _\nturns{j=\"t\",l=\"bar\"} _ 1\n")},
      {"one", ReadVector("one{j=\"t\"} 1 1\n")},
      {"late", ReadVector("late{j=\"t\"} _ 1\n")},
      {"named", ReadVector("x{j=\"t\",l=\"a\"} 1 1\ny{j=\"t\",l=\"a\"} 1 1\n")}};
  Check(
      {
          {"one > on() many",
           "error: found duplicate series for the match group {} on the right hand-side of the "
           "operation: [{__name__=\"many\", j=\"t\", l=\"bar\"}, {__name__=\"many\", j=\"t\", "
           "l=\"foo\"}];many-to-many matching not allowed: matching labels must be unique on one "
           "side"},
          {"many + on(j) group_right() one",
           "error: found duplicate series for the match group {j=\"t\"} on the left hand-side of "
           "the operation: [{__name__=\"many\", j=\"t\", l=\"bar\"}, {__name__=\"many\", j=\"t\", "
           "l=\"foo\"}];many-to-many matching not allowed: matching labels must be unique on one "
           "side"},
          {"many > on(j) one", kExplicit},
          {"many >= on(j) one", kExplicit},
          {"many <= on(j) one", kExplicit},
          // Only where they are both there.
          {"turns + on(j) one", "{j=\"t\"} 1 2\n"},
          {"one + on(j) turns", "{j=\"t\"} 1 2\n"},
          {"late + on(j) many", ""},
          {"many + on(j) late", ""},
          {"named + on(j) group_left() one", kUnique},
          {"named > on(j) group_left() one", ""},
          {"named * on(j) group_left(l) one", kUnique},
          {"many + on(j) group_left() one", "{j=\"t\", l=\"foo\"} 1 _\n{j=\"t\", l=\"bar\"} 2 _\n"},
          {"many + on(j) group_left(l) one", kUnique},
          {"named + on(__name__, j) named",
           "error: vector cannot contain metrics with the same labelset"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(TheFirstStepThatFailsSaysWhy) {
  const std::map<std::string, Block> vectors{
      {"l", ReadVector("l{j=\"a\",n=\"1\"} _ 1\nl{j=\"a\",n=\"2\"} _ 1\n"
                       "l{j=\"b\"} 1 1\n")},
      {"r", ReadVector("r{j=\"a\"} 1 1\nr{j=\"b\",n=\"1\"} 1 1\nr{j=\"b\",n=\"2\"} _ 1\n")},
      {"s", ReadVector("s{j=\"a\"} 1 1\ns{j=\"b\",n=\"1\"} 1 1\ns{j=\"b\",n=\"2\"} 1 1\n")}};
  const std::string duplicate = "error: found duplicate series for the match group {j=\"b\"}";
  for (const char* expression : {"l + on(j) r", "l + on(j) s"}) {
    BOOST_TEST(NodeEvaluation(expression).Run(vectors).substr(0, duplicate.size()) == duplicate);
  }
  const std::map<std::string, Block> earlier{
      {"l", ReadVector("l{j=\"a\",n=\"1\"} 1 1\nl{j=\"a\",n=\"2\"} 1 1\nl{j=\"b\"} 1 1\n")},
      {"r", vectors.at("r")}};
  BOOST_TEST(NodeEvaluation("l + on(j) r").Run(earlier) == kExplicit);
}

BOOST_AUTO_TEST_CASE(SetOperatorsLookAtEachStep) {
  const std::map<std::string, Block> vectors{
      {"a", ReadVector("a{i=\"0\",x=\"1\"} 1 _ 1\na{i=\"0\",x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n")},
      {"b", ReadVector("b{i=\"0\"} _ 5 5\nb{i=\"2\"} 6 _ 6\nb{i=\"1\"} _ 7 7\n")},
      {"none", ReadVector("n _ _ _\n")}};
  Check(
      {
          {"a and on(i) b",
           "a{i=\"0\", x=\"1\"} _ _ 1\na{i=\"0\", x=\"2\"} _ 2 _\n"
           "a{i=\"1\"} _ _ 3\n"},
          {"a and b", "a{i=\"1\"} _ _ 3\n"},
          {"a and on() b",
           "a{i=\"0\", x=\"1\"} 1 _ 1\na{i=\"0\", x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n"},
          {"a and on() none", ""},
          {"a unless on(i) b",
           "a{i=\"0\", x=\"1\"} 1 _ _\na{i=\"0\", x=\"2\"} 2 _ _\na{i=\"1\"} 3 _ _\n"},
          {"a unless on() none",
           "a{i=\"0\", x=\"1\"} 1 _ 1\na{i=\"0\", x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n"},
          {"a or on(i) b",
           "a{i=\"0\", x=\"1\"} 1 _ 1\na{i=\"0\", x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n"
           "b{i=\"2\"} 6 _ 6\nb{i=\"1\"} _ 7 _\n"},
          {"a or ignoring(x) b",
           "a{i=\"0\", x=\"1\"} 1 _ 1\na{i=\"0\", x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n"
           "b{i=\"2\"} 6 _ 6\nb{i=\"1\"} _ 7 _\n"},
          {"none or b", "b{i=\"0\"} _ 5 5\nb{i=\"2\"} 6 _ 6\nb{i=\"1\"} _ 7 7\n"},
          {"a or a", "a{i=\"0\", x=\"1\"} 1 _ 1\na{i=\"0\", x=\"2\"} 2 2 _\na{i=\"1\"} 3 _ 3\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(FillsStandInForMissingPartners) {
  const std::map<std::string, Block> vectors{
      {"l", ReadVector("l{k=\"a\"} 10 _ 10\nl{k=\"b\"} 20 20 _\n")},
      {"r", ReadVector("r{k=\"a\"} 100 200 _\nr{k=\"c\"} 300 _ _\n")},
      {"none", ReadVector("")},
      {"req", ReadVector("req{m=\"G\",s=\"2\"} 1 1 _\nreq{m=\"P\",s=\"2\"} 2 _ _\n"
                         "req{m=\"G\",s=\"5\"} 3 3 3\n")},
      {"lim", ReadVector("lim{s=\"2\",o=\"x\"} 10 10 10\nlim{s=\"4\",o=\"y\"} _ 40 _\n")}};
  Check(
      {
          {"l + fill(0) r", "{k=\"a\"} 110 200 10\n{k=\"b\"} 20 20 _\n{k=\"c\"} 300 _ _\n"},
          {"l + fill_left(1) r", "{k=\"a\"} 110 201 _\n{k=\"c\"} 301 _ _\n"},
          {"l + fill_right(1) r", "{k=\"a\"} 110 _ 11\n{k=\"b\"} 21 21 _\n"},
          {"l + fill_left(5) fill_right(7) r",
           "{k=\"a\"} 110 205 17\n{k=\"b\"} 27 27 _\n{k=\"c\"} 305 _ _\n"},
          {"l == fill(20) r", "l{k=\"b\"} 20 20 _\n"},
          {"l < fill(20) r", "l{k=\"a\"} 10 _ 10\n{k=\"a\"} _ 20 _\n{k=\"c\"} 20 _ _\n"},
          {"l + on(k) fill(0) r", "{k=\"a\"} 110 200 10\n{k=\"b\"} 20 20 _\n{k=\"c\"} 300 _ _\n"},
          {"l + fill_right(0) none", "{k=\"a\"} 10 _ 10\n{k=\"b\"} 20 20 _\n"},
          {"l + fill_left(0) none", ""},
          {"req + on(s) group_left fill(0) lim",
           "{m=\"G\", s=\"2\"} 11 11 _\n{m=\"P\", s=\"2\"} 12 _ _\n{s=\"2\"} _ _ 10\n"
           "{m=\"G\", s=\"5\"} 3 3 3\n{s=\"4\"} _ 40 _\n"},
          {"req + on(s) group_left(o) fill_right(0) lim",
           "{m=\"G\", o=\"x\", s=\"2\"} 11 11 _\n{m=\"P\", o=\"x\", s=\"2\"} 12 _ _\n"
           "{m=\"G\", s=\"5\"} 3 3 3\n"},
          // Under group_right the left one of the two fills is that of the right side.
          {"lim * on(s) group_right fill_left(2) req",
           "{m=\"G\", s=\"2\"} 10 10 _\n{m=\"P\", s=\"2\"} 20 _ _\n{s=\"2\"} _ _ 20\n"
           "{s=\"4\"} _ 80 _\n"},
      },
      vectors);
}

BOOST_AUTO_TEST_CASE(WithDelayedRemovalOnlyFlagsAreSet) {
  const Features delayed{.delayed_name_removal = true};
  const std::map<std::string, Block> vectors{{"a", ReadVector("a{i=\"0\"} 1\n!a{i=\"1\"} 2\n")},
                                             {"b", ReadVector("b{i=\"0\"} 1\nb{i=\"1\"} 1\n")}};
  Check(
      {
          {"a + 1", "!a{i=\"0\"} 2\n!a{i=\"1\"} 3\n"},
          {"a > 1", "!a{i=\"1\"} 2\n"},
          {"a + b", "{i=\"0\"} 2\n{i=\"1\"} 3\n"},
          {"a >= b", "a{i=\"0\"} 1\n!a{i=\"1\"} 2\n"},
          {"a >= bool b", "!a{i=\"0\"} 1\n!a{i=\"1\"} 1\n"},
          {"b or a", "b{i=\"0\"} 1\nb{i=\"1\"} 1\n"},
          {"a and on(__name__) a", "a{i=\"0\"} 1\n!a{i=\"1\"} 2\n"},
          {"b or on(__name__) a", "b{i=\"0\"} 1\nb{i=\"1\"} 1\na{i=\"0\"} 1\n!a{i=\"1\"} 2\n"},
      },
      vectors, delayed);
}

BOOST_AUTO_TEST_CASE(TypeAndUnitDoNotKeepSeriesApartIfTheFeatureIsOn) {
  const std::map<std::string, Block> vectors{{"a", ReadVector("a{__type__=\"gauge\",i=\"0\"} 6\n")},
                                             {"b", ReadVector("b{i=\"0\"} 2\n")}};
  const Features typed{.type_and_unit_labels = true};
  Check({{"a / b", ""}, {"b and a", ""}}, vectors);
  Check({{"a / b", "{i=\"0\"} 3\n"},
         {"a > b", "a{__type__=\"gauge\", i=\"0\"} 6\n"},
         {"a > bool b", "{i=\"0\"} 1\n"},
         {"b and a", "b{i=\"0\"} 2\n"}},
        vectors, typed);
}

BOOST_AUTO_TEST_CASE(TrimmingNumbersGivesNothingAndSaysSo) {
  const std::map<std::string, Block> vectors{{"a", ReadVector("a 1\n")},
                                             {"b", ReadVector("b 1\n")},
                                             {"c", ReadVector("c{x=\"1\"} 1\n")},
                                             {"gone", ReadVector("a _\n")}};
  const std::string upper =
      "PromQL info: incompatible sample types encountered for binary operator \"</\": float </ "
      "float (1:1)";
  struct Trim {
    const char* expression;
    std::set<std::string> infos;
  };
  for (const Trim& row : {Trim{"a </ 1", {upper}}, Trim{"a </ b", {upper}}, Trim{"a </ c", {}},
                          Trim{"gone </ 1", {}}, Trim{"gone </ b", {}}}) {
    NodeEvaluation node(row.expression);
    BOOST_TEST_CONTEXT(row.expression) {
      BOOST_TEST(node.Run(vectors) == "");
      BOOST_TEST(node.infos() == row.infos, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsRememberedOfTwoShapesIsNotUsedForOthers) {
  const Block left = ReadVector("a{i=\"0\"} 6 _\na{i=\"1\"} 9 3\n");
  const Block right = ReadVector("b{i=\"0\",x=\"1\"} 2 2\nb{i=\"0\",x=\"2\"} _ _\n");
  const Block other = ReadVector("b{i=\"1\",x=\"1\"} 3 3\n");
  const std::map<std::string, Block> first{{"a", left}, {"b", right}};
  const std::map<std::string, Block> second{{"a", left}, {"b", other}};
  for (const char* expression :
       {"a * on(i) b", "a and on(i) b", "a or b", "a > on(i) group_left(x) b", "a - 1"}) {
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
