#include "collectors/http/expectation.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <re2/re2.h>

#include "base/number.h"
#include "base/text.h"

namespace tocsin::collectors::http {
namespace {

constexpr std::array<std::string_view, 2> kHtmlTypes = {"text/html", "application/xhtml+xml"};

bool IsHtmlType(std::string_view media_type) {
  return std::find(kHtmlTypes.begin(), kHtmlTypes.end(), media_type) != kHtmlTypes.end();
}

bool MatchesStatus(const std::string& pattern, int status) {
  const std::string digits = fmt::format("{:03}", status);
  return digits.size() == pattern.size() &&
         std::equal(digits.begin(), digits.end(), pattern.begin(),
                    [](char digit, char wanted) { return wanted == 'x' || wanted == digit; });
}

bool IsStatusPattern(std::string_view text) {
  const auto is_digit_or_x = [](char c) { return (c >= '0' && c <= '9') || c == 'x'; };
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' && is_digit_or_x(text[1]) &&
         is_digit_or_x(text[2]);
}

/// Whether a JSON value is what was written in YAML: what stands in quotes there is text, and what
/// does not may also be a number or a bool.
bool Equals(const boost::json::value& value, const YamlNode& wanted) {
  if (value.is_string()) return std::string_view(value.get_string()) == wanted.text;
  if (wanted.quoted) return false;
  if (value.is_bool()) return wanted.text == (value.get_bool() ? "true" : "false");
  if (!value.is_number()) return false;
  const std::optional<double> number = ParseNumber(wanted.text);
  return number && *number == value.to_number<double>();
}

bool Holds(const JsonCondition& condition, const boost::json::value& document) {
  const std::vector<JsonPath::Found> found = condition.path.Find(document);
  if (found.empty() == condition.exists) return false;
  if (!condition.equals) return true;
  return std::all_of(found.begin(), found.end(), [&](const JsonPath::Found& value) {
    return Equals(*value.second, *condition.equals);
  });
}

std::optional<Fault> FindFaultOfBody(const std::string& body, const Expectation& expectation) {
  const auto matches = [&](const Regexp& regexp) { return re2::RE2::PartialMatch(body, *regexp); };
  const auto& wanted = expectation.body_matches;
  if (!std::all_of(wanted.begin(), wanted.end(), matches)) {
    return Fault{"body", "the body does not match body_matches"};
  }
  const auto& unwanted = expectation.body_must_not_match;
  if (std::any_of(unwanted.begin(), unwanted.end(), matches)) {
    return Fault{"body", "the body matches body_must_not_match"};
  }
  return std::nullopt;
}

std::optional<Fault> FindFaultOfJson(const Expectation& expectation,
                                     const boost::json::value* document) {
  if (expectation.json.empty()) return std::nullopt;
  if (document == nullptr) return Fault{"json", "the body is no JSON"};
  for (const JsonCondition& condition : expectation.json) {
    if (!Holds(condition, *document)) {
      return Fault{"json", condition.path.text() + " is not as expected"};
    }
  }
  return std::nullopt;
}

std::vector<std::string> ReadStatuses(YamlMap& map, std::vector<std::string> otherwise) {
  std::vector<std::string> statuses = map.StringsOr("status", std::move(otherwise));
  for (std::string& status : statuses) {
    status = LowerCase(status);
    if (!IsStatusPattern(status)) map.Refuse("status", "expected statuses such as 200 or 2xx");
  }
  return statuses;
}

std::vector<Regexp> ReadRegexps(YamlMap& map, std::string_view key) {
  std::vector<Regexp> regexps;
  for (const std::string& pattern : map.StringsOr(key, {})) {
    auto regexp = std::make_shared<const re2::RE2>(pattern, re2::RE2::Quiet);
    if (!regexp->ok()) map.Refuse(key, "not a regular expression: " + regexp->error());
    regexps.push_back(std::move(regexp));
  }
  return regexps;
}

JsonCondition ReadJsonCondition(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  JsonCondition condition;
  const std::string text = map.RequiredString("path");
  if (Result<JsonPath> path = JsonPath::Parse(text)) {
    condition.path = std::move(*path);
  } else if (!text.empty()) {
    map.Refuse("path", path.error().message);
  }
  condition.exists = map.BoolOr("exists", true);
  if (const YamlNode* const equals = map.Node("equals")) {
    condition.equals = *equals;
    if (equals->kind != YamlNode::Kind::kScalar) map.Refuse("equals", "expected a text or number");
    if (!condition.exists) map.Refuse("equals", "expected nothing beside exists: false");
  }
  return condition;
}

}  // namespace

std::string MediaType(const HttpAnswer& answer) {
  const std::string_view header = answer.Header("Content-Type");
  const std::string_view type = header.substr(0, header.find(';'));
  return LowerCase(type.substr(0, type.find_last_not_of(" \t") + 1));
}

bool IsHtml(const HttpAnswer& answer) {
  if (IsHtmlType(MediaType(answer))) return true;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  constexpr std::size_t kLongestBeginning = 14;  // Of "<!doctype html".
  std::string_view body = answer.body;
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  const std::string beginning = LowerCase(body.substr(0, kLongestBeginning));
  return beginning.starts_with("<!doctype html") || beginning.starts_with("<html");
}

std::optional<boost::json::value> ParseJson(std::string_view body) {
  boost::json::error_code problem;
  boost::json::value document = boost::json::parse(body, problem);
  if (problem) return std::nullopt;
  return document;
}

std::optional<Fault> FindFault(const HttpAnswer& answer, const Expectation& expectation,
                               const boost::json::value* document) {
  const auto& statuses = expectation.statuses;
  if (std::none_of(statuses.begin(), statuses.end(), [&](const std::string& pattern) {
        return MatchesStatus(pattern, answer.status);
      })) {
    return Fault{"status", fmt::format("status {}", answer.status)};
  }
  const std::string& wanted_type = expectation.content_type;
  if (!wanted_type.empty() && MediaType(answer) != wanted_type) {
    return Fault{"content_type", "the content is not of type " + wanted_type};
  }
  if (expectation.fail_if_html && !IsHtmlType(wanted_type) && IsHtml(answer)) {
    return Fault{"html", "the answer is a page of HTML"};
  }
  if (auto fault = FindFaultOfBody(answer.body, expectation)) return fault;
  return FindFaultOfJson(expectation, document);
}

Expectation ReadExpectation(YamlMap& map) {
  Expectation expectation;
  expectation.statuses = ReadStatuses(map, std::move(expectation.statuses));
  expectation.content_type = LowerCase(map.StringOr("content_type", ""));
  expectation.fail_if_html = map.BoolOr("fail_if_html", expectation.fail_if_html);
  expectation.body_matches = ReadRegexps(map, "body_matches");
  expectation.body_must_not_match = ReadRegexps(map, "body_must_not_match");
  for (const YamlNode& node : map.List("json")) {
    expectation.json.push_back(ReadJsonCondition(node, map.diagnostics()));
  }
  return expectation;
}

}  // namespace tocsin::collectors::http
