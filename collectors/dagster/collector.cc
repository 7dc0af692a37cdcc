#include "collectors/dagster/collector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

/// All parts. The daemons come first because they tell how to read the naive moments of the others.
constexpr std::array kParts = {
    DaemonsPart,          ActiveRunsPart, CompletedRunsPart, RecentRunsPart,  RunWaitPart,
    ConcurrencyPart,      TicksPart,      InstigatorsPart,   BackfillsPart,   StepsPart,
    MaterializationsPart, AssetsPart,     SchemaPart,        ConnectionsPart, RelationsPart,
};

/// Which Dagster this is. Very old ones lack the table.
constexpr Statement kInstance = {Store::kRuns,
                                 "SELECT run_storage_id FROM instance_info ORDER BY id LIMIT 1"};

constexpr std::chrono::minutes kRetryMissing{10};

}  // namespace

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all;
    for (const auto part : kParts) {
      const PartKind kind = part();
      all.insert(all.end(), kind.metrics.begin(), kind.metrics.end());
    }
    return all;
  }();
  return kAll;
}

DagsterCollector::DagsterCollector(Settings settings, Database database,
                                   const Environment& environment)
    : settings_(std::move(settings)),
      database_(std::move(database)),
      environment_(environment),
      state_(environment.state_file, environment.log) {}

Status DagsterCollector::Collect(const Attempt& attempt, Collection& collection) {
  Session session(database_, environment_.clock, attempt);
  session.set_naive_offset(naive_offset_);
  if (Status clock = session.ReadClock(); !clock) return clock;
  collection.clock_skew_seconds = session.clock_skew_seconds();

  const bool is_new_session = database_.Generation() != generation_;
  if (is_new_session) {
    if (Status identified = Identify(session); !identified) return identified;
  }
  if (Status read = ReadParts(session, is_new_session); !read) return read;
  generation_ = database_.Generation();
  naive_offset_ = session.naive_offset();

  // Counters are on disk before anybody sees them: after a crash they cannot fall. A full disk must
  // not stop the metrics, though.
  if (Status saved = SaveState(); !saved) {
    collection.parts.push_back({"state", saved});
  }
  Points points(collection.points, settings_);
  for (const Member& member : members_) {
    if (member.error) {
      collection.parts.push_back({std::string(member.kind.name), *member.error});
    } else if (member.read_at) {
      member.part->Publish(points);
    }
  }
  return {};
}

/// Finds out whose database this is, and takes up the state that was kept for it.
Status DagsterCollector::Identify(Session& session) {
  const Result<SqlRows> rows = session.Query(kInstance);
  if (!rows && rows.error().code != ErrorCode::kNotFound) return rows.error();
  std::string instance = rows && !rows->empty() ? std::string(rows->Text(0, 0)) : "";
  if (instance_ == instance) return {};
  instance_ = std::move(instance);
  MakeParts();
  return {};
}

void DagsterCollector::MakeParts() {
  const boost::json::object saved = state_.Load(*instance_);
  members_.clear();
  for (const auto make_kind : kParts) {
    const PartKind kind = make_kind();
    Member& member = members_.emplace_back(Member{kind, kind.make(settings_), std::nullopt});
    const boost::json::value* const state = saved.if_contains(kind.name);
    if (state != nullptr && state->is_object()) member.part->Restore(state->get_object());
  }
}

bool DagsterCollector::IsDue(const Member& member, bool is_new_session) const {
  if (!member.read_at) return true;
  const Duration passed = environment_.clock.SteadyNow() - *member.read_at;
  if (member.error) return is_new_session || passed >= kRetryMissing;
  return passed >= member.part->every();
}

Status DagsterCollector::ReadParts(Session& session, bool is_new_session) {
  for (Member& member : members_) {
    if (!member.part->CanRead(session.dialect()) || !IsDue(member, is_new_session)) continue;
    const SteadyPoint now = environment_.clock.SteadyNow();
    const Status read = member.part->Read(session);
    if (!read && EndsCollection(member, read.error())) {
      return read.error().Within(member.kind.name);
    }
    member.read_at = now;
    member.error = read ? std::nullopt : std::optional(read.error());
  }
  return {};
}

bool DagsterCollector::EndsCollection(const Member& member, const Error& error) const {
  if (error.code == ErrorCode::kTimeout) return true;
  if (error.code != ErrorCode::kUnavailable) return false;
  // SQLite keeps each storage in a file of its own: without that of the runs, nothing is known.
  return database_.dialect == Dialect::kPostgres || member.kind.store == Store::kRuns;
}

Status DagsterCollector::SaveState() {
  boost::json::object parts;
  for (const Member& member : members_) {
    boost::json::object state;
    member.part->Save(state);
    if (!state.empty()) parts[member.kind.name] = std::move(state);
  }
  return state_.Save(*instance_, parts);
}

}  // namespace tocsin::collectors::dagster
