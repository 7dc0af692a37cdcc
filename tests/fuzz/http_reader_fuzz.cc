// Whatever a server sends is an answer, the beginning of one or refused, and it does not matter how
// it is cut. The first byte says where.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/http_answer_reader.h"

using tocsin::HttpAnswer;
using tocsin::HttpAnswerReader;

namespace {

std::optional<HttpAnswer> Read(std::string_view first, std::string_view rest) {
  HttpAnswerReader reader(1 << 20);
  for (const std::string_view piece : {first, rest}) {
    if (!reader.is_complete() && !reader.Take(piece)) return std::nullopt;
  }
  if (!reader.is_complete() && !reader.TakeEnd()) return std::nullopt;
  if (!reader.is_complete()) std::abort();
  return reader.TakeAnswer();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = bytes.size() * data[0] / 256;
  const auto whole = Read(bytes, "");
  const auto pieces = Read(bytes.substr(0, cut), bytes.substr(cut));
  if (whole.has_value() != pieces.has_value()) std::abort();
  if (!whole) return 0;
  const bool is_same = whole->status == pieces->status && whole->headers == pieces->headers &&
                       whole->body == pieces->body && whole->is_framed == pieces->is_framed;
  if (!is_same || whole->body.size() > bytes.size()) std::abort();
  return 0;
}
