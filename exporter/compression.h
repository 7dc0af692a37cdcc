#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/content_negotiation.h"
#include "exporter/http_message.h"

namespace tocsin {

/// All of `pieces`, one after another, in an encoding other than identity. Fast rather than small:
/// gzip by libdeflate's level 1, zstd by its level 1.
std::string Compress(const std::vector<SharedText>& pieces, ContentEncoding encoding);

/// What zstd has packed, of whatever size: only for what comes with the program. Empty if it is not
/// whole.
std::string UnpackZstd(std::string_view packed);

}  // namespace tocsin
