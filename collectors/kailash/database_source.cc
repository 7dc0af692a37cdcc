#include "collectors/kailash/database_source.h"

#include <array>
#include <chrono>
#include <utility>

#include "collectors/json_member.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr std::array kParts = {ExecutionsPart, PendingPart,     TasksPart,   DeadTasksPart,
                               RegistryPart,   DeadLettersPart, SessionsPart};

constexpr std::chrono::minutes kRetryMissing{10};

/// Whether only somebody else can help: a table must be made, or a privilege granted.
bool IsLasting(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kDenied;
}

}  // namespace

DatabaseSource::DatabaseSource(Database database, const Settings& settings,
                               const Environment& environment)
    : database_(std::move(database)),
      settings_(settings),
      environment_(environment),
      state_(environment.state_file, environment.log) {
  for (const auto make_kind : kParts) {
    const PartKind kind = make_kind();
    std::unique_ptr<Part> part = kind.make(settings_);
    if (part->IsWanted(database_.dialect)) members_.push_back({kind, std::move(part)});
  }
}

Status DatabaseSource::Read(const Attempt& attempt) {
  Session session({*database_.connection, database_.dialect, settings_, environment_.clock},
                  attempt);
  clock_skew_seconds_.reset();
  if (Status clock = session.ReadClock(); !clock) return clock;
  clock_skew_seconds_ = session.clock().skew_seconds();
  if (!has_state_) TakeUpState();
  for (Member& member : members_) {
    if (!IsDue(member)) continue;
    const SteadyPoint now = environment_.clock.SteadyNow();
    const Status read = member.part->Read(session);
    if (!read && IsOver(attempt, read.error())) return read.error().Within(member.kind.name);
    member.read_at = now;
    member.generation = database_.connection->generation();
    member.error = read ? std::nullopt : std::optional(read.error());
    member.was_read = member.was_read || read;
  }
  // Counters are on disk before anybody sees them: after a crash they cannot fall. A full disk must
  // not stop the metrics, though.
  if (has_state_) {
    const Status saved = SaveState();
    state_error_ = saved ? std::nullopt : std::optional(saved.error());
  }
  return {};
}

/// Gives the parts what was saved. While that cannot be read, those with totals are left out.
void DatabaseSource::TakeUpState() {
  const Result<boost::json::object> saved = state_.Load(database_.identity);
  has_state_ = bool{saved};
  state_error_ = saved ? std::nullopt : std::optional(saved.error());
  if (!saved) return;
  for (Member& member : members_) member.part->Restore(MemberIn(*saved, member.kind.name));
}

bool DatabaseSource::IsHeldBack(const Member& member) const {
  return !has_state_ && member.part->HasTotals();
}

bool DatabaseSource::IsDue(const Member& member) const {
  if (IsHeldBack(member)) return false;
  if (!member.read_at) return true;
  const Duration passed = environment_.clock.SteadyNow() - *member.read_at;
  if (!member.error) return passed >= member.part->every();
  const bool is_new = database_.connection->generation() != member.generation;
  return is_new || !IsLasting(*member.error) || passed >= kRetryMissing;
}

/// Whether nothing more can be read after `error`, as opposed to a table that is locked or missing.
bool DatabaseSource::IsOver(const Attempt& attempt, const Error& error) const {
  const bool is_late =
      attempt.stop.stop_requested() || std::chrono::steady_clock::now() >= attempt.deadline;
  return (error.code == ErrorCode::kTimeout && is_late) || !database_.connection->is_open();
}

Status DatabaseSource::SaveState() {
  boost::json::object parts;
  for (const Member& member : members_) {
    boost::json::object state;
    member.part->Save(state);
    if (!state.empty()) parts[member.kind.name] = std::move(state);
  }
  return state_.Save(database_.identity, parts);
}

std::vector<SourceReport> DatabaseSource::parts() const {
  std::vector<SourceReport> parts;
  // Its reason is `other`: the trouble is this host's disk, and not the way to the source.
  if (state_error_) {
    parts.push_back({"state", Error{ErrorCode::kInvalidInput, state_error_->message}});
  }
  for (const Member& member : members_) {
    if (member.error && !IsHeldBack(member)) {
      // An application that never had these tables does not use what is in them.
      const bool is_unused = member.error->code == ErrorCode::kNotFound && !member.was_read;
      parts.push_back({.source = std::string(member.kind.name),
                       .status = *member.error,
                       .is_fault = !is_unused});
    }
  }
  return parts;
}

void DatabaseSource::Publish(MetricSink& points) const {
  for (const Member& member : members_) {
    if (!IsHeldBack(member) && member.read_at && !member.error) member.part->Publish(points);
  }
}

}  // namespace tocsin::collectors::kailash
