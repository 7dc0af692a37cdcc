// The text of a large answer, in pieces.

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "exporter/http_message.h"

namespace tocsin::api {

/// Text that is appended to and cut into pieces, so that a large answer is never one string, which
/// would be copied, and held twice, each time that it outgrows its memory. One thread at a time.
class Pieces {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

  explicit Pieces(std::string begin = {}) : text_(std::move(begin)) {}

  /// The piece that is being written: to append to. Stays the same string.
  std::string& text() { return text_; }

  /// Begins the next piece if this one is large enough. Cheap: to be called after each item.
  void MayCut() {
    if (text_.size() >= kPieceBytes) Cut();
  }

  /// All pieces in order, as the body of an HttpResponse. What was written is gone from here.
  std::vector<SharedText> Take();

 private:
  void Cut();

  std::vector<SharedText> done_;
  std::string text_;
};

}  // namespace tocsin::api
