#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "base/text.h"
#include "collectors/dagster/completion_drift.h"
#include "collectors/dagster/histogram.h"
#include "collectors/dagster/parts.h"
#include "collectors/dagster/state.h"
#include "collectors/dagster/watermark.h"

namespace tocsin::collectors::dagster {
namespace {

/// From a second to a day, with bounds at the limits that people alert on (5 min, 1 h).
constexpr std::array<double, 17> kDurationBounds = {
    1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 5400, 7200, 14400, 28800, 86400};

constexpr MetricDesc kFailed = {"dagster_runs_failed_total",
                                MetricType::kCounter,
                                "Runs that failed since tocsin first saw this Dagster.",
                                {"job_name", "location"}};
constexpr MetricDesc kDuration = {
    "dagster_runs_duration_seconds",
    MetricType::kHistogram,
    "Time from start to end of runs that finished; runs that never started are not in it.",
    {"status"},
    kDurationBounds};
constexpr MetricDesc kCompleted = {
    "dagster_completed_runs_total",
    MetricType::kCounter,
    "Runs that finished since tocsin first saw this Dagster, by outcome.",
    {"job_name", "location", "status"}};
constexpr MetricDesc kQueueWait = {"dagster_run_queue_wait_seconds",
                                   MetricType::kHistogram,
                                   "Time from creation to start of runs that finished.",
                                   {},
                                   kDurationBounds};
constexpr MetricDesc kRetried = {"dagster_runs_retried_total",
                                 MetricType::kCounter,
                                 "Runs that finished and were themselves a retry of another run.",
                                 {"job_name"}};
constexpr MetricDesc kWillRetry = {"dagster_runs_will_retry_total",
                                   MetricType::kCounter,
                                   "Runs that failed and that Dagster will start again.",
                                   {"job_name"}};
constexpr MetricDesc kLastDuration = {"dagster_last_run_duration_seconds",
                                      MetricType::kGauge,
                                      "Time from creation to end of the job's last finished run. "
                                      "The wait in the queue is part of it.",
                                      {"job_name", "location", "status"}};
constexpr MetricDesc kLastInfo = {"dagster_last_run_info",
                                  MetricType::kGauge,
                                  "1, with the outcome of the job's last finished run.",
                                  {"job_name", "location", "status"}};
constexpr MetricDesc kWatermark = {
    "dagster_completion_watermark_timestamp_seconds",
    MetricType::kGauge,
    "Unix time of the last update up to which finished runs have been counted.",
    {"status"}};
constexpr MetricDesc kCaughtUp = {
    "dagster_completion_scan_caught_up", MetricType::kGauge,
    "0 while a backlog of finished runs is being read, a few pages in each collection."};
constexpr MetricDesc kRunCount = {"dagster_run_count_total",
                                  MetricType::kCounter,
                                  "Runs that finished, by outcome.",
                                  {"status"},
                                  {},
                                  Exported::kForCompatibility};
constexpr MetricDesc kRunSuccess = {
    "dagster_run_success_total", MetricType::kCounter, "Runs that succeeded.", {}, {},
    Exported::kForCompatibility};
constexpr MetricDesc kRunFailure = {
    "dagster_run_failure_total", MetricType::kCounter, "Runs that failed.", {}, {},
    Exported::kForCompatibility};
constexpr MetricDesc kRunDuration = {
    "dagster_run_duration_seconds",
    MetricType::kHistogram,
    "Time from start to end of runs that finished, whatever the outcome.",
    {},
    kDurationBounds,
    Exported::kForCompatibility};

constexpr std::array kMetrics = {kFailed,     kDuration,    kCompleted,      kQueueWait,
                                 kRetried,    kWillRetry,   kLastDuration,   kLastInfo,
                                 kWatermark,  kCaughtUp,    kRunCount,       kRunSuccess,
                                 kRunFailure, kRunDuration, kCompletionDrift};

enum Outcome : std::size_t { kSuccess, kFailure, kCanceled };
constexpr std::array<std::string_view, 3> kStatusNames = {"SUCCESS", "FAILURE", "CANCELED"};
constexpr std::array<std::string_view, 3> kPeerStatusNames = {"success", "failure", "canceled"};

// One status at a time, so that idx_run_range gives the order: with IN (...), the planner would
// sort all that match. The first comparison is what the index can use; the second breaks ties.
constexpr Statement kPage = {
    Store::kRuns,
    "SELECT id, run_id, pipeline_name, update_timestamp, create_timestamp, start_time, end_time "
    "FROM runs WHERE status = $1 AND update_timestamp >= $2 AND (update_timestamp, id) > ($2, $3) "
    "ORDER BY update_timestamp, id LIMIT 2000"};
constexpr Statement kNewest = {Store::kRuns,
                               "SELECT max(update_timestamp) FROM runs WHERE status = $1"};
// A subquery for each run: with run_id = ANY(...) and a full page of them, the planner would rather
// scan all tags. Its limit keeps it from being made a join; a run has each tag once.
constexpr Statement kTags = {
    Store::kRuns,
    "SELECT t.run_id, t.key, t.value FROM unnest($1::text[]) AS page(id) CROSS JOIN LATERAL "
    "(SELECT run_id, key, value FROM run_tags WHERE run_tags.run_id = page.id AND key IN "
    "('.dagster/repository','dagster/retry_number','dagster/will_retry') LIMIT 10) AS t",
    "SELECT run_id, key, value FROM run_tags WHERE run_id IN (SELECT value FROM json_each($1)) "
    "AND key IN ('.dagster/repository','dagster/retry_number','dagster/will_retry')"};
// A walk from one job to the next along idx_runs_by_job, with the location of the job's newest run.
constexpr Statement kRoster = {
    Store::kRuns,
    "WITH RECURSIVE j(name) AS (SELECT min(pipeline_name) FROM runs UNION ALL "
    "SELECT (SELECT min(r.pipeline_name) FROM runs r WHERE r.pipeline_name > j.name) FROM j "
    "WHERE j.name IS NOT NULL) "
    "SELECT name, (SELECT t.value FROM run_tags t WHERE t.key = '.dagster/repository' AND t.run_id "
    "= "
    "(SELECT r.run_id FROM runs r WHERE r.pipeline_name = j.name ORDER BY r.id DESC LIMIT 1) LIMIT "
    "1) "
    "FROM j WHERE name IS NOT NULL LIMIT $1"};

constexpr std::size_t kPageRows = 2000;
/// Bounds what one collection reads of a backlog, for each status.
constexpr int kMostPages = 5;
constexpr std::chrono::minutes kRosterEvery{5};
/// Dagster says that a failed run will be retried in a tag, just after it has noted the failure.
constexpr std::chrono::seconds kTagsSettleIn{2};

struct FinishedRun {
  std::int64_t id = 0;
  std::string run_id;
  std::string job;
  Moment updated{};
  std::optional<Moment> created;
  std::optional<Moment> started;
  std::optional<Moment> ended;
};

/// What a run's tags say about it.
struct RunTags {
  std::string repository;
  bool is_retry = false;
  bool will_retry = false;
};

struct LastRun {
  Moment ended{};
  std::size_t outcome = kSuccess;
  std::optional<double> duration;  ///< In seconds, from creation.
};

struct JobTotals {
  std::array<std::uint64_t, kStatusNames.size()> completed{};
  std::uint64_t retried = 0;
  std::uint64_t will_retry = 0;
  std::optional<LastRun> last;
};

using Job = std::pair<std::string, std::string>;  // Name, code location.

/// The runs of a page; rows whose update is not a moment are left out.
std::vector<FinishedRun> ParsePage(const Session& session, const SqlRows& rows) {
  std::vector<FinishedRun> runs;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::optional<Moment> updated = session.NaiveAt(rows, row, 3);
    if (!updated) continue;
    runs.push_back({.id = rows.Integer(row, 0).value_or(0),
                    .run_id = std::string(rows.Text(row, 1)),
                    .job = std::string(rows.Text(row, 2)),
                    .updated = *updated,
                    .created = session.NaiveAt(rows, row, 4),
                    .started = EpochAt(rows, row, 5),
                    .ended = EpochAt(rows, row, 6)});
  }
  return runs;
}

std::map<std::string, RunTags> ParseTags(const SqlRows& rows) {
  std::map<std::string, RunTags> tags;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RunTags& of_run = tags[std::string(rows.Text(row, 0))];
    const std::string_view key = rows.Text(row, 1);
    const std::string_view value = rows.Text(row, 2);
    if (key == ".dagster/repository") of_run.repository = value;
    if (key == "dagster/retry_number") of_run.is_retry = true;
    if (key == "dagster/will_retry") of_run.will_retry = LowerCase(value) == "true";
  }
  return tags;
}

/// Whether a failed run's tags may still be on their way. A row that is stamped much later than now
/// is not, its writer's clock is wrong.
bool IsUnsettled(const FinishedRun& run, Moment now) {
  return run.updated > now - kTagsSettleIn && run.updated < now + kTagsSettleIn;
}

class CompletedRuns final : public Part {
 public:
  explicit CompletedRuns(const Settings& settings)
      : settings_(settings),
        watermarks_(kStatusNames.size(), RunWatermark(settings.watermark_overlap)),
        durations_(kStatusNames.size(), Histogram(kDurationBounds)),
        drift_(settings.watermark_overlap) {}

  Status Read(Session& session) override;
  void Publish(Points& points) const override;
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::object& state) override;

 private:
  /// Off in the first collection, which only remembers the rows that are there already and may be
  /// stamped in the future.
  enum class Counting { kOn, kOff };

  Status ReadRoster(Session& session);
  Status Begin(Session& session, std::size_t outcome);
  Status ReadOutcome(Session& session, std::size_t outcome);
  Result<std::size_t> ReadPage(Session& session, std::size_t outcome, Counting counting);
  Result<std::map<std::string, RunTags>> ReadTags(Session& session,
                                                  const std::vector<FinishedRun>& runs);
  JobTotals& TotalsOf(const std::string& job, std::string_view repository);
  void Count(const FinishedRun& run, const RunTags& tags, std::size_t outcome);
  bool caught_up() const {
    return std::all_of(watermarks_.begin(), watermarks_.end(),
                       [](const RunWatermark& watermark) { return watermark.caught_up(); });
  }
  void PublishJobs(Points& points) const;
  void PublishAliases(Points& points) const;

  const Settings settings_;
  std::vector<RunWatermark> watermarks_;  // By Outcome.
  std::vector<Histogram> durations_;      // By Outcome.
  Histogram queue_wait_{kDurationBounds};
  CompletionDrift drift_;
  std::map<Job, JobTotals> jobs_;
  std::optional<Moment> roster_read_at_;
};

Status CompletedRuns::Read(Session& session) {
  if (!roster_read_at_ || session.Now() - *roster_read_at_ >= kRosterEvery) {
    if (Status roster = ReadRoster(session); !roster) return roster;
  }
  for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
    if (Status read = ReadOutcome(session, outcome); !read) return read;
  }
  return caught_up() ? drift_.Read(session) : Status();
}

/// Gives every job its series at 0, so that increase() sees the first failure.
Status CompletedRuns::ReadRoster(Session& session) {
  const Result<SqlRows> rows =
      session.Query(kRoster, {static_cast<std::int64_t>(settings_.max_jobs)});
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    TotalsOf(std::string(rows->Text(row, 0)), rows->Text(row, 1));
  }
  roster_read_at_ = session.Now();
  return {};
}

Status CompletedRuns::Begin(Session& session, std::size_t outcome) {
  const Result<SqlRows> newest = session.Query(kNewest, {std::string(kStatusNames[outcome])});
  if (!newest) return newest.error();
  const std::optional<Moment> at = newest->empty() ? std::nullopt : session.NaiveAt(*newest, 0, 0);
  watermarks_[outcome].Begin(at, session.Now());
  const Result<std::size_t> rows = ReadPage(session, outcome, Counting::kOff);
  if (rows) return {};
  watermarks_[outcome] = RunWatermark(settings_.watermark_overlap);
  return rows.error();
}

Status CompletedRuns::ReadOutcome(Session& session, std::size_t outcome) {
  if (!watermarks_[outcome].has_begun()) return Begin(session, outcome);
  for (int page = 0; page < kMostPages; ++page) {
    const Result<std::size_t> rows = ReadPage(session, outcome, Counting::kOn);
    if (!rows) return rows.error();
    if (*rows < kPageRows) break;
  }
  return {};
}

/// Reads one page and counts what is new in it, or only remembers it. The number of rows.
Result<std::size_t> CompletedRuns::ReadPage(Session& session, std::size_t outcome,
                                            Counting counting) {
  RunWatermark& watermark = watermarks_[outcome];
  const RunWatermark::Position from = watermark.next();
  const Result<SqlRows> rows = session.Query(
      kPage, {std::string(kStatusNames[outcome]), session.Naive(from.updated), from.id});
  if (!rows) return rows.error();
  const std::vector<FinishedRun> runs = ParsePage(session, *rows);
  std::vector<FinishedRun> fresh;
  const Moment now = session.Now();
  const bool must_settle = counting == Counting::kOn && outcome == kFailure;
  drift_.Begin(outcome, from.updated);
  for (const FinishedRun& run : runs) {
    drift_.Note(run.id, outcome, run.updated, now);
    if (must_settle && IsUnsettled(run, now)) continue;
    if (watermark.IsNew(run.run_id, run.updated, run.ended)) fresh.push_back(run);
  }
  if (counting == Counting::kOn && !fresh.empty()) {
    const auto tags = ReadTags(session, fresh);
    if (!tags) return tags.error();
    for (const FinishedRun& run : fresh) {
      const auto found = tags->find(run.run_id);
      Count(run, found == tags->end() ? RunTags() : found->second, outcome);
    }
  }
  for (const FinishedRun& run : fresh) watermark.MarkCounted(run.run_id, run.updated);

  std::optional<RunWatermark::Position> last;
  if (!runs.empty()) last = {runs.back().updated, runs.back().id};
  // The next scan must begin before all that was left for it, however short the overlap is.
  watermark.EndPage(last, rows->size() == kPageRows, must_settle ? now - kTagsSettleIn : now);
  return rows->size();
}

Result<std::map<std::string, RunTags>> CompletedRuns::ReadTags(
    Session& session, const std::vector<FinishedRun>& runs) {
  std::vector<std::string> ids;
  ids.reserve(runs.size());
  for (const FinishedRun& run : runs) ids.push_back(run.run_id);
  const Result<SqlRows> rows = session.Query(kTags, {ListParameter(session.dialect(), ids)});
  if (!rows) return rows.error();
  return ParseTags(*rows);
}

JobTotals& CompletedRuns::TotalsOf(const std::string& job, std::string_view repository) {
  const Job key(job, LocationOf(repository));
  const bool fits = jobs_.contains(key) || jobs_.size() < settings_.max_jobs;
  return jobs_[fits ? key : Job(kOtherJobs, kOtherJobs)];
}

void CompletedRuns::Count(const FinishedRun& run, const RunTags& tags, std::size_t outcome) {
  JobTotals& totals = TotalsOf(run.job, tags.repository);
  ++totals.completed[outcome];
  if (tags.is_retry) ++totals.retried;
  if (tags.will_retry && outcome == kFailure) ++totals.will_retry;

  if (run.started && run.ended && *run.ended >= *run.started) {
    durations_[outcome].Observe(Seconds(*run.ended - *run.started));
  }
  if (run.created && run.started && *run.started >= *run.created) {
    queue_wait_.Observe(Seconds(*run.started - *run.created));
  }
  const Moment ended = run.ended.value_or(run.updated);
  if (totals.last && ended < totals.last->ended) return;
  totals.last = {ended, outcome, std::nullopt};
  if (run.created) totals.last->duration = std::max(0.0, Seconds(ended - *run.created));
}

void CompletedRuns::Publish(Points& points) const {
  PublishJobs(points);
  for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
    points.AddHistogram(kDuration, {kStatusNames[outcome]}, durations_[outcome].point());
    points.Add(kWatermark, {kStatusNames[outcome]}, UnixSeconds(watermarks_[outcome].at()));
  }
  points.AddHistogram(kQueueWait, {}, queue_wait_.point());
  points.Add(kCaughtUp, {}, caught_up() ? 1 : 0);
  drift_.Publish(points);
  PublishAliases(points);
}

void CompletedRuns::PublishJobs(Points& points) const {
  struct Retries {
    std::uint64_t retried = 0;
    std::uint64_t will_retry = 0;
  };
  std::map<std::string_view, Retries> by_name;
  for (const auto& [job, totals] : jobs_) {
    const auto& [name, location] = job;
    points.Add(kFailed, {name, location}, static_cast<double>(totals.completed[kFailure]));
    for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
      points.Add(kCompleted, {name, location, kPeerStatusNames[outcome]},
                 static_cast<double>(totals.completed[outcome]));
    }
    by_name[name].retried += totals.retried;
    by_name[name].will_retry += totals.will_retry;
    if (!totals.last) continue;
    const std::string_view status = kPeerStatusNames[totals.last->outcome];
    points.Add(kLastInfo, {name, location, status}, 1);
    if (totals.last->duration) {
      points.Add(kLastDuration, {name, location, status}, *totals.last->duration);
    }
  }
  for (const auto& [name, retries] : by_name) {
    points.Add(kRetried, {name}, static_cast<double>(retries.retried));
    points.Add(kWillRetry, {name}, static_cast<double>(retries.will_retry));
  }
}

void CompletedRuns::PublishAliases(Points& points) const {
  std::array<std::uint64_t, kStatusNames.size()> sums{};
  for (const auto& [job, totals] : jobs_) {
    for (std::size_t outcome = 0; outcome < sums.size(); ++outcome) {
      sums[outcome] += totals.completed[outcome];
    }
  }
  Histogram all(kDurationBounds);
  for (std::size_t outcome = 0; outcome < sums.size(); ++outcome) {
    points.Add(kRunCount, {kStatusNames[outcome]}, static_cast<double>(sums[outcome]));
    all.Merge(durations_[outcome]);
  }
  points.Add(kRunSuccess, {}, static_cast<double>(sums[kSuccess]));
  points.Add(kRunFailure, {}, static_cast<double>(sums[kFailure]));
  points.AddHistogram(kRunDuration, {}, all.point());
}

boost::json::object SaveJob(const Job& job, const JobTotals& totals) {
  boost::json::object saved = {{"job", job.first},
                               {"location", job.second},
                               {"retried", totals.retried},
                               {"will_retry", totals.will_retry}};
  for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
    saved[kStatusNames[outcome]] = totals.completed[outcome];
  }
  if (totals.last) {
    boost::json::object last = {{"ended", totals.last->ended.time_since_epoch().count()},
                                {"status", kStatusNames[totals.last->outcome]}};
    if (totals.last->duration) last["duration"] = *totals.last->duration;
    saved["last"] = std::move(last);
  }
  return saved;
}

std::optional<LastRun> RestoreLast(const boost::json::value* saved) {
  if (saved == nullptr) return std::nullopt;
  const std::optional<std::int64_t> ended = IntegerIn(*saved, "ended");
  const std::string status = TextIn(*saved, "status");
  const auto name = std::find(kStatusNames.begin(), kStatusNames.end(), status);
  if (!ended || name == kStatusNames.end()) return std::nullopt;
  LastRun last{Moment(Microseconds(*ended)), static_cast<std::size_t>(name - kStatusNames.begin()),
               std::nullopt};
  const boost::json::value* const duration = saved->get_object().if_contains("duration");
  if (duration != nullptr && duration->is_number()) last.duration = duration->to_number<double>();
  return last;
}

void CompletedRuns::Save(boost::json::object& state) const {
  boost::json::object statuses;
  for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
    statuses[kStatusNames[outcome]] = {{"watermark", watermarks_[outcome].Save()},
                                       {"duration", durations_[outcome].Save()}};
  }
  boost::json::array jobs;
  for (const auto& [job, totals] : jobs_) jobs.push_back(SaveJob(job, totals));
  state["statuses"] = std::move(statuses);
  state["queue_wait"] = queue_wait_.Save();
  state["jobs"] = std::move(jobs);
}

void CompletedRuns::Restore(const boost::json::object& state) {
  if (const auto* const statuses = state.if_contains("statuses");
      statuses != nullptr && statuses->is_object()) {
    for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
      const auto* const of_status = statuses->get_object().if_contains(kStatusNames[outcome]);
      if (of_status == nullptr || !of_status->is_object()) continue;
      const boost::json::object& saved = of_status->get_object();
      if (const auto* const mark = saved.if_contains("watermark"))
        watermarks_[outcome].Restore(*mark);
      if (const auto* const duration = saved.if_contains("duration")) {
        durations_[outcome].Restore(*duration);
      }
    }
  }
  if (const auto* const wait = state.if_contains("queue_wait")) queue_wait_.Restore(*wait);
  for (const boost::json::value& saved : ArrayIn(state, "jobs")) {
    if (!saved.is_object()) continue;
    JobTotals& totals = jobs_[{TextIn(saved, "job"), TextIn(saved, "location")}];
    for (std::size_t outcome = 0; outcome < kStatusNames.size(); ++outcome) {
      totals.completed[outcome] = CountIn(saved, kStatusNames[outcome]);
    }
    totals.retried = CountIn(saved, "retried");
    totals.will_retry = CountIn(saved, "will_retry");
    totals.last = RestoreLast(saved.get_object().if_contains("last"));
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<CompletedRuns>(settings);
}

}  // namespace

PartKind CompletedRunsPart() {
  return {"completed_runs", Store::kRuns, kMetrics, Make};
}

}  // namespace tocsin::collectors::dagster
