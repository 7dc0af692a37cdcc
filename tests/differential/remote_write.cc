#include "tests/differential/remote_write.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

namespace tocsin::promql {
namespace {

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(0x80U | (value & 0x7fU));
  out += static_cast<char>(value);
}

/// A field that holds bytes: a text or another message.
void AppendBytes(std::string& out, unsigned field, std::string_view bytes) {
  AppendVarint(out, field << 3U | 2U);
  AppendVarint(out, bytes.size());
  out += bytes;
}

void AppendFixed64(std::string& out, unsigned field, std::uint64_t value) {
  AppendVarint(out, field << 3U | 1U);
  for (unsigned byte = 0; byte < 8; ++byte) out += static_cast<char>(value >> (8 * byte) & 0xffU);
}

std::string EncodeSeries(const GeneratedSeries& series) {
  std::string message;
  for (const Label& label : series.labels.all()) {
    std::string pair;
    AppendBytes(pair, 1, label.name.text());
    AppendBytes(pair, 2, label.value.text());
    AppendBytes(message, 1, pair);
  }
  for (std::size_t i = 0; i < series.samples.size(); ++i) {
    std::string sample;
    AppendFixed64(sample, 1, std::bit_cast<std::uint64_t>(series.samples.v[i]));
    AppendVarint(sample, 2U << 3U);
    AppendVarint(sample, static_cast<std::uint64_t>(series.samples.t[i]));
    AppendBytes(message, 2, sample);
  }
  return message;
}

/// A snappy block that compresses nothing: literals of up to 64 KiB.
std::string Snappy(std::string_view bytes) {
  std::string block;
  AppendVarint(block, bytes.size());
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 0x10000);
    const std::size_t stored = size - 1;
    block += static_cast<char>(61U << 2U);  // A literal with two bytes of length.
    block += static_cast<char>(stored & 0xffU);
    block += static_cast<char>(stored >> 8U);
    block += bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return block;
}

}  // namespace

std::string EncodeWriteRequest(std::span<const GeneratedSeries> series) {
  std::string request;
  for (const GeneratedSeries& one : series) AppendBytes(request, 1, EncodeSeries(one));
  return Snappy(request);
}

}  // namespace tocsin::promql
