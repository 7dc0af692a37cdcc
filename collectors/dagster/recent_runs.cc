#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/dagster/outcome.h"
#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kLastHour = {
    "dagster_runs_finished_last_hour",
    MetricType::kGauge,
    "Runs that finished in the last hour and are still in the database, by outcome.",
    {"status"}};
constexpr MetricDesc kLastFinished = {"dagster_last_run_finished_timestamp_seconds",
                                      MetricType::kGauge,
                                      "Unix time at which a run last ended this way.",
                                      {"status"}};
constexpr MetricDesc kLastSixHours = {
    "dagster_recent_runs",
    MetricType::kGauge,
    "Runs that finished in the last 6 hours and are still in the database, by outcome.",
    {"status"}};
constexpr MetricDesc kRetried = {
    "dagster_recent_retried_runs", MetricType::kGauge,
    "Runs that finished in the last 6 hours and were a retry of another run."};

constexpr std::array kMetrics = {kLastHour, kLastFinished, kLastSixHours, kRetried};

// Served by idx_run_range: costs what was updated in the period. The second comparison leaves out
// old runs that were only tagged.
constexpr Statement kFinishedSince = {
    Store::kRuns,
    "SELECT status, count(*) FROM runs WHERE status IN ('SUCCESS','FAILURE','CANCELED') "
    "AND update_timestamp > $1 AND (end_time IS NULL OR end_time > $2) GROUP BY status"};
// A subquery for each run, not a join: it must not read the tags of all retries there ever were.
constexpr Statement kRetriedSince = {
    Store::kRuns,
    "SELECT count(*) FROM (SELECT (SELECT t.id FROM run_tags t WHERE t.run_id = r.run_id "
    "AND t.key = 'dagster/retry_number' LIMIT 1) AS tag FROM runs r "
    "WHERE r.status IN ('SUCCESS','FAILURE','CANCELED') AND r.update_timestamp > $1 "
    "AND (r.end_time IS NULL OR r.end_time > $2)) AS finished WHERE tag IS NOT NULL"};
// The newest few by update, because the very newest may be an old run that was tagged.
constexpr Statement kNewest = {
    Store::kRuns,
    "SELECT * FROM (SELECT status, update_timestamp, end_time FROM runs "
    "WHERE status = 'SUCCESS' ORDER BY update_timestamp DESC LIMIT 20) AS success UNION ALL "
    "SELECT * FROM (SELECT status, update_timestamp, end_time FROM runs "
    "WHERE status = 'FAILURE' ORDER BY update_timestamp DESC LIMIT 20) AS failure UNION ALL "
    "SELECT * FROM (SELECT status, update_timestamp, end_time FROM runs "
    "WHERE status = 'CANCELED' ORDER BY update_timestamp DESC LIMIT 20) AS canceled"};

constexpr std::chrono::hours kHour{1};
constexpr std::chrono::hours kSixHours{6};
constexpr std::chrono::minutes kSixHoursEvery{1};

using Counts = std::map<std::string, double>;

class RecentRuns final : public Part {
 public:
  Status Read(Session& session) override;
  void Publish(Points& points) const override;

 private:
  static Result<Counts> CountSince(Session& session, Moment since);
  Status ReadNewest(Session& session);

  Counts last_hour_;
  Counts last_six_hours_;
  double retried_ = 0;
  std::map<std::string, Moment> newest_;
  std::optional<Moment> six_hours_read_at_;
};

Result<Counts> RecentRuns::CountSince(Session& session, Moment since) {
  const Result<SqlRows> rows =
      session.Query(kFinishedSince, {session.Naive(since), UnixSeconds(since)});
  if (!rows) return rows.error();
  Counts counts;
  for (const std::string_view status : kFinishedStatuses) counts[std::string(status)] = 0;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    counts[std::string(rows->Text(row, 0))] = rows->Number(row, 1).value_or(0);
  }
  return counts;
}

Status RecentRuns::ReadNewest(Session& session) {
  const Result<SqlRows> rows = session.Query(kNewest);
  if (!rows) return rows.error();
  newest_.clear();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    std::optional<Moment> ended = EpochAt(*rows, row, 2);
    if (!ended) ended = session.NaiveAt(*rows, row, 1);
    if (!ended) continue;
    Moment& newest = newest_.try_emplace(std::string(rows->Text(row, 0)), *ended).first->second;
    newest = std::max(newest, *ended);
  }
  return {};
}

Status RecentRuns::Read(Session& session) {
  const Result<Counts> last_hour = CountSince(session, session.clock().Now() - kHour);
  if (!last_hour) return last_hour.error();
  last_hour_ = *last_hour;
  if (Status newest = ReadNewest(session); !newest) return newest;

  if (six_hours_read_at_ && session.clock().Now() - *six_hours_read_at_ < kSixHoursEvery) return {};
  const Moment since = session.clock().Now() - kSixHours;
  const Result<Counts> last_six_hours = CountSince(session, since);
  if (!last_six_hours) return last_six_hours.error();
  const Result<SqlRows> retried =
      session.Query(kRetriedSince, {session.Naive(since), UnixSeconds(since)});
  if (!retried) return retried.error();
  last_six_hours_ = *last_six_hours;
  retried_ = retried->empty() ? 0 : retried->Number(0, 0).value_or(0);
  six_hours_read_at_ = session.clock().Now();
  return {};
}

void RecentRuns::Publish(Points& points) const {
  for (const auto& [status, count] : last_hour_) points.Add(kLastHour, {status}, count);
  for (const auto& [status, moment] : newest_) {
    points.Add(kLastFinished, {status}, UnixSeconds(moment));
  }
  for (const auto& [status, count] : last_six_hours_) points.Add(kLastSixHours, {status}, count);
  points.Add(kRetried, {}, retried_);
}

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<RecentRuns>();
}

}  // namespace

PartKind RecentRunsPart() {
  return {"recent_runs", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster
