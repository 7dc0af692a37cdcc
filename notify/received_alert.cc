#include "notify/received_alert.h"

#include <string_view>

#include "base/hex.h"

namespace tocsin::notify {
namespace {

constexpr std::uint64_t kFnvBasis = 14695981039346656037U;
constexpr std::uint64_t kFnvPrime = 1099511628211U;
constexpr unsigned char kSeparator = 0xff;

std::uint64_t Add(std::uint64_t hash, unsigned char byte) {
  return (hash ^ byte) * kFnvPrime;
}

/// A separator follows each text; it stands in no UTF-8.
std::uint64_t Add(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = Add(hash, static_cast<unsigned char>(c));
  return Add(hash, kSeparator);
}

}  // namespace

std::uint64_t Fingerprint(const Labels& labels) {
  std::uint64_t hash = kFnvBasis;
  for (const Label& label : labels) hash = Add(Add(hash, label.name.text()), label.value.text());
  return hash;
}

std::string FingerprintText(std::uint64_t fingerprint) {
  std::string text;
  AppendHex(text, fingerprint, 16);
  return text;
}

}  // namespace tocsin::notify
