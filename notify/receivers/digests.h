// Digests in hexadecimal digits.

#pragma once

#include <string>
#include <string_view>

namespace tocsin::notify {

/// SHA-256, 64 digits in lower case.
std::string Sha256Hex(std::string_view text);
/// HMAC with SHA-256. Source: RFC 2104.
std::string HmacSha256Hex(std::string_view key, std::string_view text);

}  // namespace tocsin::notify
