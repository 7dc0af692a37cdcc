#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/dagster/completion_drift.h"
#include "collectors/dagster/finished_runs.h"
#include "collectors/dagster/job_totals.h"
#include "collectors/dagster/outcome.h"
#include "collectors/dagster/parts.h"
#include "collectors/dagster/watermark.h"
#include "collectors/json_member.h"
#include "collectors/kept_histogram.h"

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

constexpr std::array<std::string_view, kOutcomes> kPeerStatusNames = {"success", "failure",
                                                                      "canceled"};

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

/// Bounds what one collection reads of a backlog, for each status.
constexpr int kMostPages = 5;
constexpr std::chrono::minutes kRosterEvery{5};
/// Dagster says that a failed run will be retried in a tag, just after it has noted the failure.
constexpr std::chrono::seconds kTagsSettleIn{2};

/// Whether a failed run's tags may still be on their way. A row that is stamped much later than now
/// is not, its writer's clock is wrong.
bool IsUnsettled(const FinishedRun& run, Moment now) {
  return run.updated > now - kTagsSettleIn && run.updated < now + kTagsSettleIn;
}

class CompletedRuns final : public Part {
 public:
  explicit CompletedRuns(const Settings& settings)
      : settings_(settings),
        watermarks_(kOutcomes, RunWatermark(settings.watermark_overlap)),
        durations_(kOutcomes, KeptHistogram(kDurationBounds)),
        drift_(settings.watermark_overlap),
        jobs_(settings.max_jobs) {}

  Status Read(Session& session) override;
  void Publish(Points& points) const override;
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  /// Off in the first collection, which only remembers the rows that are there already and may be
  /// stamped in the future.
  enum class Counting { kOn, kOff };

  Status ReadRoster(Session& session);
  Status Begin(Session& session, std::size_t outcome);
  Status ReadOutcome(Session& session, std::size_t outcome);
  Result<bool> ReadPage(Session& session, std::size_t outcome, Counting counting);
  void Count(const FinishedRun& run, const RunTags& tags, std::size_t outcome);
  bool caught_up() const {
    return std::all_of(watermarks_.begin(), watermarks_.end(),
                       [](const RunWatermark& watermark) { return watermark.caught_up(); });
  }
  void PublishJobs(Points& points) const;
  void PublishAliases(Points& points) const;

  const Settings settings_;
  std::vector<RunWatermark> watermarks_;  // By Outcome.
  std::vector<KeptHistogram> durations_;  // By Outcome.
  KeptHistogram queue_wait_{kDurationBounds};
  CompletionDrift drift_;
  JobTable jobs_;
  std::optional<Moment> roster_read_at_;
};

Status CompletedRuns::Read(Session& session) {
  if (!roster_read_at_ || session.clock().Now() - *roster_read_at_ >= kRosterEvery) {
    if (Status roster = ReadRoster(session); !roster) return roster;
  }
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
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
    jobs_.Of({std::string(rows->Text(row, 0)), std::string(LocationOf(rows->Text(row, 1)))});
  }
  roster_read_at_ = session.clock().Now();
  return {};
}

Status CompletedRuns::Begin(Session& session, std::size_t outcome) {
  const Result<std::optional<Moment>> newest = ReadNewestUpdate(session, outcome);
  if (!newest) return newest.error();
  watermarks_[outcome].Begin(*newest, session.clock().Now());
  const Result<bool> is_full = ReadPage(session, outcome, Counting::kOff);
  if (is_full) return {};
  watermarks_[outcome] = RunWatermark(settings_.watermark_overlap);
  return is_full.error();
}

Status CompletedRuns::ReadOutcome(Session& session, std::size_t outcome) {
  if (!watermarks_[outcome].has_begun()) return Begin(session, outcome);
  for (int page = 0; page < kMostPages; ++page) {
    const Result<bool> is_full = ReadPage(session, outcome, Counting::kOn);
    if (!is_full) return is_full.error();
    if (!*is_full) break;
  }
  return {};
}

/// Reads one page and counts what is new in it, or only remembers it. Whether it was full.
Result<bool> CompletedRuns::ReadPage(Session& session, std::size_t outcome, Counting counting) {
  RunWatermark& watermark = watermarks_[outcome];
  const RunWatermark::Position from = watermark.next();
  const Result<FinishedPage> page = ReadFinishedPage(session, outcome, from);
  if (!page) return page.error();
  std::vector<FinishedRun> fresh;
  const Moment now = session.clock().Now();
  const bool must_settle = counting == Counting::kOn && outcome == kFailure;
  drift_.Begin(outcome, from.updated);
  for (const FinishedRun& run : page->runs) {
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
  if (!page->runs.empty()) last = {page->runs.back().updated, page->runs.back().id};
  // The next scan must begin before all that was left for it, however short the overlap is.
  watermark.EndPage(last, page->is_full, must_settle ? now - kTagsSettleIn : now);
  return page->is_full;
}

void CompletedRuns::Count(const FinishedRun& run, const RunTags& tags, std::size_t outcome) {
  JobTotals& totals = jobs_.Of({run.job, std::string(LocationOf(tags.repository))});
  ++totals.completed[outcome];
  if (tags.is_retry) ++totals.retried;
  if (tags.will_retry && outcome == kFailure) ++totals.will_retry;

  if (run.started && run.ended && *run.ended >= *run.started) {
    durations_[outcome].Observe(Seconds(*run.ended - *run.started));
  }
  if (run.created && run.started && *run.started >= *run.created) {
    queue_wait_.Observe(Seconds(*run.started - *run.created));
  }
  LastRun last{run.ended.value_or(run.updated), outcome};
  if (run.created) last.duration = std::max(0.0, Seconds(last.ended - *run.created));
  totals.NoteLast(last);
}

void CompletedRuns::Publish(Points& points) const {
  PublishJobs(points);
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    points.AddHistogram(kDuration, {kFinishedStatuses[outcome]}, durations_[outcome].point());
    points.Add(kWatermark, {kFinishedStatuses[outcome]}, UnixSeconds(watermarks_[outcome].at()));
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
  for (const auto& [job, totals] : jobs_.totals()) {
    const auto& [name, location] = job;
    points.Add(kFailed, {name, location}, static_cast<double>(totals.completed[kFailure]));
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
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
  std::array<std::uint64_t, kOutcomes> sums{};
  for (const auto& [job, totals] : jobs_.totals()) {
    for (std::size_t outcome = 0; outcome < sums.size(); ++outcome) {
      sums[outcome] += totals.completed[outcome];
    }
  }
  KeptHistogram all(kDurationBounds);
  for (std::size_t outcome = 0; outcome < sums.size(); ++outcome) {
    points.Add(kRunCount, {kFinishedStatuses[outcome]}, static_cast<double>(sums[outcome]));
    all.Merge(durations_[outcome]);
  }
  points.Add(kRunSuccess, {}, static_cast<double>(sums[kSuccess]));
  points.Add(kRunFailure, {}, static_cast<double>(sums[kFailure]));
  points.AddHistogram(kRunDuration, {}, all.point());
}

void CompletedRuns::Save(boost::json::object& state) const {
  boost::json::object statuses;
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    statuses[kFinishedStatuses[outcome]] = {{"watermark", watermarks_[outcome].Save()},
                                            {"duration", durations_[outcome].Save()}};
  }
  state["statuses"] = std::move(statuses);
  state["queue_wait"] = queue_wait_.Save();
  state["jobs"] = jobs_.Save();
}

void CompletedRuns::Restore(const boost::json::value& saved) {
  const boost::json::value& statuses = MemberIn(saved, "statuses");
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    const boost::json::value& of_status = MemberIn(statuses, kFinishedStatuses[outcome]);
    watermarks_[outcome].Restore(MemberIn(of_status, "watermark"));
    durations_[outcome].Restore(MemberIn(of_status, "duration"));
  }
  queue_wait_.Restore(MemberIn(saved, "queue_wait"));
  jobs_.Restore(ArrayIn(saved, "jobs"));
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<CompletedRuns>(settings);
}

}  // namespace

PartKind CompletedRunsPart() {
  return {"completed_runs", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster
