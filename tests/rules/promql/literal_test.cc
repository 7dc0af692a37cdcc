#include "rules/promql/literal.h"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

struct Number {
  std::string_view text;
  double value;
};
struct Refused {
  std::string_view text;
  std::string_view message;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

BOOST_AUTO_TEST_SUITE(literal_test)

BOOST_AUTO_TEST_CASE(NumbersAreRead) {
  const std::vector<Number> rows = {
      {"0", 0},
      {"1", 1},
      {"1.", 1},
      {".5", 0.5},
      {"1.5e3", 1500},
      {"1E-3", 0.001},
      {"0x1F", 31},
      {"0Xff", 255},
      {"0x_1f", 31},
      {"010", 8},
      {"08", 8},
      {"0.1", 0.1},
      {"1_000.5", 1000.5},
      {"0_7", 7},
      {"Inf", kInfinity},
      {"INF", kInfinity},
      {"1e-999", 0},
      {".1e-400", 0},
      {"1e308", 1e308},
      {"18446744073709551616", 0x1p64},
  };
  for (const Number& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<double> value = ParseNumberLiteral(row.text);
      BOOST_TEST_REQUIRE(!!value);
      BOOST_TEST(*value == row.value);
    }
  }
  BOOST_TEST(std::isnan(*ParseNumberLiteral("nAn")));
}

BOOST_AUTO_TEST_CASE(WhatOnlyLooksLikeANumberIsRefused) {
  const std::string prefix = "error parsing number: strconv.ParseFloat: parsing ";
  const std::vector<Refused> rows = {
      {"1e999", R"("1e999": value out of range)"},
      {"0x", R"("0x": invalid syntax)"},
      {"1__0", R"("1__0": invalid syntax)"},
      {"1_.5", R"("1_.5": invalid syntax)"},
      {"0xffffffffffffffffff", R"("0xffffffffffffffffff": invalid syntax)"},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<double> value = ParseNumberLiteral(row.text);
      BOOST_TEST_REQUIRE(!value);
      BOOST_TEST(value.error().message == prefix + std::string(row.message));
    }
  }
}

BOOST_AUTO_TEST_CASE(DurationsAreReadInSeconds) {
  const std::vector<Number> rows = {
      {"5m", 300}, {"1h30m", 5400}, {"1ms", 0.001}, {"0s", 0}, {"292y", 292.0 * 365 * 86400},
  };
  for (const Number& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<double> value = ParseDurationLiteral(row.text);
      BOOST_TEST_REQUIRE(!!value);
      BOOST_TEST(*value == row.value);
    }
  }
}

BOOST_AUTO_TEST_CASE(WrongDurationsAreRefused) {
  const std::vector<Refused> rows = {
      {"5m5m", R"(not a valid duration string: "5m5m")"},
      {"1m1h", R"(not a valid duration string: "1m1h")"},
      {"1hs", R"(unknown unit "hs" in duration "1hs")"},
      {"1.5m", R"(unknown unit "." in duration "1.5m")"},
      {"293y", "duration out of range"},
      {"99999999999y", "duration out of range"},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<double> value = ParseDurationLiteral(row.text);
      BOOST_TEST_REQUIRE(!value);
      BOOST_TEST(value.error().message == row.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(QuotesAndEscapesAreRemoved) {
  struct Row {
    std::string_view token;
    std::string_view text;
  };
  using namespace std::string_view_literals;
  const std::vector<Row> rows = {
      {R"("")", ""},
      {R"("a'b")", "a'b"},
      {R"('a"b')", "a\"b"},
      {R"(`a\n"'`)", R"(a\n"')"},
      {R"("\a\b\f\n\r\t\v\\\"")", "\a\b\f\n\r\t\v\\\""},
      {R"("\x41\102\u00e9\u20ac\U0001f600!")", "AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"},
      {R"("\xff\377\000")", "\xff\xff\0"sv},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.token) {
      BOOST_TEST(Unquote(row.token) == row.text);
    }
  }
}

BOOST_AUTO_TEST_CASE(NumbersArePrintedWithoutExponent) {
  struct Row {
    double value;
    std::string text;
  };
  const std::vector<Row> rows = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {0.000001, "0.000001"},
      {0.1, "0.1"},
      {1e6, "1000000"},
      {123456.75, "123456.75"},
      {1.5e17, "150000000000000000"},
      // Nearest to it is 99999999999999991611392, whose other digits are none of the shortest.
      {1e23, "100000000000000000000000"},
      {-1e22, "-10000000000000000000000"},
      {1e300, "1" + std::string(300, '0')},
      {1.7976931348623157e308, "17976931348623157" + std::string(292, '0')},
      {5e-324, "0." + std::string(323, '0') + "5"},
      {2.2250738585072014e-308, "0." + std::string(307, '0') + "22250738585072014"},
      {9007199254740993.0, "9007199254740992"},
      {kInfinity, "+Inf"},
      {-kInfinity, "-Inf"},
      {std::nan(""), "NaN"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(FormatPlain(row.value) == row.text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
