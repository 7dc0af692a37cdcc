#include "tests/promqltest/comparison.h"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(comparison_test)

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct EqualRow {
  double a;
  double b;
  bool equal;
};

BOOST_AUTO_TEST_CASE(ValuesAreComparedToAMillionth) {
  const std::vector<EqualRow> rows = {
      {1, 1, true},
      {1, 1.000001, true},
      {1, 1.00001, false},
      {-1, 1, false},
      {0, 1e-320, true},
      {0, 1e-310, false},
      {0, 1e-7, false},
      {0, -0.0, true},
      {1e300, 1e300 * (1 + 1e-7), true},
      {1e308, -1e308, false},
      {kInf, kInf, true},
      {kInf, -kInf, false},
      {kInf, 1e308, false},
      {kNan, kNan, true},
      {kNan, 1, false},
      {kStaleNan, kStaleNan, true},
      {kStaleNan, kNan, false},
  };
  for (const EqualRow& row : rows) {
    BOOST_TEST_CONTEXT(row.a << " and " << row.b) {
      BOOST_TEST(AlmostEqual(row.a, row.b) == row.equal);
      BOOST_TEST(AlmostEqual(row.b, row.a) == row.equal);
    }
  }
}

EvalCommand Case(const std::string& script) {
  return std::get<EvalCommand>(ParseScript(script).front());
}

Found Vector(std::vector<std::pair<Labels, double>> elements) {
  Found found;
  for (auto& [labels, value] : elements) found.series.push_back({labels, {{0}, {value}}});
  return found;
}

const Labels kA = {{"__name__", "a"}};
const Labels kB = {{"__name__", "b"}};

struct VectorRow {
  std::string_view expectations;
  Found found;
  std::string_view difference;  ///< Empty: none.
};

const std::vector<VectorRow> kVectors = {
    {"", Vector({}), ""},
    {"a 1\nb 2", Vector({{kB, 2}, {kA, 1}}), ""},
    {"a 1", Vector({{kA, 1}, {kB, 2}}), "unexpected series b"},
    {"a 1\nb 2", Vector({{kA, 1}}), "expected series b, which is missing"},
    {"a 1", Vector({{kA, 1}, {kA, 1}}), "series a comes twice"},
    {"a 1", Vector({{kA, 2}}), "expected 1 at 0 ms of a, got 2"},
    {"a stale", Vector({{kA, kNan}}), "expected stale at 0 ms of a, got NaN"},
    {"a {{sum:1}}", Vector({{kA, 1}}), "expected a native histogram of a; these are not supported"},
    {"expect ordered\nb 2\na 1", Vector({{kB, 2}, {kA, 1}}), ""},
    {"expect ordered\na 1\nb 2", Vector({{kB, 2}, {kA, 1}}), "expected a in place 1, got b"},
    {"1", Vector({{kA, 1}}), "expected a scalar, got an instant vector"},
    {"expect string \"x\"", Vector({}), "expected a string, got an instant vector"},
};

BOOST_AUTO_TEST_CASE(VectorsAreComparedByLabels) {
  for (const VectorRow& row : kVectors) {
    BOOST_TEST_CONTEXT(row.expectations) {
      const auto eval = Case("eval instant at 0 x\n" + std::string(row.expectations));
      BOOST_TEST(Difference(eval, row.found).value_or("") == row.difference);
    }
  }
}

Found Matrix(std::vector<std::pair<Labels, Samples>> series) {
  Found found;
  found.kind = Found::Kind::kMatrix;
  for (auto& [labels, samples] : series) found.series.push_back({labels, samples});
  return found;
}

struct MatrixRow {
  std::string_view expectations;
  Found found;
  std::string_view difference;
};

const std::vector<MatrixRow> kMatrices = {
    {"a 1 2 3", Matrix({{kA, {{0, 60'000, 120'000}, {1, 2, 3}}}}), ""},
    {"a 1 _ 3", Matrix({{kA, {{0, 120'000}, {1, 3}}}}), ""},
    {"a 1", Matrix({{kA, {{0}, {1}}}}), ""},
    {"a 1 2 3", Matrix({{kA, {{0, 120'000}, {1, 3}}}}),
     "expected 2 at 60000 ms of a, got a sample at 120000 ms"},
    {"a 1 2", Matrix({{kA, {{0}, {1}}}}), "expected 2 at 60000 ms of a, got no such sample"},
    {"a 1", Matrix({{kA, {{0, 60'000}, {1, 1}}}}), "unexpected sample at 60000 ms of a"},
    {"b 2\na 1", Matrix({{kA, {{0}, {1}}}, {kB, {{0}, {2}}}}), ""},
    {"b 2\na 1", Matrix({{kB, {{0}, {2}}}, {kA, {{0}, {1}}}}),
     "series are not sorted: a comes after b"},
};

BOOST_AUTO_TEST_CASE(MatricesAreComparedByTimes) {
  for (const MatrixRow& row : kMatrices) {
    BOOST_TEST_CONTEXT(row.expectations) {
      const auto eval = Case("eval range from 0 to 2m step 1m x\n" + std::string(row.expectations));
      BOOST_TEST(Difference(eval, row.found).value_or("") == row.difference);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheMiddleOfARangeIsAnInstant) {
  const Found matrix = Matrix({{kA, {{0, 60'000}, {1, 2}}}, {kB, {{0, 120'000}, {3, 4}}}});
  const Found middle = AtMoment(matrix, 60'000, /*scalar=*/false);
  BOOST_TEST(middle.ToString() == "a 2\n");
  const Found scalar = AtMoment(Matrix({{Labels(), {{60'000}, {5}}}}), 60'000, /*scalar=*/true);
  BOOST_TEST(scalar.ToString() == "5\n");
}

struct AnnotationRow {
  std::string_view expectations;
  std::set<std::string> found;
  std::string_view difference;
};

BOOST_AUTO_TEST_CASE(AnnotationsAreComparedAsAWhole) {
  const std::vector<AnnotationRow> rows = {
      {"", {"x"}, ""},
      {"expect no_warn", {}, ""},
      {"expect no_warn", {"x"}, "unexpected warning: x"},
      {"expect warn", {"x", "y"}, ""},
      {"expect warn", {}, "expected annotations of the kind warning, got none"},
      {"expect warn msg: x", {"x"}, ""},
      {"expect warn msg: x\nexpect warn regex: y+", {"x", "ayyb"}, ""},
      {"expect warn msg: x", {"x", "y"}, "unexpected warning: y"},
      {"expect warn msg: x", {"y"}, "no warning is as expected: msg: x"},
  };
  for (const AnnotationRow& row : rows) {
    BOOST_TEST_CONTEXT(row.expectations) {
      const auto eval = Case("eval instant at 0 x\n" + std::string(row.expectations));
      BOOST_TEST(Difference(eval.warnings, row.found, "warning").value_or("") == row.difference);
    }
  }
  const auto old = Case("eval_info instant at 0 x");
  BOOST_TEST(Difference(old.infos, {}, "info").value_or("") ==
             "expected annotations of the kind info, got none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
