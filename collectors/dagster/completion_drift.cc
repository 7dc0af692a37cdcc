#include "collectors/dagster/completion_drift.h"

#include <algorithm>
#include <chrono>

namespace tocsin::collectors::dagster {
namespace {

// All in idx_run_range, without a look at the table.
constexpr Statement kFinishedWithin = {
    Store::kRuns,
    "SELECT status, count(*) FROM runs WHERE status IN ('SUCCESS','FAILURE','CANCELED') "
    "AND update_timestamp >= $1 AND update_timestamp < $2 GROUP BY status"};

constexpr std::chrono::hours kWindow{6};
constexpr std::chrono::hours kEvery{1};

}  // namespace

void CompletionDrift::Begin(std::size_t outcome, Moment from) {
  if (!watched_from_[outcome]) watched_from_[outcome] = from;
}

bool CompletionDrift::HasWatchedSince(Moment from) const {
  return std::all_of(watched_from_.begin(), watched_from_.end(),
                     [&](const auto& begin) { return begin && *begin <= from; });
}

void CompletionDrift::Note(std::int64_t id, std::size_t outcome, Moment updated, Moment now) {
  // No window to come reaches back that far; a long backlog must not fill the memory.
  if (updated < now - overlap_ - kWindow) return;
  seen_[id] = {outcome, updated};
}

CompletionDrift::Counts CompletionDrift::SeenWithin(Moment from, Moment to) const {
  Counts counts{};
  for (const auto& [id, row] : seen_) {
    if (row.updated >= from && row.updated < to) ++counts[row.outcome];
  }
  return counts;
}

Status CompletionDrift::Read(Session& session) {
  const Moment now = session.clock().Now();
  const Moment to = now - overlap_;
  const Moment from = to - kWindow;
  const bool is_due = !read_at_ || now - *read_at_ >= kEvery;
  if (!is_due || !HasWatchedSince(from)) return {};

  const Result<SqlRows> rows =
      session.Query(kFinishedWithin, {session.Naive(from), session.Naive(to)});
  if (!rows) return rows.error();
  std::erase_if(seen_, [&](const auto& entry) { return entry.second.updated < from; });
  Counts drift = SeenWithin(from, to);
  for (std::int64_t& count : drift) count = -count;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      if (rows->Text(row, 0) == kFinishedStatuses[outcome]) {
        drift[outcome] += rows->Integer(row, 1).value_or(0);
      }
    }
  }
  drift_ = drift;
  read_at_ = now;
  return {};
}

void CompletionDrift::Publish(Points& points) const {
  if (!drift_) return;
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    points.Add(kCompletionDrift, {kFinishedStatuses[outcome]},
               static_cast<double>((*drift_)[outcome]));
  }
}

}  // namespace tocsin::collectors::dagster
