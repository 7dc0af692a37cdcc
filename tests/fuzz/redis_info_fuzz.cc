// Whatever a server answers to INFO, it is read, and what it says stays within the answer; and so
// is whatever it sends instead of the protocol.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/redis/info.h"
#include "collectors/redis/reply_reader.h"

namespace {

using tocsin::collectors::RedisInfo;
using tocsin::collectors::RedisReplyReader;

bool IsWithin(std::string_view piece, std::string_view text) {
  return piece.empty() ||
         (piece.data() >= text.data() && piece.data() + piece.size() <= text.data() + text.size());
}

void ReadInfo(std::string_view text) {
  const auto info = RedisInfo::Parse(text);
  if (!info) return;
  for (const auto& [name, value] : info->Beginning("")) {
    if (!IsWithin(name, text) || !IsWithin(value, text)) std::abort();
    static_cast<void>(info->Number(name));
    if (!IsWithin(tocsin::collectors::InfoPart(value, "calls"), value)) std::abort();
  }
  static_cast<void>(tocsin::collectors::LatenciesIn(*info));
}

void ReadReplies(std::string_view bytes) {
  RedisReplyReader reader;
  if (!reader.Feed(bytes)) return;
  while (true) {
    const auto reply = reader.Next();
    if (!reply || !*reply) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadInfo(text);
  ReadReplies(text);
  return 0;
}
