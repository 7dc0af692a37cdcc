#include "collectors/sql/database_clock.h"

#include <algorithm>

namespace tocsin::collectors {

Status DatabaseClock::Read(const std::function<Result<SqlRows>()>& ask) {
  const TimePoint sent = ours_.Now();
  const SteadyPoint steady_sent = ours_.SteadyNow();
  const Result<SqlRows> rows = ask();
  if (!rows) return rows.error();
  const std::optional<Moment> told = rows->size() == 1 ? EpochAt(*rows, 0, 0) : std::nullopt;
  if (!told) return Error{ErrorCode::kCorrupt, "the database does not tell the time"};
  const Duration half = (ours_.SteadyNow() - steady_sent) / 2;
  then_ = *told;
  asked_at_ = steady_sent + half;
  skew_seconds_ = UnixSeconds(then_) - tocsin::UnixSeconds(sent + half);
  return {};
}

std::optional<Moment> EpochAt(const SqlRows& rows, std::size_t row, std::size_t column) {
  const std::optional<double> seconds = rows.Number(row, column);
  if (!seconds) return std::nullopt;
  return FromUnixSeconds(*seconds);
}

double AgeAt(const SqlRows& rows, std::size_t row, std::size_t now_column,
             std::optional<Moment> moment) {
  const std::optional<Moment> now = EpochAt(rows, row, now_column);
  return now && moment ? std::max(0.0, Seconds(*now - *moment)) : 0;
}

}  // namespace tocsin::collectors
