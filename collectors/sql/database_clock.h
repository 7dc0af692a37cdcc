// The clock of a database, which is not ours.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/moment.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors {

/// What is known of a database's clock during one collection. One thread at a time; our own clock
/// outlives it.
class DatabaseClock {
 public:
  explicit DatabaseClock(const Clock& ours) : ours_(ours) {}

  /// To be called once, before the rest. `ask` sends "SELECT {now}", see WithNow(). Fails as it
  /// does, and with kCorrupt if the answer is no time.
  Status Read(const std::function<Result<SqlRows>()>& ask);

  /// What it said at Read(), and the time that has passed since. For bounds that are parameters,
  /// and for what is due; ages come from AgeAt().
  Moment Now() const { return then_ + (ours_.SteadyNow() - asked_at_); }

  /// It minus ours, at the middle between question and answer. In seconds.
  double skew_seconds() const { return skew_seconds_; }

 private:
  const Clock& ours_;
  Moment then_{};
  SteadyPoint asked_at_{};
  double skew_seconds_ = 0;
};

/// A column that holds Unix seconds as a number.
std::optional<Moment> EpochAt(const SqlRows& rows, std::size_t row, std::size_t column);

/// Seconds from `moment` to what the database's clock said in the same row, in a column that
/// selects "{now}". 0 for what is yet to come, as after a step of a clock, and without a moment.
/// Our own clock never enters an age, however wrong it is.
double AgeAt(const SqlRows& rows, std::size_t row, std::size_t now_column,
             std::optional<Moment> moment);

}  // namespace tocsin::collectors
