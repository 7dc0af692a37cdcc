#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "collectors/dagster/parts.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kHeartbeatAgeSeconds = {
    "dagster_daemon_heartbeat_age_seconds",
    MetricType::kGauge,
    "Seconds since the daemon last reported, by the database's clock.",
    {"daemon_type"}};
constexpr MetricDesc kHeartbeatAge = {"dagster_daemon_heartbeat_age",
                                      MetricType::kGauge,
                                      "Same as dagster_daemon_heartbeat_age_seconds.",
                                      {"daemon_type"}};
constexpr MetricDesc kLastHeartbeat = {"dagster_daemon_last_heartbeat_timestamp_seconds",
                                       MetricType::kGauge,
                                       "Unix time at which the daemon last reported.",
                                       {"daemon_type"}};
constexpr MetricDesc kRequired = {
    "dagster_daemon_required",
    MetricType::kGauge,
    "1 if this installation must run the daemon, as configured in tocsin.",
    {"daemon_type"}};
constexpr MetricDesc kErrors = {
    "dagster_daemon_heartbeat_errors",
    MetricType::kGauge,
    "Errors that the daemon listed in its last report; Dagster keeps at most five.",
    {"daemon_type"}};
constexpr MetricDesc kRestarts = {"dagster_daemon_restarts_total",
                                  MetricType::kCounter,
                                  "How often another process than before reported as this daemon.",
                                  {"daemon_type"}};
constexpr MetricDesc kFlapping = {"dagster_daemon_flapping",
                                  MetricType::kGauge,
                                  "1 if two processes report as this daemon in turn: the last "
                                  "change within five minutes was back to "
                                  "the process before.",
                                  {"daemon_type"}};
constexpr MetricDesc kHealthy = {
    "dagster_daemon_healthy",
    MetricType::kGauge,
    "Dagster's own verdict: a report without errors in the last half hour. Too slow to alert on.",
    {"daemon_type", "required"}};

constexpr MetricDesc kZoneOffset = {
    "dagster_database_timezone_offset_seconds", MetricType::kGauge,
    "How far the moments that Dagster writes without a time zone are ahead of UTC; 0 is right."};

constexpr std::array kMetrics = {kHeartbeatAgeSeconds,
                                 kHeartbeatAge,
                                 kLastHeartbeat,
                                 kRequired,
                                 kErrors,
                                 kRestarts,
                                 kFlapping,
                                 kHealthy,
                                 kZoneOffset};

// One row per daemon type, so the table does not grow.
constexpr Statement kHeartbeats = {
    Store::kRuns,
    "SELECT daemon_type, daemon_id, body, \"timestamp\", {now} FROM daemon_heartbeats"};

/// Dagster's daemon_heartbeat_tolerance and its heartbeat interval.
/// Source: dagster/_daemon/controller.py.
constexpr double kDagsterToleranceSeconds = 1800 + 30;
constexpr std::chrono::minutes kFlappingWindow{5};
/// No time zone is ahead of UTC by anything but a multiple of this.
constexpr std::chrono::minutes kZoneStep{15};

/// What a heartbeat's body says.
struct Report {
  std::optional<Moment> at;
  std::size_t errors = 0;
};

/// Reads a body of any version of Dagster: {"timestamp": 1.5, "errors": [...]}, before that
/// {"timestamp": 1.5, "error": {...}}. A malformed body says nothing.
Report ParseReport(std::string_view body) {
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse(body, problem);
  Report report;
  if (problem) return report;
  if (const auto at = NumberIn(value, "timestamp")) report.at = FromUnixSeconds(*at);
  if (const boost::json::value& errors = MemberIn(value, "errors"); errors.is_array()) {
    report.errors = errors.get_array().size();
  } else if (MemberIn(value, "error").is_object()) {
    report.errors = 1;
  }
  return report;
}

/// How far a naive moment is ahead of the true one that it was written for.
Microseconds OffsetBetween(Moment naive, Moment truth) {
  const double steps = Seconds(naive - truth) / Seconds(Microseconds(kZoneStep));
  return Microseconds(kZoneStep) * std::llround(steps);
}

struct Daemon {
  bool has_row = false;
  std::optional<Moment> last_report;
  double age = 0;  ///< Seconds from the last report to the reading of the row.
  bool flaps = false;
  std::size_t errors = 0;

  std::string process;         ///< The daemon_id of the last report; empty before the first.
  std::string process_before;  ///< Of the process that reported before it.
  std::uint64_t restarts = 0;
  std::optional<Moment> changed_at;  ///< When `process` was first seen in place of another.
  std::optional<Moment> back_at;     ///< When a change was last one back to the process before.
};

class Daemons final : public Part {
 public:
  explicit Daemons(const Settings& settings) : required_(settings.required_daemons) {}

  Status Read(Session& session) override;
  void Publish(Points& points) const override;
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  bool IsRequired(const std::string& type) const {
    return std::find(required_.begin(), required_.end(), type) != required_.end();
  }
  void PublishRow(Points& points, const std::string& type, const Daemon& daemon) const;

  const std::vector<std::string> required_;
  std::map<std::string, Daemon> daemons_;
  /// While it is not known what was counted before us, the count would fall and then jump.
  bool counts_restarts_ = false;
  Microseconds naive_offset_{};
};

/// Takes note of which process reports, at the source's `now`.
void NoteProcess(Daemon& daemon, std::string_view process, Moment now) {
  if (process.empty() || process == daemon.process) return;
  if (!daemon.process.empty()) {
    ++daemon.restarts;
    const bool is_back = process == daemon.process_before && daemon.changed_at &&
                         now - *daemon.changed_at <= kFlappingWindow;
    if (is_back) daemon.back_at = now;
    daemon.changed_at = now;
  }
  daemon.process_before = std::exchange(daemon.process, std::string(process));
}

Status Daemons::Read(Session& session) {
  const Result<SqlRows> rows = session.Query(kHeartbeats);
  if (!rows) return rows.error();

  std::vector<Report> reports;
  std::optional<Moment> newest;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const Report& report = reports.emplace_back(ParseReport(rows->Text(row, 2)));
    const std::optional<Moment> naive = ParseNaive(rows->Text(row, 3));
    // The newest row tells: an old one may have been written before the zone was changed.
    if (naive && report.at && (!newest || *report.at > *newest)) {
      newest = report.at;
      session.set_naive_offset(OffsetBetween(*naive, *report.at));
    }
  }
  naive_offset_ = session.naive_offset();
  for (auto& [type, daemon] : daemons_) daemon.has_row = false;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    Daemon& daemon = daemons_[std::string(rows->Text(row, 0))];
    daemon.has_row = true;
    daemon.errors = reports[row].errors;
    daemon.last_report = reports[row].at ? reports[row].at : session.NaiveAt(*rows, row, 3);
    daemon.age = AgeAt(*rows, row, 4, daemon.last_report);
    const Moment now = EpochAt(*rows, row, 4).value_or(session.clock().Now());
    NoteProcess(daemon, rows->Text(row, 1), now);
    daemon.flaps = daemon.back_at && now - *daemon.back_at <= kFlappingWindow;
  }
  return {};
}

void Daemons::PublishRow(Points& points, const std::string& type, const Daemon& daemon) const {
  if (daemon.last_report) {
    points.Add(kHeartbeatAgeSeconds, {type}, daemon.age);
    points.Add(kHeartbeatAge, {type}, daemon.age);
    points.Add(kLastHeartbeat, {type}, UnixSeconds(*daemon.last_report));
  }
  points.Add(kErrors, {type}, static_cast<double>(daemon.errors));
  if (counts_restarts_) points.Add(kRestarts, {type}, static_cast<double>(daemon.restarts));
  points.Add(kFlapping, {type}, daemon.flaps ? 1 : 0);
}

void Daemons::Publish(Points& points) const {
  points.Add(kZoneOffset, {}, Seconds(naive_offset_));
  for (const std::string& type : required_) {
    points.Add(kRequired, {type}, 1);
    if (const auto found = daemons_.find(type); found == daemons_.end() || !found->second.has_row) {
      points.Add(kHealthy, {type, "true"}, 0);
    }
  }
  for (const auto& [type, daemon] : daemons_) {
    if (!daemon.has_row) continue;
    const bool required = IsRequired(type);
    if (!required) points.Add(kRequired, {type}, 0);
    PublishRow(points, type, daemon);
    const bool healthy =
        daemon.errors == 0 && daemon.last_report && daemon.age <= kDagsterToleranceSeconds;
    points.Add(kHealthy, {type, required ? "true" : "false"}, healthy ? 1 : 0);
  }
}

void Daemons::Save(boost::json::object& state) const {
  for (const auto& [type, daemon] : daemons_) {
    state[type] = {{"process", daemon.process}, {"restarts", daemon.restarts}};
  }
}

void Daemons::Restore(const boost::json::value& saved) {
  counts_restarts_ = true;
  if (!saved.is_object()) return;
  for (const auto& [type, value] : saved.get_object()) {
    Daemon& daemon = daemons_[std::string(type)];
    daemon.process = TextIn(value, "process");
    daemon.restarts = CountIn(value, "restarts");
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<Daemons>(settings);
}

}  // namespace

PartKind DaemonsPart() {
  return {"daemons", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster
