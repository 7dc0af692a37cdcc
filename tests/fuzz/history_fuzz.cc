// Whatever a file of the history holds, reading it ends, without a crash and without memory out of
// proportion. The input is read as a segment as it is, and as the payloads of intact frames,
// because no fuzzer finds a checksum.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rules/storage/history_frame.h"
#include "rules/storage/history_replay.h"
#include "rules/storage/sample_store.h"

namespace tocsin {
namespace {

/// Frames of the sizes that the input itself says: a byte before each payload.
std::string FramesOf(std::string_view input) {
  std::string segment;
  while (!input.empty()) {
    const auto size = static_cast<unsigned char>(input.front());
    const std::string_view payload = input.substr(1, size);
    std::string frame(kFrameHeader, '\0');
    frame.append(payload);
    SealFrame(frame);
    segment += frame;
    input.remove_prefix(1 + payload.size());
  }
  return segment;
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  tocsin::SampleStore store({.max_series = 1000, .max_bytes = 16UL << 20});
  static_cast<void>(tocsin::ReplaySegment(input, store));
  static_cast<void>(tocsin::ReplaySegment(tocsin::FramesOf(input), store));
  return 0;
}
