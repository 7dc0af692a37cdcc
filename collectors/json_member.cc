#include "collectors/json_member.h"

#include <boost/json/error.hpp>

namespace tocsin::collectors {
namespace {

const boost::json::value& Null() {
  static const boost::json::value kNull;
  return kNull;
}

}  // namespace

const boost::json::value& MemberIn(const boost::json::value& value, std::string_view key) {
  const boost::json::object* const object = value.if_object();
  return object == nullptr ? Null() : MemberIn(*object, key);
}

const boost::json::value& MemberIn(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const member = object.if_contains(key);
  return member == nullptr ? Null() : *member;
}

std::uint64_t CountIn(const boost::json::value& value, std::string_view key) {
  const std::optional<std::int64_t> number = IntegerIn(value, key);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<std::int64_t> IntegerIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value& member = MemberIn(value, key);
  if (!member.is_number()) return std::nullopt;
  boost::json::error_code inexact;
  const auto number = member.to_number<std::int64_t>(inexact);
  if (inexact) return std::nullopt;
  return number;
}

std::optional<double> NumberIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value& member = MemberIn(value, key);
  if (!member.is_number()) return std::nullopt;
  return member.to_number<double>();
}

std::string TextIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value& member = MemberIn(value, key);
  if (!member.is_string()) return "";
  return std::string(std::string_view(member.get_string()));
}

boost::json::array ArrayIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value& member = MemberIn(value, key);
  return member.is_array() ? member.get_array() : boost::json::array();
}

}  // namespace tocsin::collectors
