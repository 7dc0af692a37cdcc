#include "collectors/kubernetes/object.h"

#include <algorithm>
#include <cstddef>

#include <boost/json/array.hpp>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::kubernetes {
namespace json = boost::json;

const json::value& FieldAt(const json::value& object, std::string_view path) {
  const json::value* at = &object;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    at = &MemberIn(*at, path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return *at;
}

std::string TextAt(const json::value& object, std::string_view path) {
  const json::string* const text = FieldAt(object, path).if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::optional<double> NumberAt(const json::value& object, std::string_view path) {
  const json::value& field = FieldAt(object, path);
  if (!field.is_number()) return std::nullopt;
  return field.to_number<double>();
}

std::optional<bool> FlagAt(const json::value& object, std::string_view path) {
  const bool* const flag = FieldAt(object, path).if_bool();
  return flag == nullptr ? std::nullopt : std::optional(*flag);
}

std::optional<double> MomentAt(const json::value& object, std::string_view path) {
  const std::optional<TimePoint> moment = ParseRfc3339(TextAt(object, path));
  return moment ? std::optional(UnixSeconds(*moment)) : std::nullopt;
}

const json::array& ListAt(const json::value& object, std::string_view path) {
  static const json::array kNone;
  const json::array* const list = FieldAt(object, path).if_array();
  return list == nullptr ? kNone : *list;
}

const json::object& MapAt(const json::value& object, std::string_view path) {
  static const json::object kNone;
  const json::object* const map = FieldAt(object, path).if_object();
  return map == nullptr ? kNone : *map;
}

std::size_t CountAt(const json::value& object, std::string_view path) {
  return ListAt(object, path).size();
}

std::optional<Controller> ControllerOf(const json::value& object) {
  for (const json::value& owner : ListAt(object, "metadata.ownerReferences")) {
    if (FlagAt(owner, "controller").value_or(false)) {
      return Controller{TextAt(owner, "kind"), TextAt(owner, "name")};
    }
  }
  return std::nullopt;
}

std::string ConditionOf(const json::value& object, std::string_view type) {
  for (const json::value& condition : ListAt(object, "status.conditions")) {
    if (TextAt(condition, "type") == type) return TextAt(condition, "status");
  }
  return {};
}

std::string LabelNameOf(std::string_view name) {
  std::string label(name);
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::replace_if(
      label.begin(), label.end(), [&](char c) { return !is_allowed(c); }, '_');
  return label;
}

}  // namespace tocsin::collectors::kubernetes
