#include "exporter/static_file.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpResponse Ask(const StaticFile& file, Headers headers) {
  HttpRequest request;
  request.method = "GET";
  request.headers = std::move(headers);
  return file.Answer(request);
}

std::string EtagOf(const HttpResponse& response) {
  const auto found =
      std::ranges::find(response.headers, "ETag", &std::pair<std::string, std::string>::first);
  return found == response.headers.end() ? "" : found->second;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(static_file_test)

BOOST_AUTO_TEST_CASE(AFormIsMadeOnceAndKept) {
  const StaticFile file("text/plain", std::string(1000, 'a'));
  const HttpResponse plain = Ask(file, {});
  BOOST_TEST(*plain.body == std::string(1000, 'a'));
  BOOST_TEST((Ask(file, {}).body == plain.body));
  for (const std::string encoding : {"gzip", "zstd"}) {
    const HttpResponse packed = Ask(file, {{"Accept-Encoding", encoding}});
    BOOST_TEST(packed.body->size() < 100U, encoding);
    BOOST_TEST((Ask(file, {{"Accept-Encoding", encoding}}).body == packed.body), encoding);
    BOOST_TEST(EtagOf(packed) != EtagOf(plain), encoding);
  }
}

BOOST_AUTO_TEST_CASE(WhatTheClientHasIsNotSentAgain) {
  const StaticFile file("text/plain", "text");
  const std::string etag = EtagOf(Ask(file, {}));
  const struct {
    Headers headers;
    bool is_sent;
  } rows[] = {
      {{}, true},
      {{{"If-None-Match", ""}}, true},
      {{{"If-None-Match", etag}}, false},
      {{{"if-none-match", etag}}, false},
      {{{"If-None-Match", "W/" + etag}}, false},  // Compared weakly.
      {{{"If-None-Match", "\"x\", " + etag}}, false},
      {{{"If-None-Match", ", \"x\",\t,W/\"y\" ," + etag + ","}}, false},
      {{{"If-None-Match", "\"x\""}, {"If-None-Match", etag}}, false},
      {{{"If-None-Match", "*"}}, false},
      {{{"If-None-Match", " * "}}, false},
      {{{"If-None-Match", "\"*\""}}, true},
      {{{"If-None-Match", "\"x\", *"}}, true},               // Only alone does it stand for all.
      {{{"If-None-Match", "\"x," + etag.substr(1)}}, true},  // A comma in one tag.
      {{{"If-None-Match", "\"x" + etag}}, true},
      {{{"If-None-Match", etag.substr(1)}}, true},
      {{{"If-None-Match", etag.substr(0, etag.size() - 1)}}, true},
      {{{"If-None-Match", "w/" + etag}}, true},
      {{{"If-None-Match", "x, " + etag}}, true},
  };
  for (const auto& row : rows) {
    const HttpResponse response = Ask(file, row.headers);
    const std::string asked = row.headers.empty() ? "" : row.headers.back().second;
    BOOST_TEST(response.status == (row.is_sent ? 200 : 304), asked);
    BOOST_TEST((response.body != nullptr) == row.is_sent, asked);
    BOOST_TEST(EtagOf(response) == etag, asked);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
