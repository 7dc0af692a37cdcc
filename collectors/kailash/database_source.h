#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/counter_state.h"
#include "collectors/kailash/part.h"
#include "collectors/kailash/session.h"
#include "collectors/kailash/settings.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::kailash {

/// A connection to the database that Kailash keeps its records in.
struct Database {
  std::shared_ptr<SqlConnection> connection;
  Dialect dialect = Dialect::kPostgres;
  /// Tells this database from others, over restarts: the totals are about it.
  std::string identity;
};

/// Reads Kailash's tables: each part in turn.
///
/// A part that cannot be read costs its own metrics only. One whose table is missing or may not be
/// read is tried again every ten minutes, or at once on a new connection; after any other failure
/// at the next collection. The source fails as a whole when its time is up or the database is gone.
///
/// Counters are kept in a state file, which is written before their points are handed out. While it
/// cannot be read, the parts with totals are left out. One thread at a time.
class DatabaseSource {
 public:
  /// `settings` and what `environment` refers to outlive the source.
  DatabaseSource(Database database, const Settings& settings, const Environment& environment);

  /// Reads what is due, and saves what was counted.
  Status Read(const Attempt& attempt);

  /// What could not be read, by the names of parts, and "state".
  std::vector<SourceReport> parts() const;
  /// The database's clock minus ours.
  std::optional<double> clock_skew_seconds() const { return clock_skew_seconds_; }

  /// Adds what was read. Only after a successful Read().
  void Publish(MetricSink& points) const;

 private:
  struct Member {
    PartKind kind;
    std::unique_ptr<Part> part;
    std::optional<SteadyPoint> read_at = std::nullopt;  ///< Of the last read, good or bad.
    std::uint64_t generation = 0;               ///< Of the connection that it was read from.
    bool was_read = false;                      ///< Ever.
    std::optional<Error> error = std::nullopt;  ///< Why the part has nothing to publish.
  };

  void TakeUpState();
  bool IsHeldBack(const Member& member) const;
  bool IsDue(const Member& member) const;
  bool IsOver(const Attempt& attempt, const Error& error) const;
  Status SaveState();

  const Database database_;
  const Settings& settings_;
  const Environment environment_;
  CounterState state_;
  bool has_state_ = false;            ///< Whether what was saved has been taken up.
  std::optional<Error> state_error_;  ///< Why it cannot be read or written, if so.
  std::vector<Member> members_;
  std::optional<double> clock_skew_seconds_;
};

}  // namespace tocsin::collectors::kailash
