#include "exporter/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <cassert>
#include <cstddef>
#include <memory>
#include <string>
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

std::string UnpackZstd(std::string_view packed) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          &ZSTD_freeDStream);
  const std::size_t step = ZSTD_DStreamOutSize();
  std::string text;
  ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
  std::size_t left = packed.size();  // 0 at the end of the frame, or an error's number.
  while (left != 0 && ZSTD_isError(left) == 0) {
    const std::size_t before = text.size();
    const std::size_t read_before = in.pos;
    text.resize(before + step);
    ZSTD_outBuffer out = {text.data() + before, step, 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    text.resize(before + out.pos);
    if (left != 0 && out.pos == 0 && in.pos == read_before) break;  // It ends too early.
  }
  return left == 0 ? text : "";
}

}  // namespace tocsin
