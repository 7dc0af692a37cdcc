#include "exporter/demo/installation.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tocsin::demo {

using std::chrono::minutes;
using std::chrono::seconds;

struct Job {
  std::string_view name;
  int typical_seconds;
  int failure_percent;
  std::string_view asset;  ///< What it makes, as a JSON array; empty: nothing.
};

namespace {

constexpr Job kIngest = {"ingest_orders", 8, 4, R"(["sales","orders"])"};
constexpr Job kWarehouse = {"load_warehouse", 25, 8, R"(["warehouse","facts"])"};
constexpr Job kDashboards = {"refresh_dashboards", 12, 3, ""};
constexpr Job kForecast = {"train_forecast", 75, 30, R"(["forecast","model"])"};
constexpr std::array kJobs = {&kIngest, &kWarehouse, &kDashboards, &kForecast};

struct Schedule {
  Instigator instigator;
  Duration period;
  const Job& job;
};

const std::array kSchedules = {
    Schedule{{InstigatorKind::kSchedule, "orders_every_minute", "DECLARED_IN_CODE", "* * * * *"},
             minutes(1),
             kIngest},
    Schedule{{InstigatorKind::kSchedule, "warehouse_every_two_minutes", "RUNNING", "*/2 * * * *"},
             minutes(2),
             kWarehouse},
    Schedule{{InstigatorKind::kSchedule, "forecast_every_five_minutes", "DECLARED_IN_CODE",
              "*/5 * * * *"},
             minutes(5),
             kForecast},
};
constexpr Instigator kStoppedSchedule = {InstigatorKind::kSchedule, "dashboards_at_night",
                                         "STOPPED", "0 2 * * *"};
constexpr std::array kSensors = {
    Instigator{InstigatorKind::kSensor, "new_files", "DECLARED_IN_CODE"},
    Instigator{InstigatorKind::kSensor, "stale_dashboards", "RUNNING"},
};

constexpr std::string_view kSensorDaemon = "SENSOR";
constexpr std::array<std::string_view, 6> kDaemons = {
    kSensorDaemon, "SCHEDULER", "BACKFILL", "QUEUED_RUN_COORDINATOR", "ASSET", "FRESHNESS_DAEMON"};

constexpr Duration kBeat = seconds(30);
constexpr Duration kSensorPeriod = seconds(30);
constexpr Duration kBackfillPeriod = minutes(10);
constexpr Duration kFirstBackfill = minutes(9);  // So that one fills the queue at the start.
constexpr int kPartitions = 12;
constexpr std::size_t kMostRunning = 3;
constexpr std::string_view kPool = "warehouse";
constexpr int kPoolLimit = 2;
constexpr Duration kStarting = seconds(3);
constexpr Duration kCanceling = seconds(6);

const Job& JobNamed(std::string_view name) {
  const auto found =
      std::find_if(kJobs.begin(), kJobs.end(), [&](const Job* job) { return job->name == name; });
  return found == kJobs.end() ? kIngest : **found;
}

/// The first multiple of `period` since the epoch that lies after `moment`, as cron would have it.
TimePoint NextMultiple(TimePoint moment, Duration period) {
  return TimePoint((moment.time_since_epoch() / period + 1) * period);
}

bool IsRunning(const Run& run) {
  return run.status == "STARTING" || run.status == "STARTED";
}

}  // namespace

Installation::Installation(DagsterFiles files, std::uint64_t seed)
    : files_(std::move(files)),
      dice_(seed),
      process_id_(dice_.Uuid()),
      sensor_process_id_(process_id_) {}

Result<Installation> Installation::Open(DagsterFiles files, std::uint64_t seed, TimePoint now) {
  const Result<std::int64_t> known = files.CountRuns();
  if (!known) return known.error();
  const Result<std::optional<TimePoint>> last_beat = files.ReadLastHeartbeat("SCHEDULER");
  if (!last_beat) return last_beat.error();

  TimePoint begin = now - kPast;
  if (*last_beat && **last_beat > begin) begin = std::min(**last_beat, now);
  // Another seed for each part of the play, so that no run id comes twice.
  Installation installation(std::move(files), seed + static_cast<std::uint64_t>(*known));
  if (Status taken = installation.TakeUp(begin); !taken) return taken.error();
  if (Status laid = installation.PlayPast(begin, now); !laid) return laid.error();
  return installation;
}

Status Installation::TakeUp(TimePoint begin) {
  Result<std::vector<Run>> runs = files_.ReadUnfinishedRuns();
  if (!runs) return runs.error();
  for (Run& run : *runs) {
    active_.push_back({std::move(run), begin + seconds(dice_.Between(1, 30))});
  }
  Result<std::vector<std::string>> backfills = files_.ReadOpenBackfills();
  if (!backfills) return backfills.error();
  for (std::string& key : *backfills) open_backfills_.emplace(std::move(key), begin);
  return {};
}

Status Installation::PlayPast(TimePoint begin, TimePoint now) {
  if (Status begun = files_.Begin(); !begun) return begun;
  const Result<std::int64_t> known = files_.CountRuns();
  if (!known) return known.error();
  LayOut(begin, *known == 0);
  const TimePoint death = now - kDeadFor;
  for (TimePoint moment = begin; moment < now; moment += seconds(1)) {
    sensor_daemon_alive_ = moment < death;
    Play(moment);
  }
  Play(now);
  sensor_daemon_alive_ = false;
  files_.Beat(kSensorDaemon, sensor_process_id_, death, "");
  return files_.Commit();
}

/// What is there from the beginning. Stale rows of an earlier time are part of a real installation
/// too.
void Installation::LayOut(TimePoint begin, bool anew) {
  for (std::size_t i = 0; i < kDaemons.size(); ++i) {
    due_[kDaemons[i]] = begin + seconds(i);  // They do not beat in step.
  }
  for (const Schedule& schedule : kSchedules) {
    due_[schedule.instigator.name] = NextMultiple(begin, schedule.period);
    files_.SetInstigator(schedule.instigator, begin);
  }
  for (const Instigator& sensor : kSensors) {
    due_[sensor.name] = begin + seconds(dice_.Between(1, 20));
    files_.SetInstigator(sensor, begin);
  }
  files_.SetInstigator(kStoppedSchedule, begin);
  files_.AddPool(kPool, kPoolLimit, begin);
  next_backfill_ = begin + kFirstBackfill;
  if (!anew) return;

  // Forgotten ones: created by hand and never started, and one of a kind that old versions knew.
  for (const std::string_view status : {"NOT_STARTED", "MANAGED"}) {
    const Run run = {.id = dice_.Uuid(),
                     .job = std::string(kDashboards.name),
                     .status = std::string(status),
                     .partition = {},
                     .backfill = {},
                     .created = begin,
                     .updated = begin,
                     .started = {},
                     .ended = {}};
    files_.AddRun(run, {});
  }
}

void Installation::Play(TimePoint now) {
  BeatHearts(now);
  TickSchedules(now);
  TickSensors(now);
  StepBackfills(now);
  StepRuns(now);
  StartQueuedRuns(now);
  AssignPool(now);
}

Status Installation::Advance(TimePoint now) {
  if (Status begun = files_.Begin(); !begun) return begun;
  Play(now);
  return files_.Commit();
}

void Installation::Revive() {
  if (sensor_daemon_alive_) return;
  sensor_daemon_alive_ = true;
  sensor_process_id_ = dice_.Uuid();
}

void Installation::BeatHearts(TimePoint now) {
  for (const std::string_view daemon : kDaemons) {
    const bool is_sensor = daemon == kSensorDaemon;
    TimePoint& due = due_[daemon];
    if (now < due || (is_sensor && !sensor_daemon_alive_)) continue;
    const bool complains = daemon == "SCHEDULER" && now < scheduler_complains_until_;
    files_.Beat(daemon, is_sensor ? sensor_process_id_ : process_id_, now,
                complains ? "the upstream catalogue did not answer\n" : "");
    due = now + kBeat;
  }
}

void Installation::TickSchedules(TimePoint now) {
  for (const Schedule& schedule : kSchedules) {
    TimePoint& due = due_[schedule.instigator.name];
    if (now < due) continue;
    due = NextMultiple(now, schedule.period);
    if (dice_.Chance(4)) {
      scheduler_complains_until_ = now + minutes(5);  // As long as Dagster repeats an error.
      files_.AddTick(schedule.instigator, {"FAILURE", now, {}});
      continue;
    }
    const std::string run_id =
        Launch(schedule.job, now, {"dagster/schedule_name", schedule.instigator.name});
    files_.AddTick(schedule.instigator, {"SUCCESS", now, run_id});
  }
}

void Installation::TickSensors(TimePoint now) {
  if (!sensor_daemon_alive_) return;
  for (const Instigator& sensor : kSensors) {
    TimePoint& due = due_[sensor.name];
    if (now < due) continue;
    due = now + kSensorPeriod;
    files_.SetInstigator(sensor, now);
    if (!dice_.Chance(15)) {
      files_.AddTick(sensor, {"SKIPPED", now, {}});
      continue;
    }
    const std::string run_id = Launch(kDashboards, now, {"dagster/sensor_name", sensor.name});
    files_.AddTick(sensor, {"SUCCESS", now, run_id});
  }
}

void Installation::StepBackfills(TimePoint now) {
  for (auto backfill = open_backfills_.begin(); backfill != open_backfills_.end();) {
    const bool has_runs = std::any_of(active_.begin(), active_.end(), [&](const ActiveRun& active) {
      return active.run.backfill == backfill->first;
    });
    if (has_runs) {
      ++backfill;
      continue;
    }
    files_.SetBackfill(backfill->first, "COMPLETED_SUCCESS", kWarehouse.name, backfill->second,
                       now);
    backfill = open_backfills_.erase(backfill);
  }
  if (now < next_backfill_) return;
  next_backfill_ = now + kBackfillPeriod;
  const std::string key = dice_.Uuid().substr(0, 8);
  files_.SetBackfill(key, "REQUESTED", kWarehouse.name, now, {});
  open_backfills_.emplace(key, now);
  for (int partition = 1; partition <= kPartitions; ++partition) {
    Launch(kWarehouse, now, {"dagster/backfill", key}, key, fmt::format("2026-{:02}", partition));
  }
}

std::string Installation::Launch(const Job& job, TimePoint now, Tag origin,
                                 const std::string& backfill, const std::string& partition) {
  const Run run = {.id = dice_.Uuid(),
                   .job = std::string(job.name),
                   .status = "QUEUED",
                   .partition = partition,
                   .backfill = backfill,
                   .created = now,
                   .updated = now,
                   .started = {},
                   .ended = {}};
  files_.AddRun(run, {origin});
  if (!partition.empty()) files_.AddTag(run.id, {"dagster/partition", partition});
  files_.AddRunEvent(run, "PIPELINE_ENQUEUED", now);
  active_.push_back({run, now});
  return run.id;
}

void Installation::StepRuns(TimePoint now) {
  for (ActiveRun& active : active_) {
    if (active.run.status != "QUEUED" && now >= active.next) MoveOn(active, now);
  }
  std::erase_if(active_, [](const ActiveRun& active) { return active.run.ended.has_value(); });
}

void Installation::MoveOn(ActiveRun& active, TimePoint now) {
  const Job& job = JobNamed(active.run.job);
  if (active.run.status == "STARTING") {
    active.run.started = now;
    SetStatus(active, "STARTED", now);
    files_.AddRunEvent(active.run, "PIPELINE_START", now);
    const std::int64_t typical = job.typical_seconds;
    active.next = now + seconds(dice_.Between(typical / 2, typical * 2));
  } else if (active.run.status == "CANCELING") {
    Finish(active, "CANCELED", now);
  } else if (dice_.Chance(4)) {
    SetStatus(active, "CANCELING", now);
    files_.AddRunEvent(active.run, "PIPELINE_CANCELING", now);
    active.next = now + kCanceling;
  } else if (dice_.Chance(job.failure_percent)) {
    Finish(active, "FAILURE", now);
    files_.AddTag(active.run.id, {"dagster/failure_reason", "STEP_FAILURE"});
  } else {
    Finish(active, "SUCCESS", now);
    Succeed(active.run, now);
  }
}

void Installation::SetStatus(ActiveRun& active, std::string_view status, TimePoint now) {
  active.run.status = status;
  active.run.updated = now;
  files_.UpdateRun(active.run);
}

void Installation::Finish(ActiveRun& active, std::string_view status, TimePoint now) {
  active.run.ended = now;
  SetStatus(active, status, now);
  files_.AddRunEvent(active.run, fmt::format("PIPELINE_{}", status), now);
}

void Installation::Succeed(const Run& run, TimePoint now) {
  const Job& job = JobNamed(run.job);
  if (job.asset.empty()) return;
  files_.AddMaterialization(job.asset, run, now);
  if (job.name == kIngest.name) {
    files_.AddCheck(job.asset, "no_duplicates", run, /*passed=*/!dice_.Chance(10), now);
  }
}

void Installation::StartQueuedRuns(TimePoint now) {
  auto running = static_cast<std::size_t>(
      std::count_if(active_.begin(), active_.end(),
                    [](const ActiveRun& active) { return IsRunning(active.run); }));
  for (ActiveRun& active : active_) {
    if (running >= kMostRunning) return;
    if (active.run.status != "QUEUED") continue;
    SetStatus(active, "STARTING", now);
    files_.AddRunEvent(active.run, "PIPELINE_STARTING", now);
    active.next = now + kStarting;
    ++running;
  }
}

void Installation::AssignPool(TimePoint now) {
  std::vector<std::string> holding;
  std::vector<std::string> waiting;
  for (const ActiveRun& active : active_) {
    if (active.run.job != kWarehouse.name || active.run.status != "STARTED") continue;
    (holding.size() < kPoolLimit ? holding : waiting).push_back(active.run.id);
  }
  files_.SetPoolUse(kPool, holding, waiting, now);
}

}  // namespace tocsin::demo
