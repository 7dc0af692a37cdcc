// Says in the log what changed about one instance.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric_sink.h"
#include "base/result.h"

namespace tocsin::collectors {

/// Writes changes of state, not repetitions: a source that is down for a day costs a line when it
/// goes, one per kReminder, and one when it is back, however often it is tried. Times are handed
/// in. One thread at a time.
class StateLog {
 public:
  static constexpr Duration kReminder = std::chrono::minutes(10);

  /// `log` outlives this. `kind` and `name` are the instance's.
  StateLog(const Log& log, std::string kind, std::string name);

  /// A collection succeeded.
  void Succeeded(SteadyPoint now);
  /// A collection failed.
  void Failed(const Error& error, SteadyPoint now);
  /// The last good points are no longer served.
  void WentStale() const;

  /// A part or a source of an instance that is otherwise up changed its state.
  void PartLost(std::string_view what, const std::string& part, const Error& error) const;
  void PartBack(std::string_view what, const std::string& part) const;

  /// `dropped` are the totals so far.
  void Dropped(const DropCounts& dropped, SteadyPoint now);

 private:
  const Log& log_;
  const std::string kind_;
  const std::string name_;
  bool ever_up_ = false;
  std::optional<SteadyPoint> down_since_;
  SteadyPoint last_down_line_;
  DropCounts drops_told_{};
  std::optional<SteadyPoint> last_drop_line_;
};

}  // namespace tocsin::collectors
