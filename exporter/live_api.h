// What the linter of rules asks, by way of Prometheus' HTTP API.

#pragma once

#include <string>
#include <utility>

#include "base/clock.h"
#include "rules/lint/live_data.h"

namespace tocsin {

/// Asks a server. One thread at a time; waits for the network.
class LiveApi : public lint::LiveData {
 public:
  /// `server` is a URL. `now` is when the last day ends.
  LiveApi(std::string server, TimePoint now) : server_(std::move(server)), now_(now) {}

  Result<std::size_t> CountSeries(const std::string& expr) override;
  Result<std::vector<std::vector<Millis>>> LastDay(const std::string& expr, Duration step) override;

 private:
  std::string server_;
  TimePoint now_;
};

}  // namespace tocsin
