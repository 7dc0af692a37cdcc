// The Dagster collector: what a Dagster instance's database tells about it.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/dagster/part.h"
#include "collectors/dagster/session.h"
#include "collectors/dagster/state.h"
#include "collectors/registry.h"

namespace tocsin::collectors::dagster {

/// Reads one Dagster database: each part in turn, in the order of the table in collector.cc.
///
/// A part that cannot be read costs its own metrics only, and is reported in Collection::parts. One
/// whose table is missing or may not be read is tried again every ten minutes, or at once on a new
/// connection; after any other failure, such as a lock that was waited for in vain, at the next
/// collection. The collection fails as a whole when its time is up or the database is gone.
///
/// On each new connection it asks which Dagster this is. While a lock keeps that from it, the parts
/// with totals are left out, "instance" is reported, and each collection asks again.
///
/// Counters are kept in Environment::state_file, which is written before their points are handed
/// out, so that no value that was ever seen is lost or counted twice. While that file cannot be
/// read, the parts with totals are left out, and each collection tries again. One thread at a time.
class DagsterCollector final : public Collector {
 public:
  DagsterCollector(Settings settings, Database database, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    PartKind kind;
    std::unique_ptr<Part> part;
    std::optional<SteadyPoint> read_at;         ///< Of the last read, good or bad.
    std::uint64_t generation = 0;               ///< Of the connection that it was read from.
    std::optional<Error> error = std::nullopt;  ///< Why the part has nothing to publish.
  };

  Status IdentifyIfNew(Session& session, const Attempt& attempt);
  Status Identify(Session& session);
  void TakeUpState();
  void MakeParts(const boost::json::object* saved);
  bool IsHeldBack(const Member& member) const;
  bool IsDue(const Member& member) const;
  Status ReadParts(Session& session, const Attempt& attempt);
  bool EndsCollection(const Attempt& attempt, Store store, const Error& error) const;
  const SqlConnection& Connection(Store store) const;
  Status SaveState();

  const Settings settings_;
  Database database_;
  const Environment environment_;
  StateFile state_;
  std::optional<Error> state_error_;     // Why the saved state cannot be read, if so.
  std::optional<Error> identity_error_;  // Why it is not known which Dagster this is, if so.
  std::vector<Member> members_;
  /// The Dagster that the parts' state is about; "" if the database does not tell.
  std::optional<std::string> instance_;
  std::uint64_t generation_ = 0;  // Of the connection that told it.
  Microseconds naive_offset_{};
};

/// The metrics of all parts.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// How many jobs can have series of their own when no metric may have more than `max_series`.
std::size_t JobsWithin(std::size_t max_series);

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::dagster
