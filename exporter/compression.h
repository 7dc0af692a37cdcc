#pragma once

#include <string>
#include <vector>

#include "exporter/content_negotiation.h"
#include "exporter/http_message.h"

namespace tocsin {

/// All of `pieces`, one after another, in an encoding other than identity. Fast rather than small:
/// gzip by libdeflate's level 1, zstd by its level 1.
std::string Compress(const std::vector<SharedText>& pieces, ContentEncoding encoding);

}  // namespace tocsin
