// The pages of docs/runbooks, as CMake has built them into the binary.

#pragma once

#include <string_view>

namespace tocsin {

/// All of them, packed by zstd: for each the character U+001E, its name ("atlasdown"), a line feed,
/// and its Markdown. Sorted by name. runbooks.h has them unpacked.
std::string_view PackedRunbooks();

}  // namespace tocsin
