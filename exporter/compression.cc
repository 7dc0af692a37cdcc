#include "exporter/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <cassert>
#include <cstddef>
#include <memory>
#include <string_view>

namespace tocsin {
namespace {

constexpr int kFastest = 1;

/// Room for the largest result. Not a string: that would write, and so occupy, all of the room
/// first.
using Room = std::unique_ptr<char[]>;

std::string Gzip(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kFastest), &libdeflate_free_compressor);
  assert(compressor != nullptr);  // Fails for want of memory only, as `new` does.
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor.get(), text.size());
  const Room room = std::make_unique_for_overwrite<char[]>(bound);
  return {room.get(),
          libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), room.get(), bound)};
}

std::string Zstd(std::string_view text) {
  const std::size_t bound = ZSTD_compressBound(text.size());
  const Room room = std::make_unique_for_overwrite<char[]>(bound);
  const std::size_t size = ZSTD_compress(room.get(), bound, text.data(), text.size(), kFastest);
  assert(ZSTD_isError(size) == 0);
  return {room.get(), size};
}

}  // namespace

std::string Compress(const std::vector<SharedText>& pieces, ContentEncoding encoding) {
  assert(encoding != ContentEncoding::kIdentity);
  std::size_t size = 0;
  for (const SharedText& piece : pieces) size += piece->size();
  std::string text;
  text.reserve(size);
  for (const SharedText& piece : pieces) text += *piece;
  return encoding == ContentEncoding::kGzip ? Gzip(text) : Zstd(text);
}

}  // namespace tocsin
