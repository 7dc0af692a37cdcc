#include "exporter/api/page_token.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>

namespace tocsin::api {

std::string PageToken(std::string_view file, std::string_view group) {
  const std::string text = fmt::format("{};{}", file, group);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace tocsin::api
