#include "collectors/atlas/request_rate.h"

#include <cstddef>

namespace tocsin::collectors::atlas {

void RequestRate::Add(SteadyPoint at, double total) {
  readings_.push_back({at, total});
  while (readings_.size() > 2 && at - readings_[1].at >= kWindow) readings_.pop_front();
}

std::optional<double> RequestRate::PerSecond() const {
  if (readings_.size() < 2) return std::nullopt;
  const double seconds = Seconds(readings_.back().at - readings_.front().at);
  if (seconds <= 0) return std::nullopt;
  double increase = 0;
  for (std::size_t i = 1; i < readings_.size(); ++i) {
    const double before = readings_[i - 1].total;
    const double now = readings_[i].total;
    increase += now >= before ? now - before : now;
  }
  return increase / seconds;
}

}  // namespace tocsin::collectors::atlas
