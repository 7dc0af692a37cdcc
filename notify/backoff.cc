#include "notify/backoff.h"

#include <algorithm>
#include <cassert>

namespace tocsin::notify {

Duration Backoff::Failed(double random, std::optional<Duration> asked) {
  assert(random >= 0 && random < 1);
  constexpr int kMostDoublings = 6;  // 64 s, which is beyond the longest.
  failures_ = std::min(failures_ + 1, kMostDoublings + 1);
  const Duration whole = std::min(kFirst * (1 << (failures_ - 1)), kLongest);
  const Duration half = whole / 2;
  const Duration own =
      half +
      Duration(static_cast<Duration::rep>(static_cast<double>((whole - half).count()) * random));
  return std::max(own, std::min(asked.value_or(Duration(0)), kLongestAsked));
}

}  // namespace tocsin::notify
