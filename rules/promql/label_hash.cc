#include "rules/promql/label_hash.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

namespace tocsin::promql {
namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

/// Little-endian, as this code's platforms are.
template <class T>
T Read(std::string_view& text) {
  T value;
  std::memcpy(&value, text.data(), sizeof value);
  text.remove_prefix(sizeof value);
  return value;
}

std::uint64_t Round(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

/// All whole stripes of 32 bytes.
std::uint64_t HashStripes(std::string_view& text) {
  std::uint64_t lanes[] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  while (text.size() >= 32) {
    for (std::uint64_t& lane : lanes) lane = Round(lane, Read<std::uint64_t>(text));
  }
  std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                       std::rotl(lanes[3], 18);
  for (const std::uint64_t lane : lanes) hash = (hash ^ Round(0, lane)) * kPrime1 + kPrime4;
  return hash;
}

/// The size and then the text: one byte, or 255 and three bytes for the long ones.
void AppendSized(std::string& out, std::string_view text) {
  constexpr std::size_t kLong = 255;
  const std::size_t size = text.size();
  if (size < kLong) {
    out += static_cast<char>(size);
  } else {
    out += static_cast<char>(kLong);
    for (const int shift : {0, 8, 16}) out += static_cast<char>(size >> shift & 0xff);
  }
  out += text;
}

}  // namespace

std::uint64_t XxHash64(std::string_view text) {
  const std::size_t size = text.size();
  std::uint64_t hash = (size >= 32 ? HashStripes(text) : kPrime5) + size;
  while (text.size() >= 8) {
    hash = std::rotl(hash ^ Round(0, Read<std::uint64_t>(text)), 27) * kPrime1 + kPrime4;
  }
  if (text.size() >= 4) {
    hash = std::rotl(hash ^ Read<std::uint32_t>(text) * kPrime1, 23) * kPrime2 + kPrime3;
  }
  while (!text.empty()) {
    hash = std::rotl(hash ^ Read<std::uint8_t>(text) * kPrime5, 11) * kPrime1;
  }
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

double LabelHashFraction(const Labels& labels) {
  std::string bytes;
  for (const Label& label : labels) {
    AppendSized(bytes, label.name.text());
    AppendSized(bytes, label.value.text());
  }
  return static_cast<double>(XxHash64(bytes)) /
         static_cast<double>(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace tocsin::promql
