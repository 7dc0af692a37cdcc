#include "rules/storage/history_frame.h"

#include <libdeflate.h>

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>

namespace tocsin {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they are");

constexpr std::string_view kMagic = "TSH1";
constexpr std::size_t kSizeAt = 4;
constexpr std::size_t kPayloadCheckAt = 8;
constexpr std::size_t kHeaderCheckAt = 12;

std::uint32_t Check(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

std::uint32_t NumberAt(std::string_view bytes, std::size_t offset) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

void PutNumber(std::string& bytes, std::size_t offset, std::uint32_t number) {
  std::memcpy(bytes.data() + offset, &number, sizeof number);
}

}  // namespace

void SealFrame(std::string& frame) {
  assert(frame.size() >= kFrameHeader);
  const std::string_view payload = std::string_view(frame).substr(kFrameHeader);
  assert(payload.size() <= std::numeric_limits<std::uint32_t>::max());
  frame.replace(0, kMagic.size(), kMagic);
  PutNumber(frame, kSizeAt, static_cast<std::uint32_t>(payload.size()));
  PutNumber(frame, kPayloadCheckAt, Check(payload));
  PutNumber(frame, kHeaderCheckAt, Check(std::string_view(frame).substr(0, kHeaderCheckAt)));
}

// The header has a check of its own, so that a damaged size is not followed, and so that a search
// through damaged bytes costs one pass: payloads are only looked at behind an intact header.
std::optional<std::string_view> FrameReader::FrameAt(std::size_t offset) const {
  const std::string_view rest = bytes_.substr(offset);
  if (rest.size() < kFrameHeader || !rest.starts_with(kMagic)) return std::nullopt;
  if (Check(rest.substr(0, kHeaderCheckAt)) != NumberAt(rest, kHeaderCheckAt)) return std::nullopt;
  const std::size_t size = NumberAt(rest, kSizeAt);
  if (size > rest.size() - kFrameHeader) return std::nullopt;
  const std::string_view payload = rest.substr(kFrameHeader, size);
  if (Check(payload) != NumberAt(rest, kPayloadCheckAt)) return std::nullopt;
  return payload;
}

std::optional<std::string_view> FrameReader::Next() {
  const std::size_t expected = intact_end_;
  for (std::size_t at = expected; at != std::string_view::npos; at = bytes_.find(kMagic, at + 1)) {
    const std::optional<std::string_view> payload = FrameAt(at);
    if (!payload) continue;
    after_damage_ = at != expected;
    if (after_damage_) ++damages_;
    damaged_bytes_ += at - expected;
    intact_end_ = at + kFrameHeader + payload->size();
    return payload;
  }
  return std::nullopt;
}

}  // namespace tocsin
