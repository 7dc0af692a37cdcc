#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>

#include "base/text.h"
#include "collectors/dagster/parts.h"
#include "collectors/dagster/tick.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kInstigators = {"dagster_instigators",
                                     MetricType::kGauge,
                                     "Schedules, sensors and automation that have ever ticked or "
                                     "been switched, by whether they are on.",
                                     {"type", "status"}};
constexpr MetricDesc kScheduleStatus = {
    "dagster_schedule_status",
    MetricType::kGauge,
    "1, with whether the schedule is on: running, stopped, or declared_in_code.",
    {"schedule_name", "location", "status"}};
constexpr MetricDesc kSensorStatus = {
    "dagster_sensor_status",
    MetricType::kGauge,
    "1, with whether the sensor is on: running, stopped, or declared_in_code.",
    {"sensor_name", "location", "status"}};
constexpr MetricDesc kScheduleTick = {
    "dagster_schedule_last_tick_timestamp_seconds",
    MetricType::kGauge,
    "Unix time of the last evaluation of a schedule that is not stopped.",
    {"schedule_name", "location"}};
constexpr MetricDesc kSensorTick = {
    "dagster_sensor_last_tick_timestamp_seconds",
    MetricType::kGauge,
    "Unix time of the last evaluation of a sensor that is not stopped.",
    {"sensor_name", "location"}};
constexpr MetricDesc kScheduleTickStatus = {
    "dagster_schedule_last_tick_status",
    MetricType::kGauge,
    "1, with the state of the last evaluation of a schedule that is not stopped.",
    {"schedule_name", "location", "status"}};
constexpr MetricDesc kSensorTickStatus = {
    "dagster_sensor_last_tick_status",
    MetricType::kGauge,
    "1, with the state of the last evaluation of a sensor that is not stopped.",
    {"sensor_name", "location", "status"}};

constexpr std::array kMetrics = {kInstigators, kScheduleStatus,     kSensorStatus,    kScheduleTick,
                                 kSensorTick,  kScheduleTickStatus, kSensorTickStatus};

constexpr std::array<std::string_view, 3> kStatuses = {"RUNNING", "STOPPED", "DECLARED_IN_CODE"};

// A row for each schedule and sensor, so the table does not grow. The last tick is one probe of
// idx_tick_selector_timestamp; it is read by its id afterwards, so that no join can go another way.
constexpr Statement kRows = {
    Store::kSchedules,
    "SELECT instigator_type, status, instigator_body, "
    "CASE WHEN status <> 'STOPPED' THEN (SELECT t.id FROM job_ticks t "
    "WHERE t.selector_id = instigators.selector_id ORDER BY t.\"timestamp\" DESC LIMIT 1) END "
    "FROM instigators ORDER BY id LIMIT 5000"};

struct Name {
  std::string name;
  std::string location;
};

/// Who a row is about, from its body: {"origin": {"job_name": ..., "external_repository_origin":
/// {"repository_location_origin": {"location_name": ...}}}}. Nothing if the body does not say.
std::optional<Name> ParseName(std::string_view body) {
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse(body, problem);
  if (problem) return std::nullopt;
  const boost::json::value& origin = MemberIn(value, "origin");
  Name name;
  for (const std::string_view key : {"job_name", "instigator_name"}) {
    if (name.name.empty()) name.name = TextIn(origin, key);
  }
  for (const std::string_view key : {"external_repository_origin", "repository_origin"}) {
    for (const std::string_view inner : {"repository_location_origin", "code_location_origin"}) {
      const boost::json::value& location = MemberIn(MemberIn(origin, key), inner);
      if (location.is_object()) name.location = TextIn(location, "location_name");
    }
  }
  if (name.name.empty()) return std::nullopt;
  if (name.location.empty()) name.location = kUnknownLocation;
  return name;
}

struct Instigator {
  std::string type;
  std::string status;
  std::optional<Name> name;
  std::optional<Tick> last_tick;
};

class Instigators final : public Part {
 public:
  Status Read(Session& session) override;
  void Publish(Points& points) const override;

 private:
  static void PublishOne(Points& points, const Instigator& instigator);

  std::vector<Instigator> instigators_;
};

Status Instigators::Read(Session& session) {
  const Result<SqlRows> rows = session.Query(kRows);
  if (!rows) return rows.error();
  std::vector<std::int64_t> ids;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    if (const auto id = rows->Integer(row, 3)) ids.push_back(*id);
  }
  const auto ticks = ReadTicks(session, ids);
  if (!ticks) return ticks.error();

  instigators_.clear();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    Instigator& instigator = instigators_.emplace_back();
    instigator.type = rows->Text(row, 0);
    instigator.status = rows->Text(row, 1);
    // What older versions of Dagster wrote for the same.
    if (instigator.status == "AUTOMATICALLY_RUNNING") instigator.status = "DECLARED_IN_CODE";
    instigator.name = ParseName(rows->Text(row, 2));
    const auto tick = ticks->find(rows->Integer(row, 3).value_or(0));
    if (tick != ticks->end()) instigator.last_tick = tick->second;
  }
  return {};
}

void Instigators::PublishOne(Points& points, const Instigator& instigator) {
  const bool is_schedule = instigator.type == "SCHEDULE";
  if (!instigator.name || (!is_schedule && instigator.type != "SENSOR")) return;
  const auto& [name, location] = *instigator.name;
  points.Add(is_schedule ? kScheduleStatus : kSensorStatus,
             {name, location, LowerCase(instigator.status)}, 1);
  if (!instigator.last_tick) return;
  if (instigator.last_tick->at) {
    points.Add(is_schedule ? kScheduleTick : kSensorTick, {name, location},
               UnixSeconds(*instigator.last_tick->at));
  }
  points.Add(is_schedule ? kScheduleTickStatus : kSensorTickStatus,
             {name, location, LowerCase(instigator.last_tick->status)}, 1);
}

void Instigators::Publish(Points& points) const {
  std::map<std::pair<std::string_view, std::string_view>, double> counts;
  for (const std::string_view type : kTickTypes) {
    for (const std::string_view status : kStatuses) counts[{type, status}] = 0;
  }
  for (const Instigator& instigator : instigators_) {
    counts[{instigator.type, instigator.status}] += 1;
  }
  for (const auto& [kind, count] : counts)
    points.Add(kInstigators, {kind.first, kind.second}, count);
  for (const Instigator& instigator : instigators_) PublishOne(points, instigator);
}

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<Instigators>();
}

}  // namespace

PartKind InstigatorsPart() {
  return {"instigators", Store::kSchedules, kMetrics, Make};
}

}  // namespace tocsin::collectors::dagster
