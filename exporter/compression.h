#pragma once

#include <string>
#include <string_view>

#include "exporter/content_negotiation.h"

namespace tocsin {

/// `text` in an encoding other than identity. Fast rather than small: gzip by libdeflate's level 1,
/// zstd by its level 1. Empty if there is no memory for it.
std::string Compress(std::string_view text, ContentEncoding encoding);

}  // namespace tocsin
