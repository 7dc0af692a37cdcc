#include "rules/promql/duration_expr.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

constexpr Millis kStep = 15'000;
constexpr Millis kRange = 3'600'000;

/// The offset of `x offset <text>`.
Result<Millis> Offset(std::string_view text) {
  const ParseResult parsed = Parse("x offset " + std::string(text), {});
  BOOST_TEST_REQUIRE(!!parsed);
  const auto& selector = std::get<VectorSelector>(parsed.query->root->node);
  BOOST_TEST_REQUIRE(!!selector.time.offset);
  return Evaluate(*selector.time.offset, kStep, kRange);
}

/// The range of `x[<text>]`.
Result<Millis> Range(std::string_view text, Millis step = kStep, Millis range = kRange) {
  const ParseResult parsed = Parse("x[" + std::string(text) + "]", {});
  BOOST_TEST_REQUIRE(!!parsed);
  return EvaluatePositive(*std::get<MatrixSelector>(parsed.query->root->node).range, step, range);
}

struct Row {
  std::string_view text;
  Millis millis;
};

BOOST_AUTO_TEST_SUITE(duration_expr_test)

BOOST_AUTO_TEST_CASE(RangesAreComputed) {
  const std::vector<Row> rows = {
      {"5m", 300'000},
      {"300", 300'000},
      {"1.5", 1'500},
      {"0.29", 290},
      {"0.0019", 1},
      {"26m+4m", 1'800'000},
      {"60*30", 1'800'000},
      {"2m*(10+5)", 1'800'000},
      {"24m+((1.5*2m)+2m)", 1'740'000},
      {"-5m+35m", 1'800'000},
      {"1h/2", 1'800'000},
      {"1h30m % 1h", 1'800'000},
      {"30m1s-30m1s % 1m", 1'800'000},
      {"2 ^ 3 ^ 2", 512'000},
      {"2 * 3 ^ 2", 18'000},
      {"10 - 2 - 3", 5'000},
      {"-2 ^ 2 + 5", 1'000},
      {"((((8 - 2) / 3) * 7s) % 4) + 8000ms", 10'000},
      {"step()", 15'000},
      {"STEP() * 2", 30'000},
      {"range()", 3'600'000},
      {"range() / step()", 240'000},
      {"min_of(step() + 1, 1h)", 16'000},
      {"max_of(min_of(step(), 1s), 3s)", 3'000},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Millis> range = Range(row.text);
      BOOST_TEST_REQUIRE(!!range);
      BOOST_TEST(*range == row.millis);
    }
  }
}

BOOST_AUTO_TEST_CASE(OffsetsMayBeNegative) {
  const std::vector<Row> rows = {
      {"5m", 300'000},
      {"-5m", -300'000},
      {"+30", 30'000},
      {"-1.5", -1'500},
      {"(100 + 2)", 102'000},
      {"(2 ^ 2) * 2", 8'000},
      {"-(2 ^ 2)", -4'000},
      {"(-2 ^ 2)", -4'000},
      {"-step()", -15'000},
      {"(5 - 5)", 0},
      {"-min_of(step(), 1s)", -1'000},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Millis> offset = Offset(row.text);
      BOOST_TEST_REQUIRE(!!offset);
      BOOST_TEST(*offset == row.millis);
    }
  }
}

BOOST_AUTO_TEST_CASE(ImpossibleRangesAreRefused) {
  struct Refused {
    std::string_view text;
    std::string_view message;
  };
  const std::vector<Refused> rows = {
      {"5m - 5m", "duration must be greater than 0"},
      {"-(5m)", "duration must be greater than 0"},
      {"step()", "duration must be greater than 0"},
      {"5m / (3 - 3)", "division by zero"},
      {"5m % step()", "modulo by zero"},
      {"10 ^ 400", "duration is out of range"},
      {"(-8) ^ 0.5", "duration is out of range"},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Millis> range = Range(row.text, 0, 0);
      BOOST_TEST_REQUIRE(!range);
      BOOST_TEST(range.error().message == row.message);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
