// The Dagster collector: what a Dagster instance's database tells about it.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/dagster/part.h"
#include "collectors/dagster/session.h"
#include "collectors/dagster/state.h"
#include "collectors/registry.h"

namespace tocsin::collectors::dagster {

/// Reads one Dagster database: each part in turn, in the order of the table in collector.cc.
///
/// A part whose table is missing, or may not be read, costs its own metrics only: it is reported in
/// Collection::parts and tried again every ten minutes, or at once on a new connection. When the
/// database does not answer, the collection fails as a whole.
///
/// Counters are kept in Environment::state_file, which is written before their points are handed
/// out, so that no value that was ever seen is lost or counted twice. One thread at a time.
class DagsterCollector final : public Collector {
 public:
  DagsterCollector(Settings settings, Database database, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    PartKind kind;
    std::unique_ptr<Part> part;
    std::optional<SteadyPoint> read_at;         ///< Of the last read, good or bad.
    std::optional<Error> error = std::nullopt;  ///< Why the part has nothing to publish.
  };

  Status Identify(Session& session);
  void MakeParts();
  bool IsDue(const Member& member, bool is_new_session) const;
  Status ReadParts(Session& session, bool is_new_session);
  bool EndsCollection(const Member& member, const Error& error) const;
  Status SaveState();

  const Settings settings_;
  Database database_;
  const Environment environment_;
  StateFile state_;
  std::vector<Member> members_;
  std::optional<std::string> instance_;  // Of the database that the parts' state is about.
  std::uint64_t generation_ = 0;
  Microseconds naive_offset_{};
};

/// The metrics of all parts.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::dagster
