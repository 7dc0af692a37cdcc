#include "exporter/generate/pretty_json.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(pretty_json_test)

BOOST_AUTO_TEST_CASE(ShortLeavesAreOnOneLine) {
  const json::value value = {{"uid", "a"},
                             {"empty", json::array()},
                             {"flat", {{"h", 4}, {"none", json::object()}}},
                             {"deep", {{{"id", 1}}, {{"id", json::array{1, 2}}}}},
                             {"numbers", json::array{0.5, 1e-9, 60.0, -1, 3600, true, nullptr}},
                             {"long", json::array{std::string(60, 'a'), std::string(60, 'b')}},
                             {"quoted", "\"\n"}};
  BOOST_TEST(PrettyJson(value) == R"({
  "uid": "a",
  "empty": [],
  "flat": {"h": 4, "none": {}},
  "deep": [
    {"id": 1},
    {
      "id": [1, 2]
    }
  ],
  "numbers": [0.5, 1e-09, 60, -1, 3600, true, null],
  "long": [
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  ],
  "quoted": "\"\n"
}
)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate
