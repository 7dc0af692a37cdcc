// JSON for people: the same text for the same tree, with differences that are easy to read.

#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace tocsin::generate {

/// Two spaces for each level, members in their order, a line for each; an object or a list without
/// others in it is on one line if that is short. Ends with a newline.
std::string PrettyJson(const boost::json::value& value);

}  // namespace tocsin::generate
