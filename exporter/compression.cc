#include "exporter/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <cassert>
#include <cstddef>
#include <memory>

namespace tocsin {
namespace {

constexpr int kFastest = 1;

std::string Gzip(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kFastest), &libdeflate_free_compressor);
  if (compressor == nullptr) return {};
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kFastest);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return out;
}

}  // namespace

std::string Compress(std::string_view text, ContentEncoding encoding) {
  assert(encoding != ContentEncoding::kIdentity);
  std::string out = encoding == ContentEncoding::kGzip ? Gzip(text) : Zstd(text);
  out.shrink_to_fit();
  return out;
}

}  // namespace tocsin
