// What checks ask a server that has the metrics.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rules/storage/sample.h"

namespace tocsin::lint {

/// One thread at a time; may wait for a network.
class LiveData {
 public:
  virtual ~LiveData() = default;
  /// How many series an expression gives now. Fails as the server does.
  virtual Result<std::size_t> CountSeries(const std::string& expr) = 0;
  /// For each series of an expression the moments of the last day, `step` apart, at which it was
  /// there.
  virtual Result<std::vector<std::vector<Millis>>> LastDay(const std::string& expr,
                                                           Duration step) = 0;
};

}  // namespace tocsin::lint
