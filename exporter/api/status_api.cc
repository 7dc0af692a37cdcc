#include "exporter/api/status_api.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "exporter/api/envelope.h"
#include "exporter/api/parameters.h"
#include "exporter/version.h"

namespace tocsin::api {
namespace {

using Shapes = std::map<std::string, std::vector<std::shared_ptr<const FamilyShape>>, std::less<>>;

/// The families that there are, by name; of one name several where their type or help differs.
Shapes AllFamilies(const StatusSources& sources) {
  Shapes shapes;
  const auto add = [&](const Snapshot& snapshot) {
    for (const FamilyPoints& family : snapshot.families) {
      auto& same_name = shapes[family.shape->name];
      bool known = false;
      for (const auto& other : same_name) {
        known |= other->type == family.shape->type && other->help == family.shape->help;
      }
      if (!known) same_name.push_back(family.shape);
    }
  };
  for (const auto& view : sources.views()) {
    if (view->snapshot != nullptr) add(*view->snapshot);
  }
  add(*sources.own());
  return shapes;
}

HttpResponse Metadata(const StatusSources& sources, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return Failure(ErrorType::kBadData, parameters.error().message);
  const Result<std::optional<std::size_t>> limit = parameters->SignedLimit("limit");
  if (!limit) return Failure(ErrorType::kBadData, limit.error().message);
  const auto limit_per_metric = parameters->SignedLimit("limit_per_metric");
  if (!limit_per_metric) return Failure(ErrorType::kBadData, limit_per_metric.error().message);
  const std::size_t per_metric = limit_per_metric->value_or(0);  // 0: all, unlike `limit`.
  const std::string_view wanted = parameters->Get("metric");
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject();
  std::size_t metrics = 0;
  for (const auto& [name, shapes] : AllFamilies(sources)) {
    if (!wanted.empty() && name != wanted) continue;
    if (*limit && metrics++ == **limit) break;
    json.Key(name).BeginArray();
    std::size_t entries = 0;
    for (const auto& shape : shapes) {
      if (per_metric != 0 && entries++ == per_metric) break;
      json.BeginObject().Key("type").String(Name(shape->type));
      json.Key("help").String(shape->help).Key("unit").String("").EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return EndSuccess(std::move(body));
}

HttpResponse BuildInfo() {
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("version").String(Version()).Key("revision").String(Revision());
  json.Key("branch").String("").Key("buildUser").String("").Key("buildDate").String("");
  json.Key("goVersion").String("").EndObject();
  return EndSuccess(std::move(body));
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

HttpResponse RuntimeInfo(const StatusSources& sources) {
  const StatusSources::Reload reload = sources.last_reload();
  std::error_code problem;
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("startTime").String(FormatRfc3339(sources.started));
  json.Key("CWD").String(std::filesystem::current_path(problem).string());
  json.Key("hostname").String(HostName());
  json.Key("serverTime").String(FormatRfc3339(sources.clock.Now()));
  json.Key("reloadConfigSuccess").Bool(reload.successful);
  json.Key("lastConfigTime").String(FormatRfc3339(reload.last_success));
  json.Key("corruptionCount").Integer(static_cast<std::int64_t>(sources.corruptions()));
  json.Key("goroutineCount").Integer(0);
  json.Key("GOMAXPROCS").Integer(std::thread::hardware_concurrency());
  json.Key("GOMEMLIMIT").Integer(0).Key("GOGC").String("").Key("GODEBUG").String("");
  json.Key("storageRetention").String(sources.retention()).EndObject();
  return EndSuccess(std::move(body));
}

void AppendTop(JsonWriter& json, std::string_view key, const std::vector<LabelStat>& stats) {
  json.Key(key).BeginArray();
  for (const LabelStat& stat : stats) {
    json.BeginObject().Key("name").String(stat.name);
    json.Key("value").Integer(static_cast<std::int64_t>(stat.value)).EndObject();
  }
  json.EndArray();
}

HttpResponse Tsdb(const StatusSources& sources, const HttpRequest& request) {
  constexpr std::size_t kDefaultLimit = 10;
  constexpr std::size_t kMostLimit = 10'000;
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return Failure(ErrorType::kBadData, parameters.error().message);
  const Result<std::size_t> limit = parameters->Limit();
  if (!limit) return Failure(ErrorType::kBadData, limit.error().message);
  if (*limit > kMostLimit) {
    return Failure(ErrorType::kBadData, "limit must not exceed 10000");
  }
  const SampleStore::Stats stats = sources.store.stats();
  const Cardinality top = sources.store.TopCardinality(*limit == 0 ? kDefaultLimit : *limit);
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("headStats").BeginObject();
  json.Key("numSeries").Integer(static_cast<std::int64_t>(stats.series));
  json.Key("numLabelPairs").Integer(static_cast<std::int64_t>(top.label_pairs));
  json.Key("chunkCount").Integer(static_cast<std::int64_t>(stats.chunks));
  json.Key("minTime").Integer(stats.oldest.value_or(0));
  json.Key("maxTime").Integer(stats.newest.value_or(0)).EndObject();
  AppendTop(json, "seriesCountByMetricName", top.series_by_metric);
  AppendTop(json, "labelValueCountByLabelName", top.values_by_label);
  AppendTop(json, "memoryInBytesByLabelName", top.bytes_by_label);
  AppendTop(json, "seriesCountByLabelValuePair", top.series_by_pair);
  json.EndObject();
  return EndSuccess(std::move(body));
}

HttpResponse Configuration(const StatusSources& sources) {
  std::string body = BeginSuccess();
  JsonWriter(body).BeginObject().Key("yaml").String(sources.configuration()).EndObject();
  return EndSuccess(std::move(body));
}

/// What Prometheus takes as flags is in the configuration here; of it, where tocsin listens, and
/// the limits.
HttpResponse Flags(const StatusSources& sources) {
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject();
  for (const auto& [key, value] : sources.in_force()) json.Key(key).String(value);
  json.EndObject();
  return EndSuccess(std::move(body));
}

Route Get(std::string path, Waits waits, std::function<HttpResponse(const HttpRequest&)> handle) {
  return {.path = std::move(path),
          .methods = {"GET"},
          .waits = waits,
          .handle = std::move(handle),
          .refusal = &Refusal};
}

}  // namespace

std::vector<Route> StatusRoutes(const StatusSources& sources) {
  const auto shared = std::make_shared<const StatusSources>(sources);
  return {
      Get("/api/v1/metadata", Waits::kMaybe,
          [shared](const HttpRequest& request) { return Metadata(*shared, request); }),
      Get("/api/v1/status/buildinfo", Waits::kNever,
          [](const HttpRequest&) { return BuildInfo(); }),
      Get("/api/v1/status/runtimeinfo", Waits::kNever,
          [shared](const HttpRequest&) { return RuntimeInfo(*shared); }),
      Get("/api/v1/status/tsdb", Waits::kMaybe,
          [shared](const HttpRequest& request) { return Tsdb(*shared, request); }),
      Get("/api/v1/status/config", Waits::kNever,
          [shared](const HttpRequest&) { return Configuration(*shared); }),
      Get("/api/v1/status/flags", Waits::kNever,
          [shared](const HttpRequest&) { return Flags(*shared); }),
  };
}

}  // namespace tocsin::api
