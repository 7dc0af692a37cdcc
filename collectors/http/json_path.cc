#include "collectors/http/json_path.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace tocsin::collectors::http {
namespace {

/// The member or item of `value` that `step` names, or null.
const boost::json::value* Step(const boost::json::value& value, std::string_view step) {
  if (const auto* const object = value.if_object()) return object->if_contains(step);
  const auto* const array = value.if_array();
  if (array == nullptr) return nullptr;
  std::size_t index = 0;
  const char* const end = step.data() + step.size();
  const auto read = std::from_chars(step.data(), end, index);
  if (read.ec != std::errc{} || read.ptr != end) return nullptr;
  return array->if_contains(index);
}

}  // namespace

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  const bool has_slashes = text.starts_with('/');
  const char between = has_slashes ? '/' : '.';
  JsonPath path;
  path.text_ = text;
  std::size_t begin = has_slashes ? 1 : 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(between, begin), text.size());
    const std::string_view step = text.substr(begin, end - begin);
    if (step.empty()) return Error{ErrorCode::kInvalidInput, "expected a path such as a.b.0"};
    if (path.has_wildcard_) {
      return Error{ErrorCode::kInvalidInput, "expected * as the last step only"};
    }
    path.has_wildcard_ = step == "*";
    if (!path.has_wildcard_) path.steps_.emplace_back(step);
    begin = end + 1;
  }
  return path;
}

std::vector<JsonPath::Found> JsonPath::Find(const boost::json::value& document) const {
  const boost::json::value* value = &document;
  for (const std::string& step : steps_) {
    value = Step(*value, step);
    if (value == nullptr) return {};
  }
  if (!has_wildcard_) return {{text_, value}};
  const auto* const object = value->if_object();
  if (object == nullptr) return {};
  std::vector<Found> found;
  found.reserve(object->size());
  for (const auto& member : *object) {
    found.emplace_back(std::string_view(member.key()), &member.value());
  }
  return found;
}

}  // namespace tocsin::collectors::http
