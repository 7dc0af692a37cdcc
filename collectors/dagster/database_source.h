// What a database tells about a Dagster, or about what runs beside it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/counter_state.h"
#include "collectors/dagster/part.h"
#include "collectors/dagster/session.h"
#include "collectors/dagster/source.h"

namespace tocsin::collectors::dagster {

/// What is constant about a kind of database.
struct DatabaseKind {
  /// What is read, in this order.
  std::span<PartKind (*const)()> parts;
  /// Tells whose database it is: one row with one text.
  Statement identity;
  /// The parts that are reported when that, or the saved state, cannot be read.
  std::string_view identity_part;
  std::string_view state_part;
};

/// Dagster's own database.
const DatabaseKind& DagsterDatabaseKind();

/// The metrics of all parts.
std::vector<MetricDesc> MetricsOf(const DatabaseKind& kind);

/// Reads one database: each part in turn.
///
/// A part that cannot be read costs its own metrics only, and is reported in Collection::parts. One
/// whose table is missing or may not be read is tried again every ten minutes, or at once on a new
/// connection; after any other failure, such as a lock that was waited for in vain, at the next
/// collection. The source fails as a whole when its time is up or the database is gone.
///
/// On each new connection it asks whose database this is. While a lock keeps that from it, the
/// parts with totals are left out, that is reported, and each collection asks again.
///
/// Counters are kept in Environment::state_file, which is written before their points are handed
/// out, so that no value that was ever seen is lost or counted twice. While that file cannot be
/// read, the parts with totals are left out, and each collection tries again. One thread at a time.
class DatabaseSource final : public Source {
 public:
  /// `kind` outlives the source.
  DatabaseSource(const DatabaseKind& kind, Settings settings, Database database,
                 const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    PartKind kind;
    std::unique_ptr<Part> part;
    std::optional<SteadyPoint> read_at;         ///< Of the last read, good or bad.
    std::uint64_t generation = 0;               ///< Of the connection that it was read from.
    std::optional<Error> error = std::nullopt;  ///< Why the part has nothing to publish.
    Duration took{};                            ///< What the last read took.
    std::uint64_t failures = 0;                 ///< Reads that failed since the start.
    bool was_read = false;                      ///< With success, ever.
  };

  Status IdentifyIfNew(Session& session, const Attempt& attempt);
  Status Identify(Session& session);
  void TakeUpState();
  void MakeParts(const boost::json::object* saved);
  bool IsHeldBack(const Member& member) const;
  static bool IsOfAnotherVersion(const Member& member);
  bool IsDue(const Member& member) const;
  Status ReadParts(Session& session, const Attempt& attempt);
  bool EndsCollection(const Attempt& attempt, Store store, const Error& error) const;
  void Publish(Collection& collection) const;
  const SqlConnection& Connection(Store store) const;
  Status SaveState();

  const DatabaseKind& kind_;
  const Settings settings_;
  Database database_;
  const Environment environment_;
  CounterState state_;
  std::optional<Error> state_error_;     // Why the saved state cannot be read, if so.
  std::optional<Error> identity_error_;  // Why it is not known whose database this is, if so.
  std::vector<Member> members_;
  /// Whose database the parts' state is about; "" if it does not tell.
  std::optional<std::string> instance_;
  std::uint64_t generation_ = 0;  // Of the connection that told it.
  Microseconds naive_offset_{};
};

/// How well each part is read, under the names of another exporter. Published for every database.
std::span<const MetricDesc> PartMetrics();

}  // namespace tocsin::collectors::dagster
