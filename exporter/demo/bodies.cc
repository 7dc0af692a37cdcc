#include "exporter/demo/bodies.h"

#include <cstdint>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace tocsin::demo {
namespace {

namespace json = boost::json;

json::value Enum(std::string_view type, std::string_view member) {
  return {{"__enum__", fmt::format("{}.{}", type, member)}};
}

json::value ErrorInfo(std::string_view class_name, std::string_view message) {
  return {{"__class__", "SerializableErrorInfo"},
          {"cause", nullptr},
          {"cls_name", class_name},
          {"context", nullptr},
          {"message", message},
          {"stack", json::array()}};
}

std::string_view KindName(InstigatorKind kind) {
  return kind == InstigatorKind::kSchedule ? "SCHEDULE" : "SENSOR";
}

json::value RepositoryOrigin() {
  return {{"__class__", "ExternalRepositoryOrigin"},
          {"repository_location_origin",
           {{"__class__", "ManagedGrpcPythonEnvRepositoryLocationOrigin"},
            {"location_name", DagsterFiles::kLocation}}},
          {"repository_name", "__repository__"}};
}

json::value InstigatorState(const Instigator& instigator, TimePoint at) {
  if (instigator.kind == InstigatorKind::kSchedule) {
    return {{"__class__", "ScheduleInstigatorData"},
            {"cron_schedule", instigator.cron},
            {"last_iteration_timestamp", UnixSeconds(at)},
            {"start_timestamp", UnixSeconds(at)}};
  }
  return {{"__class__", "SensorInstigatorData"},
          {"cursor", nullptr},
          {"last_tick_timestamp", UnixSeconds(at)},
          {"sensor_type", Enum("SensorType", "STANDARD")}};
}

}  // namespace

std::string HeartbeatBody(std::string_view daemon, std::string_view daemon_id, TimePoint at,
                          std::string_view error) {
  json::array errors;
  if (!error.empty()) errors.push_back(ErrorInfo("ScheduleExecutionError", error));
  return json::serialize(json::value{{"__class__", "DaemonHeartbeat"},
                                     {"daemon_id", daemon_id},
                                     {"daemon_type", daemon},
                                     {"errors", errors},
                                     {"timestamp", UnixSeconds(at)}});
}

std::string RunBody(const Run& run) {
  return json::serialize(json::value{{"__class__", "PipelineRun"},
                                     {"pipeline_name", run.job},
                                     {"run_id", run.id},
                                     {"status", Enum("PipelineRunStatus", run.status)}});
}

std::string RunEventBody(const Run& run, std::string_view type, TimePoint at) {
  return json::serialize(json::value{
      {"__class__", "EventLogEntry"},
      {"dagster_event",
       {{"__class__", "DagsterEvent"}, {"event_type_value", type}, {"pipeline_name", run.job}}},
      {"pipeline_name", run.job},
      {"run_id", run.id},
      {"timestamp", UnixSeconds(at)}});
}

std::string InstigatorBody(const Instigator& instigator, TimePoint at) {
  return json::serialize(
      json::value{{"__class__", "InstigatorState"},
                  {"job_specific_data", InstigatorState(instigator, at)},
                  {"job_type", Enum("InstigatorType", KindName(instigator.kind))},
                  {"origin",
                   {{"__class__", "ExternalJobOrigin"},
                    {"external_repository_origin", RepositoryOrigin()},
                    {"job_name", instigator.name}}},
                  {"status", Enum("InstigatorStatus", instigator.status)}});
}

std::string TickBody(const Instigator& instigator, const Tick& tick) {
  json::array run_ids;
  if (!tick.run_id.empty()) run_ids.emplace_back(tick.run_id);
  const bool failed = tick.status == "FAILURE";
  json::value error;
  if (failed)
    error = ErrorInfo("ScheduleExecutionError", "the upstream catalogue did not answer\n");
  json::value skip_reason;
  if (tick.status == "SKIPPED") skip_reason = "nothing new";
  return json::serialize(json::value{
      {"__class__", "TickData"},
      {"consecutive_failure_count", failed ? 1 : 0},
      {"end_timestamp", UnixSeconds(tick.at) + 0.25},
      {"error", error},
      {"failure_count", failed ? 1 : 0},
      {"job_name", instigator.name},
      {"job_origin_id", SelectorId(instigator.name)},
      {"job_type", Enum("InstigatorType", KindName(instigator.kind))},
      {"run_ids", run_ids},
      {"selector_id", SelectorId(instigator.name)},
      {"skip_reason", skip_reason},
      {"status", Enum("TickStatus", tick.status)},
      {"timestamp", UnixSeconds(tick.at)},
  });
}

std::string BackfillBody(std::string_view key, std::string_view status, TimePoint created,
                         std::optional<TimePoint> ended) {
  json::value end;
  if (ended) end = UnixSeconds(*ended);
  return json::serialize(json::value{{"__class__", "PartitionBackfill"},
                                     {"backfill_end_timestamp", end},
                                     {"backfill_id", key},
                                     {"backfill_timestamp", UnixSeconds(created)},
                                     {"status", Enum("BulkActionStatus", status)}});
}

std::string SelectorId(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a.
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}{:016x}{:08x}", hash, ~hash, hash >> 32);
}

}  // namespace tocsin::demo
