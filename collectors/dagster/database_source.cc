#include "collectors/dagster/database_source.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "collectors/dagster/parts.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kPartDuration = {
    .name = "dagster_exporter_scrape_duration_seconds",
    .help = "What the last reading of this part of a database took.",
    .labels = {"collector"},
    .exported = Exported::kForCompatibility};
constexpr MetricDesc kPartSuccess = {
    .name = "dagster_exporter_last_scrape_success",
    .help = "1 if the last reading of this part of a database succeeded.",
    .labels = {"collector"},
    .exported = Exported::kForCompatibility};
constexpr MetricDesc kPartErrors = {
    .name = "dagster_exporter_scrape_errors_total",
    .type = MetricType::kCounter,
    .help = "Readings of this part of a database that failed since tocsin started.",
    .labels = {"collector"},
    .exported = Exported::kForCompatibility};
constexpr std::array kPartMetrics = {kPartDuration, kPartSuccess, kPartErrors};

/// All parts. The daemons come first because they tell how to read the naive moments of the others.
constexpr PartKind (*kParts[])() = {
    DaemonsPart,          ActiveRunsPart, CompletedRunsPart, RecentRunsPart,  RunWaitPart,
    ConcurrencyPart,      TicksPart,      InstigatorsPart,   BackfillsPart,   StepsPart,
    MaterializationsPart, AssetsPart,     SchemaPart,        ConnectionsPart, RelationsPart,
};

/// Which Dagster this is. Very old ones lack the table.
constexpr Statement kInstance = {Store::kRuns,
                                 "SELECT run_storage_id FROM instance_info ORDER BY id LIMIT 1"};

constexpr std::chrono::minutes kRetryMissing{10};

/// Whether only the operator can help: Dagster must be upgraded, or a privilege granted.
bool IsLasting(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kDenied;
}

}  // namespace

const DatabaseKind& DagsterDatabaseKind() {
  static const DatabaseKind kKind = {kParts, kInstance, "instance", "state"};
  return kKind;
}

std::vector<MetricDesc> MetricsOf(const DatabaseKind& kind) {
  std::vector<MetricDesc> all;
  for (const auto part : kind.parts) {
    const std::span<const MetricDesc> metrics = part().metrics;
    all.insert(all.end(), metrics.begin(), metrics.end());
  }
  return all;
}

std::span<const MetricDesc> PartMetrics() {
  return kPartMetrics;
}

DatabaseSource::DatabaseSource(const DatabaseKind& kind, Settings settings, Database database,
                               const Environment& environment)
    : kind_(kind),
      settings_(std::move(settings)),
      database_(std::move(database)),
      environment_(environment),
      state_(environment.state_file, environment.log) {
  MakeParts(nullptr);
}

Status DatabaseSource::Collect(const Attempt& attempt, Collection& collection) {
  Session session(database_, environment_.clock, attempt);
  session.set_naive_offset(naive_offset_);
  if (Status clock = session.ReadClock(); !clock) return clock;
  collection.clock_skew_seconds = session.clock().skew_seconds();

  if (Status identified = IdentifyIfNew(session, attempt); !identified) return identified;
  if (state_error_ && !identity_error_) TakeUpState();
  if (Status read = ReadParts(session, attempt); !read) return read;
  naive_offset_ = session.naive_offset();

  // Counters are on disk before anybody sees them: after a crash they cannot fall. A full disk must
  // not stop the metrics, though.
  if (identity_error_) {
    collection.parts.push_back({std::string(kind_.identity_part), *identity_error_});
  } else if (Status saved = SaveState(); !saved) {
    // Its reason is `other`: the trouble is this host's disk, and not the way to the source.
    collection.parts.push_back(
        {std::string(kind_.state_part), Error{ErrorCode::kInvalidInput, saved.error().message}});
  }
  Publish(collection);
  return {};
}

void DatabaseSource::Publish(Collection& collection) const {
  Points points(collection.points, settings_);
  for (const Member& member : members_) {
    if (IsHeldBack(member) || !member.read_at) continue;
    points.Add(kPartDuration, {member.kind.name}, Seconds(member.took));
    points.Add(kPartSuccess, {member.kind.name}, member.error ? 0 : 1);
    points.Add(kPartErrors, {member.kind.name}, static_cast<double>(member.failures));
    if (member.error) {
      collection.parts.push_back({.source = std::string(member.kind.name),
                                  .status = *member.error,
                                  .is_fault = !IsOfAnotherVersion(member),
                                  .metrics = NamesOf(member.kind.metrics)});
    } else {
      member.part->Publish(points);
    }
  }
}

/// Finds out whose database a new connection leads to. A lock that was waited for in vain costs no
/// more than identity_error_ says; any other failure ends the collection.
Status DatabaseSource::IdentifyIfNew(Session& session, const Attempt& attempt) {
  const SqlConnection& connection = Connection(kind_.identity.store);
  if (connection.generation() == generation_) return {};
  Status identified = Identify(session);
  if (!identified && (identified.error().code != ErrorCode::kTimeout ||
                      EndsCollection(attempt, kind_.identity.store, identified.error()))) {
    return identified;
  }
  identity_error_ = identified ? std::nullopt : std::optional(identified.error());
  if (identified) generation_ = connection.generation();
  return {};
}

/// Finds out whose database this is, and takes up the state that was kept for it. If the database
/// does not tell, it is taken for the one that was known before.
Status DatabaseSource::Identify(Session& session) {
  const Result<SqlRows> rows = session.Query(kind_.identity);
  if (!rows && !IsLasting(rows.error())) return rows.error();
  const std::string told = rows && !rows->empty() ? std::string(rows->Text(0, 0)) : "";
  if (instance_ && (told.empty() || told == *instance_)) return {};
  instance_ = told;
  if (state_.Adopt(told)) return {};
  MakeParts(nullptr);
  TakeUpState();
  return {};
}

/// Makes the parts anew from what was saved. While that cannot be read, they stay as they are.
void DatabaseSource::TakeUpState() {
  const Result<boost::json::object> saved = state_.Load(*instance_);
  state_error_ = saved ? std::nullopt : std::optional(saved.error());
  if (saved) MakeParts(&*saved);
}

/// `saved` is null while it cannot be read.
void DatabaseSource::MakeParts(const boost::json::object* saved) {
  members_.clear();
  for (const auto make_kind : kind_.parts) {
    const PartKind kind = make_kind();
    Member& member = members_.emplace_back(Member{kind, kind.make(settings_), std::nullopt});
    if (saved != nullptr) member.part->Restore(MemberIn(*saved, kind.name));
  }
}

/// Whether a part cannot count: whose its totals are, or what they were, is not known.
bool DatabaseSource::IsHeldBack(const Member& member) const {
  return (identity_error_ || state_error_) && member.part->HasTotals();
}

/// Whether it is no fault that a part cannot be read: this Dagster has no such table, and had none.
bool DatabaseSource::IsOfAnotherVersion(const Member& member) {
  return member.error->code == ErrorCode::kNotFound && !member.was_read &&
         !member.kind.is_in_all_versions;
}

bool DatabaseSource::IsDue(const Member& member) const {
  if (IsHeldBack(member)) return false;
  if (!member.read_at) return true;
  const Duration passed = environment_.clock.SteadyNow() - *member.read_at;
  if (!member.error) return passed >= member.part->every();
  const bool is_new = Connection(member.kind.store).generation() != member.generation;
  return is_new || !IsLasting(*member.error) || passed >= kRetryMissing;
}

Status DatabaseSource::ReadParts(Session& session, const Attempt& attempt) {
  for (Member& member : members_) {
    if (!member.part->CanRead(session.dialect()) || !IsDue(member)) continue;
    const SteadyPoint now = environment_.clock.SteadyNow();
    const Status read = member.part->Read(session);
    if (!read && EndsCollection(attempt, member.kind.store, read.error())) {
      return read.error().Within(member.kind.name);
    }
    member.read_at = now;
    member.took = environment_.clock.SteadyNow() - now;
    if (!read) ++member.failures;
    member.generation = Connection(member.kind.store).generation();
    member.error = read ? std::nullopt : std::optional(read.error());
    member.was_read = member.was_read || read;
  }
  return {};
}

/// Whether nothing more can be read after `error`, as opposed to a table that is locked or missing.
bool DatabaseSource::EndsCollection(const Attempt& attempt, Store store, const Error& error) const {
  if (error.code == ErrorCode::kTimeout && IsOver(attempt)) return true;
  // SQLite keeps each storage in a file of its own: without that of the runs, nothing is known.
  const bool is_vital = database_.dialect == Dialect::kPostgres || store == Store::kRuns;
  return is_vital && !Connection(store).is_open();
}

const SqlConnection& DatabaseSource::Connection(Store store) const {
  return *database_.connections[static_cast<std::size_t>(store)];
}

Status DatabaseSource::SaveState() {
  if (state_error_) return *state_error_;
  boost::json::object parts;
  for (const Member& member : members_) {
    boost::json::object state;
    member.part->Save(state);
    if (!state.empty()) parts[member.kind.name] = std::move(state);
  }
  return state_.Save(*instance_, parts);
}

}  // namespace tocsin::collectors::dagster
