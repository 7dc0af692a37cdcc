// Where in a YAML file a byte of a scalar's text stands.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/yaml.h"

namespace tocsin {

/// The place in `file` of byte `offset` of the text of `scalar`, which was parsed from `file`;
/// `offset` may be that of its end. Follows plain, quoted, literal and folded scalars, also over
/// lines that were joined and through indentation. Nothing if it cannot be told: among escapes such
/// as "\x41".
std::optional<YamlPlace> PlaceInScalar(std::string_view file, const YamlNode& scalar,
                                       std::size_t offset);

}  // namespace tocsin
