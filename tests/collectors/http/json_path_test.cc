#include "collectors/http/json_path.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::http {
namespace {

BOOST_AUTO_TEST_SUITE(json_path_test)

BOOST_AUTO_TEST_CASE(FindsWhatIsThere) {
  const boost::json::value document = boost::json::parse(
      R"({"a": {"b": 1, "c.d": 2}, "list": [10, {"x": 11}], "empty": {}, "nothing": null, "": 5})");
  const struct {
    std::string path;
    std::vector<std::string> found;
  } rows[] = {
      {"a.b", {"a.b=1"}},
      {"/a/c.d", {"/a/c.d=2"}},
      {"a.*", {"b=1", "c.d=2"}},
      {"/a/*", {"b=1", "c.d=2"}},
      {"list.0", {"list.0=10"}},
      {"list.1.x", {"list.1.x=11"}},
      {"nothing", {"nothing=null"}},
      {"a", {R"(a={"b":1,"c.d":2})"}},
      {"a.c.d", {}},
      {"a.b.c", {}},
      {"list.2", {}},
      {"list.-1", {}},
      {"list.1x", {}},
      {"list.99999999999999999999999", {}},
      {"list.*", {}},
      {"empty.*", {}},
      {"nothing.x", {}},
      {"absent", {}},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.path) {
      const Result<JsonPath> path = JsonPath::Parse(row.path);
      BOOST_REQUIRE(path);
      std::vector<std::string> found;
      for (const auto& [name, value] : path->Find(document)) {
        found.push_back(std::string(name) + "=" + boost::json::serialize(*value));
      }
      BOOST_TEST(found == row.found, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesWhatIsNoPath) {
  for (const std::string text : {"", ".", "a.", ".a", "a..b", "/", "/a/", "*.a", "a.*.b"}) {
    BOOST_TEST(!JsonPath::Parse(text), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::http
