#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "collectors/dagster/outcome.h"
#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kInFlight = {"dagster_runs_in_flight",
                                  MetricType::kGauge,
                                  "Runs that are not finished, by state. States that tocsin does "
                                  "not know are in lower case, and are "
                                  "counted up to 10000.",
                                  {"status"}};
constexpr MetricDesc kOldestAge = {
    "dagster_oldest_run_age_seconds",
    MetricType::kGauge,
    "How long the oldest run in this state has been in it, 0 if there is none.",
    {"status"}};
constexpr MetricDesc kOldestQueuedAge = {
    "dagster_oldest_queued_run_age_seconds", MetricType::kGauge,
    "How long the oldest queued run has been waiting, 0 if there is none."};
constexpr MetricDesc kActive = {"dagster_active_runs",
                                MetricType::kGauge,
                                "Runs that are not finished, by job, code location and state.",
                                {"job_name", "location", "status"}};
constexpr MetricDesc kActiveDuration = {"dagster_active_run_duration_seconds",
                                        MetricType::kGauge,
                                        "Longest time since a run of the job in this state was "
                                        "last updated, 0 if there is none. Tagging a "
                                        "run is an update.",
                                        {"job_name", "location", "status"}};
constexpr MetricDesc kKeyBacklog = {
    "dagster_run_queue_concurrency_key_backlog",
    MetricType::kGauge,
    "Queued runs that carry this value of the tag dagster/concurrency_key.",
    {"concurrency_key"}};

constexpr std::array kMetrics = {kInFlight, kOldestAge,      kOldestQueuedAge,
                                 kActive,   kActiveDuration, kKeyBacklog};

/// Dagster's states before the end. Source: dagster/_core/storage/dagster_run.py.
constexpr std::array<std::string_view, 6> kUnfinished = {"QUEUED",   "NOT_STARTED", "MANAGED",
                                                         "STARTING", "STARTED",     "CANCELING"};

// Served by idx_run_status: costs what is unfinished, whatever the history.
constexpr Statement kTotals = {
    Store::kRuns,
    "SELECT status, count(*), min(create_timestamp), min(update_timestamp), min(start_time), "
    "{now} FROM runs WHERE status IN "
    "('QUEUED','NOT_STARTED','MANAGED','STARTING','STARTED','CANCELING') "
    "GROUP BY status"};
// The tag is looked up run by run: a join would let the planner read all tags of that key there
// ever were.
constexpr Statement kPerJob = {
    Store::kRuns,
    "SELECT job, repository, status, count(*), min(updated), {now} FROM ("
    "SELECT r.pipeline_name AS job, r.status AS status, r.update_timestamp AS updated, "
    "coalesce((SELECT t.value FROM run_tags t WHERE t.run_id = r.run_id "
    "AND t.key = '.dagster/repository' LIMIT 1), '') AS repository FROM runs r "
    "WHERE r.status IN ('QUEUED','NOT_STARTED','MANAGED','STARTING','STARTED','CANCELING')) AS "
    "active "
    "GROUP BY job, repository, status"};
constexpr Statement kPerKey = {
    Store::kRuns,
    "SELECT concurrency_key, count(*) FROM ("
    "SELECT (SELECT t.value FROM run_tags t WHERE t.run_id = r.run_id "
    "AND t.key = 'dagster/concurrency_key' LIMIT 1) AS concurrency_key "
    "FROM runs r WHERE r.status = 'QUEUED') AS queued WHERE concurrency_key IS NOT NULL "
    "GROUP BY concurrency_key ORDER BY concurrency_key LIMIT 1000"};
// A walk from one state to the next along idx_run_status, two probes for each.
constexpr Statement kStates = {
    Store::kRuns,
    "WITH RECURSIVE s(status) AS (SELECT min(status) FROM runs UNION ALL "
    "SELECT (SELECT min(r.status) FROM runs r WHERE r.status > s.status) FROM s "
    "WHERE s.status IS NOT NULL) SELECT status FROM s WHERE status IS NOT NULL LIMIT 100"};
constexpr Statement kCountOfState = {
    Store::kRuns, "SELECT count(*) FROM (SELECT 1 FROM runs WHERE status = $1 LIMIT 10000) AS few"};

constexpr std::size_t kMostKeys = 100;
constexpr std::size_t kMostUnknownStates = 10;
constexpr std::chrono::minutes kUnknownEvery{1};

bool IsKnown(std::string_view status) {
  return std::find(kUnfinished.begin(), kUnfinished.end(), status) != kUnfinished.end() ||
         std::find(kFinishedStatuses.begin(), kFinishedStatuses.end(), status) !=
             kFinishedStatuses.end();
}

struct StateTotals {
  double count = 0;
  double oldest_age = 0;  ///< For how many seconds the oldest run has been in this state.
};

/// Which column tells since when a run has been in `status`: the fields of kTotals' rows.
std::optional<Moment> SinceWhen(const Session& session, const SqlRows& rows, std::size_t row) {
  const std::string_view status = rows.Text(row, 0);
  const std::optional<Moment> created = session.NaiveAt(rows, row, 2);
  const std::optional<Moment> updated = session.NaiveAt(rows, row, 3);
  if (status == "QUEUED" || status == "NOT_STARTED" || status == "MANAGED") return created;
  if (status == "STARTED") {
    const std::optional<Moment> started = EpochAt(rows, row, 4);
    return started ? started : updated;
  }
  return updated;
}

using JobState = std::tuple<std::string, std::string, std::string>;  // Job, location, status.

class ActiveRuns final : public Part {
 public:
  explicit ActiveRuns(const Settings& settings) : settings_(settings) {}

  Status Read(Session& session) override;
  void Publish(Points& points) const override;

 private:
  struct Group {
    double count = 0;
    double longest = 0;  ///< Most seconds since the update of one of them.
  };

  Status ReadUnknownStates(Session& session);
  Status ReadPerJob(Session& session);
  Status ReadPerKey(Session& session);
  JobState KeyOf(std::string_view job, std::string_view repository, std::string_view status);

  const Settings settings_;
  std::map<std::string, StateTotals> totals_;
  std::map<std::string, double> unknown_;  // Runs by state, for those that tocsin does not know.
  std::optional<Moment> unknown_read_at_;
  /// Groups stay once seen, at 0, so that their series do not come and go.
  std::map<JobState, Group> groups_;
  std::set<std::pair<std::string, std::string>>
      jobs_;  // Job, location: those with series of their own.
  std::map<std::string, double> keys_;
  bool too_many_ = false;
};

Status ActiveRuns::Read(Session& session) {
  const Result<SqlRows> rows = session.Query(kTotals);
  if (!rows) return rows.error();
  std::map<std::string, StateTotals> totals;
  for (const std::string_view status : kUnfinished) totals[std::string(status)];
  double all = 0;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const double count = rows->Number(row, 1).value_or(0);
    totals[std::string(rows->Text(row, 0))] = {
        count, AgeAt(*rows, row, 5, SinceWhen(session, *rows, row))};
    all += count;
  }
  if (!unknown_read_at_ || session.clock().Now() - *unknown_read_at_ >= kUnknownEvery) {
    if (Status unknown = ReadUnknownStates(session); !unknown) return unknown;
  }
  for (const auto& [status, count] : unknown_) totals[status].count = count;
  totals_ = std::move(totals);

  too_many_ = all > static_cast<double>(settings_.max_active_runs);
  if (too_many_) return {};
  if (Status per_job = ReadPerJob(session); !per_job) return per_job;
  return ReadPerKey(session);
}

Status ActiveRuns::ReadUnknownStates(Session& session) {
  const Result<SqlRows> states = session.Query(kStates);
  if (!states) return states.error();
  std::map<std::string, double> unknown;
  for (std::size_t row = 0; row < states->size() && unknown.size() < kMostUnknownStates; ++row) {
    const std::string status(states->Text(row, 0));
    if (IsKnown(status)) continue;
    const Result<SqlRows> count = session.Query(kCountOfState, {status});
    if (!count) return count.error();
    unknown[LowerCase(status)] = count->empty() ? 0 : count->Number(0, 0).value_or(0);
  }
  unknown_ = std::move(unknown);
  unknown_read_at_ = session.clock().Now();
  return {};
}

JobState ActiveRuns::KeyOf(std::string_view job, std::string_view repository,
                           std::string_view status) {
  std::pair<std::string, std::string> pair(job, LocationOf(repository));
  if (!jobs_.contains(pair)) {
    if (jobs_.size() >= settings_.max_jobs) {
      pair = {std::string(kOtherJobs), std::string(kOtherJobs)};
    } else {
      jobs_.insert(pair);
    }
  }
  return {std::move(pair.first), std::move(pair.second), LowerCase(status)};
}

Status ActiveRuns::ReadPerJob(Session& session) {
  const Result<SqlRows> rows = session.Query(kPerJob);
  if (!rows) return rows.error();
  for (auto& [key, group] : groups_) group = {};
  for (std::size_t row = 0; row < rows->size(); ++row) {
    Group& group = groups_[KeyOf(rows->Text(row, 0), rows->Text(row, 1), rows->Text(row, 2))];
    group.count += rows->Number(row, 3).value_or(0);
    group.longest = std::max(group.longest, AgeAt(*rows, row, 5, session.NaiveAt(*rows, row, 4)));
  }
  return {};
}

Status ActiveRuns::ReadPerKey(Session& session) {
  const Result<SqlRows> rows = session.Query(kPerKey);
  if (!rows) return rows.error();
  for (auto& [key, count] : keys_) count = 0;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::string key(rows->Text(row, 0));
    if (keys_.size() >= kMostKeys && !keys_.contains(key)) continue;
    keys_[key] = rows->Number(row, 1).value_or(0);
  }
  return {};
}

void ActiveRuns::Publish(Points& points) const {
  for (const auto& [status, totals] : totals_) {
    points.Add(kInFlight, {status}, totals.count);
  }
  for (const std::string_view status : kUnfinished) {
    const auto found = totals_.find(std::string(status));
    const double age = found == totals_.end() ? 0 : found->second.oldest_age;
    points.Add(kOldestAge, {status}, age);
    if (status == "QUEUED") points.Add(kOldestQueuedAge, {}, age);
  }
  if (too_many_) return;
  for (const auto& [key, group] : groups_) {
    const auto& [job, location, status] = key;
    points.Add(kActive, {job, location, status}, group.count);
    points.Add(kActiveDuration, {job, location, status}, group.longest);
  }
  for (const auto& [key, count] : keys_) points.Add(kKeyBacklog, {key}, count);
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<ActiveRuns>(settings);
}

}  // namespace

PartKind ActiveRunsPart() {
  return {"active_runs", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster
