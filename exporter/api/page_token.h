// Names a place in a paged answer.

#pragma once

#include <string>
#include <string_view>

namespace tocsin::api {

/// What names the rule group at which the next page begins: the SHA-256 of its file and name, in
/// hexadecimal digits. Says nothing to a client.
std::string PageToken(std::string_view file, std::string_view group);

}  // namespace tocsin::api
