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

// Plain text is looked at eight bytes at a time: every byte, at every place of texts of every
// length around that, is treated as it is alone.
BOOST_AUTO_TEST_CASE(EscapesAByteWhereverItStands) {
  for (int byte = 0; byte < 0x80; ++byte) {
    std::string alone;
    AppendJsonString(alone, std::string(1, static_cast<char>(byte)));
    const std::string escaped = alone.substr(1, alone.size() - 2);
    for (std::size_t length = 1; length <= 20; ++length) {
      for (std::size_t at = 0; at < length; ++at) {
        std::string text(length, 'x');
        text[at] = static_cast<char>(byte);
        std::string out;
        AppendJsonString(out, text);
        text.replace(at, 1, escaped);
        if (out != '"' + text + '"') BOOST_ERROR("byte " << byte << " at " << at << ": " << out);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(MendsABadByteWhereverItStands) {
  for (const int byte : {0x80, 0xbf, 0xc0, 0xff}) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(byte);
      std::string out;
      AppendJsonString(out, text);
      text.replace(at, 1, "\xef\xbf\xbd");
      if (out != '"' + text + '"') BOOST_ERROR("byte " << byte << " at " << at << ": " << out);
    }
  }
}

BOOST_AUTO_TEST_CASE(HasNoNumberForWhatIsNotFinite) {
  std::string out;
  JsonWriter(out).BeginArray().Number(std::numeric_limits<double>::infinity()).EndArray();
  BOOST_TEST(out == "[null]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
