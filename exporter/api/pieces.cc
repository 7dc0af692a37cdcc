#include "exporter/api/pieces.h"

#include <memory>

namespace tocsin::api {

std::vector<SharedText> Pieces::Take() {
  if (!text_.empty()) {
    done_.push_back(std::make_shared<const std::string>(std::exchange(text_, {})));
  }
  return std::exchange(done_, {});
}

void Pieces::Cut() {
  constexpr std::size_t kOneItem = 4096;  // By which a piece is usually too long, at most.
  done_.push_back(std::make_shared<const std::string>(std::exchange(text_, {})));
  text_.reserve(kPieceBytes + kOneItem);
}

}  // namespace tocsin::api
