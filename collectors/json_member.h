// Members of JSON values that may turn out to be anything.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace tocsin::collectors {

/// A member of an object, as long as that lives; a null value if there is none, or `value` is no
/// object.
const boost::json::value& MemberIn(const boost::json::value& value, std::string_view key);
const boost::json::value& MemberIn(const boost::json::object& object, std::string_view key);

/// Members of `value`, if it is an object that has them with that type; else 0, "" or nothing.
std::uint64_t CountIn(const boost::json::value& value, std::string_view key);
std::optional<std::int64_t> IntegerIn(const boost::json::value& value, std::string_view key);
std::optional<double> NumberIn(const boost::json::value& value, std::string_view key);
std::string TextIn(const boost::json::value& value, std::string_view key);
/// A copy, so that it may outlive a value made for the call.
boost::json::array ArrayIn(const boost::json::value& value, std::string_view key);

}  // namespace tocsin::collectors
