#include "notify/notify_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/hex.h"
#include "base/json_writer.h"

namespace tocsin::notify {
namespace {

namespace json = boost::json;

constexpr int kDigits = 16;

std::optional<std::string> TextIn(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  const json::string* const text = value != nullptr ? value->if_string() : nullptr;
  if (text == nullptr) return std::nullopt;
  return std::string(text->data(), text->size());
}

std::optional<LabelMatcher> ReadMatcher(const json::value& value) {
  using Kind = LabelMatcher::Kind;
  constexpr std::array kKinds = {Kind::kEqual, Kind::kNotEqual, Kind::kRegexp, Kind::kNotRegexp};
  const json::object* const object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const std::optional<std::string> name = TextIn(*object, "name");
  const std::optional<std::string> kind = TextIn(*object, "kind");
  const std::optional<std::string> text = TextIn(*object, "value");
  if (!name || !kind || !text) return std::nullopt;
  const auto* const found = std::find_if(kKinds.begin(), kKinds.end(),
                                         [&](Kind candidate) { return Name(candidate) == *kind; });
  if (found == kKinds.end()) return std::nullopt;
  Result<LabelMatcher> matcher = LabelMatcher::Make(*name, *found, *text);
  if (!matcher) return std::nullopt;
  return std::move(*matcher);
}

}  // namespace

std::string FingerprintsToText(std::span<const std::uint64_t> fingerprints) {
  std::string text;
  text.reserve(fingerprints.size() * (kDigits + 1));
  for (const std::uint64_t fingerprint : fingerprints) {
    if (!text.empty()) text += ',';
    AppendHex(text, fingerprint, kDigits);
  }
  return text;
}

std::optional<std::vector<std::uint64_t>> FingerprintsFromText(std::string_view text) {
  std::vector<std::uint64_t> fingerprints;
  fingerprints.reserve(text.size() / kDigits);
  while (!text.empty()) {
    const std::string_view digits = text.substr(0, text.find(','));
    std::uint64_t fingerprint = 0;
    const char* const end = digits.data() + digits.size();
    const auto [parsed, problem] = std::from_chars(digits.data(), end, fingerprint, 16);
    if (problem != std::errc{} || parsed != end) return std::nullopt;
    fingerprints.push_back(fingerprint);
    text.remove_prefix(std::min(digits.size() + 1, text.size()));
  }
  return fingerprints;
}

std::string MatchersToJson(const LabelMatchers& matchers) {
  std::string text;
  JsonWriter out(text);
  out.BeginArray();
  for (const LabelMatcher& matcher : matchers) {
    out.BeginObject().Key("name").String(matcher.name);
    out.Key("kind").String(Name(matcher.kind)).Key("value").String(matcher.value).EndObject();
  }
  out.EndArray();
  return text;
}

std::optional<LabelMatchers> MatchersFromJson(std::string_view text) {
  boost::system::error_code problem;
  const json::value parsed = json::parse({text.data(), text.size()}, problem);
  const json::array* const array = problem ? nullptr : parsed.if_array();
  if (array == nullptr) return std::nullopt;
  LabelMatchers matchers;
  matchers.reserve(array->size());
  for (const json::value& value : *array) {
    std::optional<LabelMatcher> matcher = ReadMatcher(value);
    if (!matcher) return std::nullopt;
    matchers.push_back(std::move(*matcher));
  }
  return matchers;
}

}  // namespace tocsin::notify
