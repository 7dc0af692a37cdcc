// What an answer must be for its server to count as healthy.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/yaml.h"
#include "collectors/http/json_path.h"

namespace re2 {
class RE2;
}

namespace tocsin::collectors::http {

/// Why a probe failed.
struct Fault {
  /// As a label: why there is no answer (see ReasonOf()), or what is wrong with it: status,
  /// content_type, html, body or json.
  std::string_view reason;
  std::string words;  ///< For the log; never quotes the answer.
};

/// Something that a member of a JSON body has to be.
struct JsonCondition {
  JsonPath path;
  bool exists = true;  ///< Whether there must be anything, null included.
  std::optional<YamlNode> equals = std::nullopt;  ///< A scalar that each value found must equal.
};

/// A regular expression of RE2, matching anywhere in a text. Immutable and shared.
using Regexp = std::shared_ptr<const re2::RE2>;

/// Every condition must hold. Those on JSON are looked at last: they cost the most.
struct Expectation {
  std::vector<std::string> statuses = {"2xx"};  ///< "200", "2xx".
  std::string content_type = {};                ///< Without parameters; empty: any.
  bool fail_if_html = true;  ///< A page for people is no health, unless `content_type` is one.
  std::vector<Regexp> body_matches = {};
  std::vector<Regexp> body_must_not_match = {};
  std::vector<JsonCondition> json = {};
};

/// The first fault of `answer`. `document` is its body as JSON, or null if it is none.
std::optional<Fault> FindFault(const HttpAnswer& answer, const Expectation& expectation,
                               const boost::json::value* document);

/// Whether a body is a page for people, by its type or by how it begins: a web server that knows no
/// path answers each with status 200 and its front page.
bool IsHtml(const HttpAnswer& answer);

/// "application/json" of "application/json; charset=utf-8", in lower case.
std::string MediaType(const HttpAnswer& answer);

/// The body as JSON; nothing if it is none.
std::optional<boost::json::value> ParseJson(std::string_view body);

/// Reads an `expect:` map. Mistakes go to its diagnostics.
Expectation ReadExpectation(YamlMap& map);

}  // namespace tocsin::collectors::http
