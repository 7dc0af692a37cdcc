#include "base/template/printing.h"

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::text_template {
namespace {

struct Row {
  std::string_view format;
  Value::List arguments;
  std::string_view expected;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.format) {
      BOOST_TEST(PrintFormatted(row.format, row.arguments) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE(printing_test)

BOOST_AUTO_TEST_CASE(EachVerbPrintsItsTypes) {
  const Value duration = std::chrono::nanoseconds(1'500'000);
  Check({
      {"%v %v %v %v", {1, 1.5, "a", true}, "1 1.5 a true"},
      {"%d %b %o %O %x %X %c %U %q",
       {65, 5, 8, 8, 255, 255, 65, 65, 65},
       "65 101 10 0o10 ff FF A U+0041 'A'"},
      {"%s %q %x %X", {"a", "a\n\"", "hi", "hi"}, "a \"a\\n\\\"\" 6869 6869"},
      {"%e %E %f %F %g %G",
       {1.5, 1.5, 1.5, 1.5, 1e21, 1e21},
       "1.500000e+00 1.500000E+00 1.500000 1.500000 1e+21 1E+21"},
      {"%t %T %%", {true, 1.0}, "true float64 %"},
      {"%s %d %v", {duration, duration, duration}, "1.5ms 1500000 1.5ms"},
      {"%v %d", {Value::OfList({1, 2}), Value::OfList({1, 2})}, "[1 2] [1 2]"},
      {"%v", {Value::OfMap({{"a", Value()}})}, "map[a:<nil>]"},
      {"%v %+v", {Value::OfRecord({{"A", 1}}), Value::OfRecord({{"A", 1}})}, "{1} {A:1}"},
      {"%v", {Value()}, "<nil>"},
  });
}

BOOST_AUTO_TEST_CASE(FlagsWidthAndPrecisionArrange) {
  Check({
      {"%5d|%-5d|%05d|%+d|% d|%.3d", {7, 7, 7, 7, 7, 7}, "    7|7    |00007|+7| 7|007"},
      {"%5s|%-5s|%.2s|%5q", {"é", "é", "héllo", "a"}, "    é|é    |hé|  \"a\""},
      {"%6.2f|%-6.1f|%06.2f|%+.1f", {3.14159, 2.55, -1.5, 2.0}, "  3.14|2.5   |-01.50|+2.0"},
      {"%.4g|%.0f|%.f|%8.3g", {1234567.0, 2.5, 3.5, 0.00001234}, "1.235e+06|2|4|1.23e-05"},
      {"%#x|%#o|%#b|% x|%#x", {255, 8, 5, "hi", "hi"}, "0xff|010|0b101|68 69|0x6869"},
      {"%*d|%-*d|%.*f", {4, 1, 4, 1, 1, 2.0}, "   1|1   |2.0"},
      {"%[2]d %[1]d", {1, 2}, "2 1"},
  });
}

BOOST_AUTO_TEST_CASE(MistakesAreSaidInTheText) {
  Check({
      {"%d", {"x"}, "%!d(string=x)"},
      {"%s", {1}, "%!s(int=1)"},
      {"%d", {1.5}, "%!d(float64=1.5)"},
      {"%z", {1}, "%!z(int=1)"},
      {"%d", {Value()}, "%!d(<nil>)"},
      {"%d %s", {}, "%!d(MISSING) %!s(MISSING)"},
      {"%d", {1, 2}, "1%!(EXTRA int=2)"},
      {"%", {}, "%!(NOVERB)"},
      {"%*d", {"a", 1}, "%!(BADWIDTH)1"},
      {"%[3]d", {1}, "%!d(BADINDEX)"},
  });
}

BOOST_AUTO_TEST_CASE(FloatsAreShortWithAnExponentFromAMillionOn) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Check({
      {"%v %v %v", {999999.5, 1e6, 123456789.0}, "999999.5 1e+06 1.23456789e+08"},
      {"%v %v %v", {0.1, 0.0001, 0.00001}, "0.1 0.0001 1e-05"},
      {"%v %v %v",
       {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()},
       "+Inf -Inf NaN"},
      {"%v %v", {0.0, -0.0}, "0 -0"},
      {"%.2f %5.1f|", {kInfinity, -kInfinity}, "+Inf  -Inf|"},
  });
}

BOOST_AUTO_TEST_CASE(OperandsThatAreNoTextsHaveASpaceBetween) {
  const Value::List values = {1, 2, "a", 3, "b", "c", Value(), Value()};
  BOOST_TEST(Print(values) == "1 2a3bc<nil> <nil>");
  BOOST_TEST(PrintLine(values) == "1 2 a 3 b c <nil> <nil>\n");
}

BOOST_AUTO_TEST_CASE(AHugeTextIsCutOff) {
  const Value::List value = {1, 1};
  BOOST_TEST(PrintFormatted("%1000000d%1000000d", value).size() == kMaxTextBytes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template
