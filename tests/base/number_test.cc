#include "base/number.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Row {
  double value;
  std::string_view text;
  std::string_view canonical;
};

constexpr std::array kRows = {
    Row{0, "0", "0.0"},
    Row{-0.0, "-0", "-0.0"},
    Row{1, "1", "1.0"},
    Row{-1, "-1", "-1.0"},
    Row{0.1, "0.1", "0.1"},
    Row{0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"},
    Row{3600, "3600", "3600.0"},
    Row{1e15, "1e+15", "1e+15"},
    Row{999999999999999, "999999999999999", "999999999999999.0"},
    Row{1767225600.123, "1767225600.123", "1767225600.123"},
    Row{9007199254740993.0, "9007199254740992", "9007199254740992.0"},
    Row{18014398509481984.0 + 4, "18014398509481988", "18014398509481988.0"},
    Row{1e21, "1e+21", "1e+21"},
    Row{1e-7, "1e-07", "1e-07"},
    Row{std::numeric_limits<double>::max(), "1.7976931348623157e+308", "1.7976931348623157e+308"},
    Row{std::numeric_limits<double>::min(), "2.2250738585072014e-308", "2.2250738585072014e-308"},
    Row{std::numeric_limits<double>::denorm_min(), "5e-324", "5e-324"},
    Row{kInfinity, "+Inf", "+Inf"},
    Row{-kInfinity, "-Inf", "-Inf"},
    Row{kNaN, "NaN", "NaN"},
};

BOOST_AUTO_TEST_SUITE(number_test)

BOOST_AUTO_TEST_CASE(NumbersPrintAsPrometheusSpellsThem) {
  for (const Row& row : kRows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(FormatNumber(row.value) == row.text);
      std::string canonical = "x=";
      AppendCanonicalNumber(canonical, row.value);
      BOOST_TEST(canonical == "x=" + std::string(row.canonical));
    }
  }
}

BOOST_AUTO_TEST_CASE(PrintedNumbersReadBackExactly) {
  for (const Row& row : kRows) {
    BOOST_TEST_CONTEXT(row.text) {
      const std::optional<double> read = ParseNumber(row.text);
      BOOST_TEST_REQUIRE(read.has_value());
      if (std::isnan(row.value)) {
        BOOST_TEST(std::isnan(*read));
      } else {
        BOOST_TEST(
            (std::bit_cast<std::uint64_t>(*read) == std::bit_cast<std::uint64_t>(row.value)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherSpellingsAreTaken) {
  BOOST_TEST(ParseNumber("+1.50").value() == 1.5);
  BOOST_TEST(ParseNumber(".5").value() == 0.5);
  BOOST_TEST(ParseNumber("5.").value() == 5.0);
  BOOST_TEST(ParseNumber("1E3").value() == 1000.0);
  BOOST_TEST(ParseNumber("inf").value() == kInfinity);
  BOOST_TEST(ParseNumber("-INF").value() == -kInfinity);
  BOOST_TEST(std::isnan(ParseNumber("nan").value()));
  BOOST_TEST(std::isnan(ParseNumber("+NaN").value()));
}

BOOST_AUTO_TEST_CASE(WhatIsTooNearToZeroIsZero) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e-400"), std::string("1E-99999999999999999999"), std::string("0.001e-400"),
        std::string("1000e-400"), "0." + zeros + "1", "." + zeros + "1", "0." + zeros + "1e+20",
        "1" + zeros + "e-1000", std::string("0e400"), std::string("1e-324")}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST_REQUIRE(ParseNumber(text).has_value());
      BOOST_TEST(*ParseNumber(text) == 0);
      BOOST_TEST(!std::signbit(*ParseNumber(text)));
      BOOST_TEST(std::signbit(*ParseNumber("-" + text)));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsTooLargeIsRefused) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e400"), std::string("1e99999999999999999999"), std::string("0.001e400"),
        "1" + zeros, "1" + zeros + ".5", "1" + zeros + "e-10", "0." + zeros + "1e1000",
        std::string("1.8e308")}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseNumber(text).has_value());
      BOOST_TEST(!ParseNumber("-" + text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoNumberIsRefused) {
  for (const std::string_view text :
       {"", " ", "+", "-", ".", "e5", "1e", "1e400", "1 ", " 1", "1,5", "0x10", "--1", "+-1",
        "1_000", "infinit", "nan(1)", "1\n"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseNumber(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
