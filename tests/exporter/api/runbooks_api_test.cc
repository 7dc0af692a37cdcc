#include "exporter/api/runbooks_api.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "exporter/runbooks.h"

namespace tocsin::api {
namespace {

std::string Ask(std::string_view url = "") {
  HttpRequest request;
  if (!url.empty()) request.query = {{"url", std::string(url)}};
  return *RunbooksRoute().handle(request).body;
}

std::size_t CountOf(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runbooks_api_test)

BOOST_AUTO_TEST_CASE(TheOneThatAnAlertMeans) {
  BOOST_TEST(
      Ask("docs/runbooks/atlasdown.md") ==
      R"({"status":"success","data":{"runbooks":[{"name":"atlasdown","title":"AtlasDown"}]}})");
  BOOST_TEST(Ask("https://runbooks.example/high-load") ==
             R"({"status":"success","data":{"runbooks":[]}})");
}

BOOST_AUTO_TEST_CASE(WithoutAUrlTheyAreAllListed) {
  BOOST_TEST(CountOf(Ask(), "\"name\":") == Runbooks().size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::api
