// What goes on in the Dagster that the demo plays.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exporter/demo/dagster_files.h"
#include "exporter/demo/dice.h"

namespace tocsin::demo {

struct Job;

/// A small shop's Dagster: schedules and sensors launch runs, a coordinator starts queued ones as
/// slots become free, most succeed, some fail or are cancelled; now and then a backfill fills the
/// queue. The sensor daemon is dead until Revive().
///
/// Time only enters through arguments, and chance only through the seed. One thread at a time.
class Installation {
 public:
  /// How much of the past is played before the present, so that there is something to see at once.
  static constexpr Duration kPast = std::chrono::minutes(30);
  /// How long the sensor daemon has been dead at the start.
  static constexpr Duration kDeadFor = std::chrono::minutes(10);

  /// Takes up what the files hold, plays what they lack of the past, up to `now`.
  static Result<Installation> Open(DagsterFiles files, std::uint64_t seed, TimePoint now);

  /// Everything that happens up to `now`, which should follow the last call by about a second: what
  /// a longer gap would have held does not take place later. One transaction for each file. If it
  /// fails, the files are as before, and the installation must be opened anew.
  Status Advance(TimePoint now);

  /// Brings the sensor daemon back, as a new process.
  void Revive();
  bool is_sensor_daemon_alive() const { return sensor_daemon_alive_; }

 private:
  struct ActiveRun {
    Run run;
    TimePoint next;  ///< When its status changes by itself; QUEUED: has no meaning.
  };

  Installation(DagsterFiles files, std::uint64_t seed);

  Status TakeUp(TimePoint begin);
  Status PlayPast(TimePoint begin, TimePoint now);
  void LayOut(TimePoint begin, bool anew);
  void Play(TimePoint now);

  void BeatHearts(TimePoint now);
  void TickSchedules(TimePoint now);
  void TickSensors(TimePoint now);
  void StepBackfills(TimePoint now);
  void StepRuns(TimePoint now);
  void StartQueuedRuns(TimePoint now);
  void AssignPool(TimePoint now);

  std::string Launch(const Job& job, TimePoint now, Tag origin, const std::string& backfill = {},
                     const std::string& partition = {});
  void MoveOn(ActiveRun& active, TimePoint now);
  void SetStatus(ActiveRun& active, std::string_view status, TimePoint now);
  void Finish(ActiveRun& active, std::string_view status, TimePoint now);
  void Succeed(const Run& run, TimePoint now);

  DagsterFiles files_;
  Dice dice_;
  std::vector<ActiveRun> active_;                    // Oldest first.
  std::map<std::string_view, TimePoint> due_;        // Next beat or tick, by daemon or instigator.
  std::map<std::string, TimePoint> open_backfills_;  // When they were asked for.
  TimePoint next_backfill_{};
  TimePoint scheduler_complains_until_{};
  std::string process_id_;         // Of the daemons' process, as in daemon_id.
  std::string sensor_process_id_;  // Another one after a revival.
  bool sensor_daemon_alive_ = true;
};

}  // namespace tocsin::demo
