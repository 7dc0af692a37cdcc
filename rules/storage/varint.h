// Integers as bytes, the shorter the smaller, and reading them back without trust.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

/// Appends `value` as LEB128: seven bits to a byte, the lowest first.
inline void AppendVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Maps numbers near zero to small ones: 0, -1, 1, -2 become 0, 1, 2, 3. Differences are taken
/// modulo 2^64, so that every pair of times has one.
inline std::uint64_t ZigZag(std::uint64_t difference) {
  return (difference << 1) ^ (std::uint64_t{0} - (difference >> 63));
}
inline std::uint64_t UnZigZag(std::uint64_t coded) {
  return (coded >> 1) ^ (std::uint64_t{0} - (coded & 1));
}

/// Takes values off the front of some bytes. What is not there reads as zero and makes ok() false
/// for good, so that a caller can read a whole structure and ask once. One thread at a time.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size(); }
  const char* position() const { return bytes_.data(); }

  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }

  /// A number of things that take at least a byte each: more than are left fails.
  std::size_t Count() {
    const std::uint64_t count = Varint();
    if (count > bytes_.size()) return Fail();
    return count;
  }

  std::string_view Bytes(std::size_t size) {
    if (size > bytes_.size()) {
      Fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::size_t Fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace tocsin
