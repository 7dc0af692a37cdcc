#include "exporter/web_page.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "exporter/web_assets.h"

namespace tocsin {
namespace {

HttpResponse Get(std::string_view path, std::string_view route_path,
                 std::vector<std::pair<std::string, std::string>> headers = {}, bool demo = false) {
  for (const Route& route : WebPageRoutes(demo)) {
    if (route.path != route_path) continue;
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    if (const std::size_t star = route.path.find('*'); star != std::string::npos) {
      request.parameter = path.substr(star);
    }
    request.headers = std::move(headers);
    return route.handle(request);
  }
  return HttpResponse::Text(404, "");
}

HttpResponse Get(std::string_view path) {
  return Get(path, path);
}

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  const auto found =
      std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
  return found == response.headers.end() ? "" : found->second;
}

bool Has(const HttpResponse& response, std::string_view text) {
  return response.body != nullptr && response.body->find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(web_page_test)

BOOST_AUTO_TEST_CASE(EachAddressOfThePageGetsTheDocument) {
  const struct {
    std::string_view path;
    std::string_view route;
    std::string_view script;
    std::string_view plain;
  } rows[] = {
      {"/", "/", "src=\"ui/app.js\"", "href=\"plain/\""},
      {"/alerts", "/alerts", "src=\"ui/app.js\"", "href=\"plain/\""},
      {"/graph", "/graph", "src=\"ui/app.js\"", "href=\"plain/\""},
      {"/alerts/0abc", "/alerts/*", "src=\"../ui/app.js\"", "href=\"../plain/alerts/0abc\""},
      {"/alerts/\"><b>", "/alerts/*", "src=\"../ui/app.js\"",
       "href=\"../plain/alerts/%22%3E%3Cb%3E\""},
      {"/silences/new", "/silences/new", "src=\"../ui/app.js\"", "href=\"../plain/silences/new\""},
  };
  for (const auto& row : rows) {
    const HttpResponse response = Get(row.path, row.route);
    BOOST_TEST(response.status == 200, row.path);
    BOOST_TEST(response.content_type == "text/html; charset=utf-8");
    BOOST_TEST(Has(response, row.script), row.path);
    BOOST_TEST(Has(response, row.plain), row.path);
    BOOST_TEST(!Has(response, "%ROOT%"), row.path);
  }
}

BOOST_AUTO_TEST_CASE(ARunbookHasAPageAndAText) {
  const HttpResponse page = Get("/runbooks/AtlasDown", "/runbooks/*");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(page.content_type == "text/html; charset=utf-8");
  BOOST_TEST(Has(page, "src=\"../ui/app.js\""));
  BOOST_TEST(Has(page, "href=\"../runbooks/AtlasDown.md\""));
  const HttpResponse text = Get("/runbooks/atlasdown.md", "/runbooks/*");
  BOOST_TEST(text.status == 200);
  BOOST_TEST(text.content_type == "text/plain; charset=utf-8");
  BOOST_TEST(text.body->starts_with("# AtlasDown\n"));
  BOOST_TEST(Has(text, "## Mitigation"));
  BOOST_TEST(
      Get("/runbooks/atlasdown.md", "/runbooks/*", {{"If-None-Match", HeaderOf(text, "ETag")}})
          .status == 304);
}

BOOST_AUTO_TEST_CASE(NoOtherRunbookIsFound) {
  for (const std::string_view path :
       {"/runbooks/high-load", "/runbooks/high-load.md", "/runbooks/.md",
        "/runbooks/atlasdown.md.md", "/runbooks/../runbooks/atlasdown.md", "/runbooks/atlasdown/",
        "/runbooks/atlasdown.md/", "/runbooks/x/atlasdown", "/runbooks//etc/passwd",
        "/runbooks/..%2fatlasdown"}) {
    BOOST_TEST(Get(path, "/runbooks/*").status == 404, path);
  }
}

BOOST_AUTO_TEST_CASE(ASlashTooManyIsNotFound) {
  for (const std::string_view path : {"/alerts/0abc/", "/alerts/a/b"}) {
    BOOST_TEST(Get(path, "/alerts/*").status == 404, path);
  }
}

BOOST_AUTO_TEST_CASE(ThePageMayLoadOnlyWhatIsOurs) {
  const std::string policy = HeaderOf(Get("/"), "Content-Security-Policy");
  BOOST_TEST(policy ==
             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "
             "'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  for (const std::string_view forbidden : {"<style", "style=", "onclick", "http://", "https://"}) {
    BOOST_TEST(!Has(Get("/"), forbidden), forbidden);
  }
}

BOOST_AUTO_TEST_CASE(OnlyTheQuickstartIsADemo) {
  BOOST_TEST(Has(Get("/", "/", {}, /*demo=*/true), "data-demo=\"true\""));
  BOOST_TEST(Has(Get("/"), "data-demo=\"false\""));
}

BOOST_AUTO_TEST_CASE(FilesAreServedAsWhatTheyAre) {
  BOOST_TEST(Get("/ui/app.js").content_type == "text/javascript; charset=utf-8");
  BOOST_TEST(Get("/ui/app.css").content_type == "text/css; charset=utf-8");
  BOOST_TEST(Get("/ui/icon.svg").content_type == "image/svg+xml");
  BOOST_TEST(Get("/ui/licences.txt").content_type == "text/plain; charset=utf-8");
  BOOST_TEST(Get("/ui/index.html").status == 404);  // Only with its places filled in.
}

BOOST_AUTO_TEST_CASE(WhatTheBrowserHasIsNotSentAgain) {
  for (const std::string_view path : {"/", "/ui/app.js"}) {
    for (const std::string encoding : {"", "gzip", "zstd"}) {
      const HttpResponse whole = Get(path, path, {{"Accept-Encoding", encoding}});
      const std::string etag = HeaderOf(whole, "ETag");
      BOOST_TEST(etag.starts_with('"'));  // A strong one.
      BOOST_TEST(HeaderOf(whole, "Content-Encoding") == encoding);
      BOOST_TEST(HeaderOf(whole, "Vary") == "Accept-Encoding");
      const HttpResponse again =
          Get(path, path, {{"Accept-Encoding", encoding}, {"If-None-Match", "\"x\", " + etag}});
      BOOST_TEST(again.status == 304);
      BOOST_TEST(!again.body);
      BOOST_TEST(HeaderOf(again, "ETag") == etag);
      const HttpResponse other = Get(path, path, {{"If-None-Match", "\"x\""}});
      BOOST_TEST(other.status == 200);
    }
  }
  BOOST_TEST(HeaderOf(Get("/ui/app.js", "/ui/app.js", {{"Accept-Encoding", "gzip"}}), "ETag") !=
             HeaderOf(Get("/ui/app.js"), "ETag"));
}

BOOST_AUTO_TEST_CASE(TheBundleIsSmall) {
  std::size_t bytes = 0;
  for (const WebAsset& asset : WebAssets()) {
    const std::string path = "/ui/" + std::string(asset.name);
    if (const auto body = Get(path, path, {{"Accept-Encoding", "gzip"}}).body) {
      bytes += body->size();
    }
  }
  BOOST_TEST(bytes > 50'000U);
  BOOST_TEST(bytes < 400'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
