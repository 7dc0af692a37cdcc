// Which tocsin this is.

#pragma once

#include <string_view>

namespace tocsin {

/// The release, such as "0.1.0".
std::string_view Version();

/// The commit that was built, "-dirty" after it if files differed from it; "unknown" if the sources
/// were not a git checkout.
std::string_view Revision();

}  // namespace tocsin
