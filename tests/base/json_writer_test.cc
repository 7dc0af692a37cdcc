#include "base/json_writer.h"

#include <limits>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(json_writer_test)

BOOST_AUTO_TEST_CASE(PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("a").BeginArray().Integer(-1).Bool(true).BeginArray().EndArray();
  json.BeginObject().EndObject().EndArray().Key("b").Number(0.5).Key("c").Raw("null").EndObject();
  BOOST_TEST(out == R"({"a":[-1,true,[],{}],"b":0.5,"c":null})");
}

BOOST_AUTO_TEST_CASE(EscapesText) {
  std::string out;
  AppendJsonString(out, "a\"\\\n\r\t\x01é");
  BOOST_TEST(out == "\"a\\\"\\\\\\n\\r\\t\\u0001é\"");
  out.clear();
  AppendJsonString(out, "a\xff");
  BOOST_TEST(out == "\"a\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_CASE(HasNoNumberForWhatIsNotFinite) {
  std::string out;
  JsonWriter(out).BeginArray().Number(std::numeric_limits<double>::infinity()).EndArray();
  BOOST_TEST(out == "[null]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
