#include "exporter/own_origin.h"

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kExternalUrl = "https://tocsin.example.org/t";

BOOST_AUTO_TEST_SUITE(own_origin_test)

BOOST_AUTO_TEST_CASE(BrowsersSayWhichPageAsks) {
  const struct {
    std::string_view name;
    Headers headers;
    bool is_own;
  } rows[] = {
      {"NoBrowser", {{"Host", "h:1"}}, true},
      {"OwnPage", {{"Host", "h:1"}, {"Origin", "http://h:1"}}, true},
      {"OwnPageInAnotherCase", {{"host", "H:1"}, {"origin", "http://h:1"}}, true},
      {"OwnPageBehindAProxy", {{"Host", "h:1"}, {"Origin", "https://tocsin.example.org"}}, true},
      {"OwnPageSaysTheBrowser",
       {{"Host", "h:1"}, {"Origin", "https://x"}, {"Sec-Fetch-Site", "same-origin"}},
       true},
      {"TypedAddress", {{"Host", "h:1"}, {"Sec-Fetch-Site", "none"}}, true},
      {"ForeignPage", {{"Host", "h:1"}, {"Origin", "http://evil.example"}}, false},
      {"AnotherPort", {{"Host", "h:1"}, {"Origin", "http://h:2"}}, false},
      {"NoPort", {{"Host", "h:1"}, {"Origin", "http://h"}}, false},
      {"AnotherScheme", {{"Host", "h:1"}, {"Origin", "http://tocsin.example.org"}}, false},
      {"SandboxedPage", {{"Host", "h:1"}, {"Origin", "null"}}, false},
      {"NothingAfterTheScheme", {{"Host", ""}, {"Origin", "http://"}}, false},
      {"ForeignSiteSaysTheBrowser",
       {{"Host", "h:1"}, {"Origin", "http://h:1"}, {"Sec-Fetch-Site", "cross-site"}},
       false},
      {"SisterSite", {{"Host", "h:1"}, {"Sec-Fetch-Site", "same-site"}}, false},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      HttpRequest request;
      request.headers = row.headers;
      BOOST_TEST(IsFromOwnPage(request, kExternalUrl) == row.is_own);
    }
  }
}

BOOST_AUTO_TEST_CASE(OnlyRequestsThatChangeSomethingAreRefused) {
  Route route;
  route.handle = [](const HttpRequest&) { return HttpResponse::Text(200, "done"); };
  const auto ask = [&](const std::string& method, const std::string& origin) {
    HttpRequest request;
    request.method = method;
    request.headers = {{"Host", "h:1"}, {"Origin", origin}};
    return FromOwnPagesOnly(route, [] { return std::string(); }).handle(request).status;
  };
  BOOST_TEST(ask("GET", "http://evil.example") == 200);
  BOOST_TEST(ask("POST", "http://evil.example") == 403);
  BOOST_TEST(ask("DELETE", "http://evil.example") == 403);
  BOOST_TEST(ask("POST", "http://h:1") == 200);
  route.refusal = [](int status, std::string_view) { return HttpResponse::Text(status + 1, ""); };
  BOOST_TEST(ask("POST", "null") == 404);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
