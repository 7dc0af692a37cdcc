#include "collectors/http/expectation.h"

#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::http {
namespace {

/// An expectation in YAML; its mistakes go to `problem`.
Expectation Read(const std::string& yaml, std::string& problem) {
  Diagnostics diagnostics("test.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_REQUIRE(node);
  Expectation expectation;
  {
    YamlMap map(*node, diagnostics);
    expectation = ReadExpectation(map);
  }
  problem = diagnostics.Text();
  return expectation;
}

HttpAnswer Answer(int status, std::string body, const std::string& type = "") {
  HttpAnswer answer{.status = status, .headers = {}, .body = std::move(body)};
  if (!type.empty()) answer.headers = {{"content-type", type}};
  return answer;
}

/// The reason and the words of what is wrong, or "".
std::string FaultOf(const std::string& yaml, const HttpAnswer& answer) {
  std::string problem;
  const Expectation expectation = Read(yaml, problem);
  BOOST_TEST(problem.empty(), problem);
  const auto document = ParseJson(answer.body);
  const auto fault = FindFault(answer, expectation, document ? &*document : nullptr);
  return fault ? std::string(fault->reason) + ": " + fault->words : "";
}

constexpr const char* kReady = R"({"ready": false, "checks": {"database": true, "redis": false},
                                  "retries": 3, "name": "3", "none": null})";

BOOST_AUTO_TEST_SUITE(expectation_test)

BOOST_AUTO_TEST_CASE(FindsWhatIsWrong) {
  const struct {
    std::string name;
    std::string yaml;
    HttpAnswer answer;
    std::string fault;
  } rows[] = {
      {"nothing asked", "{}", Answer(200, "OK"), ""},
      {"any 2xx", "{}", Answer(299, ""), ""},
      {"3xx", "{}", Answer(302, ""), "status: status 302"},
      {"503", "{}", Answer(503, kReady), "status: status 503"},
      {"503 wanted", "{status: [200, 503]}", Answer(503, ""), ""},
      {"pattern", "{status: [40x]}", Answer(404, ""), ""},
      {"pattern in capitals", "{status: [5XX]}", Answer(503, ""), ""},
      {"other than the pattern", "{status: [40x]}", Answer(410, ""), "status: status 410"},
      {"type with parameters", "{content_type: application/json}",
       Answer(200, "{}", "Application/JSON ; charset=utf-8"), ""},
      {"wrong type", "{content_type: application/json}", Answer(200, "{}", "text/plain"),
       "content_type: the content is not of type application/json"},
      {"no type", "{content_type: text/plain}", Answer(200, ""),
       "content_type: the content is not of type text/plain"},
      {"HTML by type", "{}", Answer(200, "fine", "text/html; charset=utf-8"),
       "html: the answer is a page of HTML"},
      {"HTML by beginning", "{}", Answer(200, "\xef\xbb\xbf\r\n <!DOCTYPE html><title>Dagster"),
       "html: the answer is a page of HTML"},
      {"HTML without doctype", "{}", Answer(200, "<HTML lang=en>", "text/plain"),
       "html: the answer is a page of HTML"},
      {"HTML is welcome", "{fail_if_html: false}", Answer(200, "<html>"), ""},
      {"HTML is wanted", "{content_type: text/html}", Answer(200, "<html>", "text/html"), ""},
      {"not quite HTML", "{}", Answer(200, "<!doctype htm", "text/plain"), ""},
      {"matches", "{body_matches: ['^O', 'K$']}", Answer(200, "OK"), ""},
      {"one does not match", "{body_matches: ['^O', 'X']}", Answer(200, "OK"),
       "body: the body does not match body_matches"},
      {"must not match", "{body_must_not_match: ['(?i)error']}", Answer(200, "an Error"),
       "body: the body matches body_must_not_match"},
      {"does not match", "{body_must_not_match: ['error']}", Answer(200, "fine"), ""},
      {"equals a bool", "{json: [{path: checks.database, equals: true}]}", Answer(200, kReady), ""},
      {"equals another bool", "{json: [{path: checks.redis, equals: true}]}", Answer(200, kReady),
       "json: checks.redis is not as expected"},
      {"all members", "{json: [{path: 'checks.*', equals: true}]}", Answer(200, kReady),
       "json: checks.* is not as expected"},
      {"equals a number", "{json: [{path: retries, equals: 3.0}]}", Answer(200, kReady), ""},
      {"a text is no number", "{json: [{path: retries, equals: '3'}]}", Answer(200, kReady),
       "json: retries is not as expected"},
      {"equals a text", "{json: [{path: name, equals: '3'}]}", Answer(200, kReady), ""},
      {"a text without quotes", "{json: [{path: name, equals: 3}]}", Answer(200, kReady), ""},
      {"null equals nothing", "{json: [{path: none, equals: 0}]}", Answer(200, kReady),
       "json: none is not as expected"},
      {"exists", "{json: [{path: none}]}", Answer(200, kReady), ""},
      {"does not exist", "{json: [{path: other}]}", Answer(200, kReady),
       "json: other is not as expected"},
      {"must not exist", "{json: [{path: none, exists: false}]}", Answer(200, kReady),
       "json: none is not as expected"},
      {"is not there", "{json: [{path: other, exists: false}]}", Answer(200, kReady), ""},
      {"half JSON", "{json: [{path: ready}]}", Answer(200, R"({"ready": tr)"),
       "json: the body is no JSON"},
      {"empty", "{json: [{path: ready}]}", Answer(200, ""), "json: the body is no JSON"},
      {"deep", "{json: [{path: ready}]}", Answer(200, std::string(10'000, '[')),
       "json: the body is no JSON"},
      {"no object", "{json: [{path: ready}]}", Answer(200, "3"), "json: ready is not as expected"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(FaultOf(row.yaml, row.answer) == row.fault);
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  const struct {
    std::string yaml;
    std::string words;
  } rows[] = {
      {"{status: [20]}", "status: expected statuses such as 200 or 2xx"},
      {"{status: [666]}", "status: expected"},
      {"{body_matches: ['(']}", "body_matches: not a regular expression: missing"},
      {"{json: [{equals: 1}]}", "path"},
      {"{json: [{path: a..b}]}", "path: expected a path such as a.b.0"},
      {"{json: [{path: a, equals: [1]}]}", "equals: expected"},
      {"{json: [{path: a, equals: 1, exists: false}]}", "equals: expected nothing beside"},
      {"{jsn: []}", "did you mean \"json\""},
  };
  for (const auto& row : rows) {
    std::string problem;
    Read(row.yaml, problem);
    BOOST_TEST(problem.find(row.words) != std::string::npos, row.yaml + " gives " + problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::http
