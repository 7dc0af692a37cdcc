// Records in a file, found again after damage.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

/// A frame is a header of kFrameHeader bytes and a payload: "TSH1", the payload's size, its CRC-32
/// and the CRC-32 of these twelve bytes, each number in four bytes, the lowest first. "1" is the
/// version of the format; frames of another version are not understood, that is, skipped.
inline constexpr std::size_t kFrameHeader = 16;

/// Writes the header of a frame into the first kFrameHeader bytes of `frame`, which the caller has
/// left free; the rest is the payload, of less than 4 GiB.
void SealFrame(std::string& frame);

/// Finds the intact frames in the bytes of a file, in order. Damage ends at the next intact header,
/// wherever that is. One thread at a time; the bytes must outlive it and what it returns.
class FrameReader {
 public:
  explicit FrameReader(std::string_view bytes) : bytes_(bytes) {}

  /// The payload of the next intact frame; nothing at the end.
  std::optional<std::string_view> Next();
  /// Whether something damaged lies between this frame and the one before.
  bool after_damage() const { return after_damage_; }

  /// Where the last intact frame ends. Behind it, once Next() has returned nothing, is a torn tail.
  std::size_t intact_end() const { return intact_end_; }
  /// How often, and how many bytes, were skipped between intact frames; the tail is not counted.
  std::size_t damages() const { return damages_; }
  std::size_t damaged_bytes() const { return damaged_bytes_; }

 private:
  std::optional<std::string_view> FrameAt(std::size_t offset) const;

  std::string_view bytes_;
  std::size_t intact_end_ = 0;
  std::size_t damages_ = 0;
  std::size_t damaged_bytes_ = 0;
  bool after_damage_ = false;
};

}  // namespace tocsin
