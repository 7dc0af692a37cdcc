#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/http/target.h"
#include "collectors/miroir/collector.h"
#include "collectors/nested_options.h"
#include "collectors/redis/options.h"
#include "collectors/sql/sqlite_connection.h"

namespace tocsin::collectors::miroir {
namespace {

constexpr std::array kStoreOptions = {
    OptionDesc{"sqlite.file", "text", "",
               "The file of a task store without a Redis; instead of redis."},
    OptionDesc{"prefix", "text", "miroir", "What the keys begin with. Redis only."},
    OptionDesc{"parts", "list of texts", "[probe, task_store, pods]",
               "What this instance looks at. To probe once a second, give a second instance "
               "interval: 1s and parts: [probe], and leave probe out of the first."},
    OptionDesc{"probe_timeout", "duration", "1s",
               "How long the store may take to answer the probe; what is later counts with this."},
    OptionDesc{"lease_scopes", "list of texts", "[drift_reconciler]",
               "The scopes whose lease must always be held."},
    OptionDesc{"canaries", "list of texts", "[]",
               "Ids of canaries; by default all, as long as there are at most 200."},
    OptionDesc{"sinks", "list of texts", "[]",
               "CDC sinks whose overflow buffer is read. Redis only."},
    OptionDesc{"cursors", "list of maps", "[]",
               "CDC cursors that are read. Redis only; of a SQLite store all are."},
    OptionDesc{"cursors[].sink", "text", "", "The sink."},
    OptionDesc{"cursors[].index", "text", "", "The index whose changes go there."},
    OptionDesc{"operation_scopes", "list of texts", "[]",
               "Scopes of long operations, such as reshard:products."},
    OptionDesc{"sample_queue", "true/false", "false",
               "Look at 64 queued jobs once a minute, for their types and ages, in a second round "
               "trip. Redis only."},
    OptionDesc{"max_concurrent_requests", "integer", "500",
               "server.max_concurrent_requests of Miroir, which it does not export."},
    OptionDesc{"compatibility_names", "true/false", "false",
               "Also export names that promtool refuses."},
    OptionDesc{"pods.ready_port", "integer", "7700",
               "Port of the pods' API, which is asked whether they are ready; 0 does not ask."},
};

constexpr std::array<std::string_view, 3> kParts = {"probe", "task_store", "pods"};

/// Where the store is; neither is given if there is nothing to read there.
struct StorePlace {
  std::optional<RedisOptions> redis;
  std::optional<std::filesystem::path> sqlite;

  bool is_given() const { return redis || sqlite; }
};

struct PodPlace {
  PodSettings settings;
  std::shared_ptr<const DiscoveryOptions> discovery;
};

StorePlace ReadPlace(YamlMap& options) {
  StorePlace place;
  if (const YamlNode* const node = options.Node("redis")) {
    YamlMap redis(*node, options.diagnostics());
    place.redis = ReadRedisOptions(redis);
  }
  if (const YamlNode* const node = options.Node("sqlite")) {
    YamlMap sqlite(*node, options.diagnostics());
    place.sqlite = sqlite.RequiredPath("file");
  }
  if (place.redis && place.sqlite) {
    options.Refuse("sqlite", "expected either redis or sqlite, to say where the task store is");
  } else if (place.sqlite) {
    for (const std::string_view key : {"prefix", "sinks", "cursors", "sample_queue"}) {
      if (options.Has(key)) options.Refuse(key, "only a task store in Redis has this");
    }
  }
  return place;
}

std::optional<PodPlace> ReadPods(YamlMap& options) {
  const YamlNode* const node = options.Node("pods");
  if (node == nullptr) return std::nullopt;
  YamlMap map(*node, options.diagnostics());
  PodPlace pods;
  pods.settings.ready_port =
      static_cast<std::uint16_t>(map.IntegerOr("ready_port", pods.settings.ready_port, 0, 65535));
  pods.settings.http = ReadHttpClientSettings(map);
  pods.discovery = ReadDiscoveryOptions(map);
  return pods;
}

StoreSettings ReadStoreSettings(YamlMap& options) {
  StoreSettings settings;
  settings.prefix = options.StringOr("prefix", settings.prefix);
  settings.lease_scopes = options.StringsOr("lease_scopes", settings.lease_scopes);
  settings.canaries = options.StringsOr("canaries", {});
  settings.sinks = options.StringsOr("sinks", {});
  settings.operation_scopes = options.StringsOr("operation_scopes", {});
  settings.sample_queue = options.BoolOr("sample_queue", settings.sample_queue);
  for (const YamlNode& node : options.List("cursors")) {
    YamlMap entry(node, options.diagnostics());
    std::string sink = entry.RequiredString("sink");
    std::string index = entry.RequiredString("index");
    const bool is_known = std::any_of(
        settings.cursors.begin(), settings.cursors.end(),
        [&](const CdcIndex& other) { return other.sink == sink && other.index == index; });
    if (is_known) entry.Refuse("index", "another cursor has this sink and this index");
    settings.cursors.push_back({std::move(sink), std::move(index)});
  }
  RefuseRepeated(options, "lease_scopes", settings.lease_scopes);
  RefuseRepeated(options, "canaries", settings.canaries);
  RefuseRepeated(options, "sinks", settings.sinks);
  RefuseRepeated(options, "operation_scopes", settings.operation_scopes);
  return settings;
}

/// What `parts` asks for; by default what there is a place for.
std::vector<std::string> ReadParts(YamlMap& options, const StorePlace& store, bool has_pods) {
  std::vector<std::string> all;
  if (store.is_given()) all = {"probe", "task_store"};
  if (has_pods) all.emplace_back("pods");
  std::vector<std::string> parts = options.StringsOr("parts", all);
  for (const std::string& part : parts) {
    if (std::find(kParts.begin(), kParts.end(), part) == kParts.end()) {
      options.Refuse("parts", "expected probe, task_store or pods");
    } else if (std::find(all.begin(), all.end(), part) == all.end()) {
      options.Refuse("parts", part == "pods" ? "pods: expected where they are, in pods"
                                             : part + ": expected redis or sqlite");
    }
  }
  if (parts.empty() && !options.Has("parts")) {
    options.diagnostics().Add(options.place(),
                              "expected redis or sqlite, to say where the task "
                              "store is, or pods");
  }
  return parts;
}

std::string InPods(const OptionDesc& option) {
  return "pods." + std::string(option.name);
}

std::unique_ptr<TaskStore> MakeStore(const StorePlace& place, const StoreSettings& settings,
                                     const Clock& clock) {
  if (place.redis) return MakeRedisStore(settings, MakeRedisConnection(*place.redis), clock);
  return MakeSqliteStore(settings, std::make_unique<SqliteConnection>(*place.sqlite), clock);
}

}  // namespace

std::span<const OptionDesc> Options() {
  // The options of a map of ours have other names here than where they are read.
  static const std::vector<std::string> kPodNames = [] {
    std::vector<std::string> names;
    names.reserve(std::size(kHttpClientOptions) + std::size(kDiscoveryOptions));
    for (const OptionDesc& option : kHttpClientOptions) names.push_back(InPods(option));
    for (const OptionDesc& option : kDiscoveryOptions) names.push_back(InPods(option));
    return names;
  }();
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kRedisOptions.begin(), kRedisOptions.end());
    all.insert(all.end(), kStoreOptions.begin(), kStoreOptions.end());
    const std::size_t own = all.size();
    all.insert(all.end(), kHttpClientOptions.begin(), kHttpClientOptions.end());
    all.insert(all.end(), kDiscoveryOptions.begin(), kDiscoveryOptions.end());
    for (std::size_t i = own; i < all.size(); ++i) all[i].name = kPodNames[i - own];
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  const StorePlace place = ReadPlace(options);
  const std::optional<PodPlace> pods = ReadPods(options);
  const StoreSettings store = ReadStoreSettings(options);
  const std::vector<std::string> parts = ReadParts(options, place, pods.has_value());
  const auto has = [&](std::string_view part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  };
  Settings settings;
  settings.probes = has("probe");
  settings.reads_store = has("task_store");
  settings.probe_timeout = options.PositiveDurationOr("probe_timeout", settings.probe_timeout);
  settings.max_concurrent_requests =
      static_cast<double>(options.IntegerOr("max_concurrent_requests", 500, 1, 1'000'000));
  settings.compatibility_names =
      options.BoolOr("compatibility_names", settings.compatibility_names);
  const bool reads_pods = has("pods");
  return [=](const Environment& environment) {
    std::unique_ptr<TaskStore> task_store;
    if (settings.probes || settings.reads_store) {
      task_store = MakeStore(place, store, environment.clock);
    }
    std::unique_ptr<Pods> watched;
    if (reads_pods) {
      watched = std::make_unique<Pods>(pods->settings, MakeDiscovery(pods->discovery, environment));
    }
    return std::make_unique<MiroirCollector>(settings, std::move(task_store), std::move(watched),
                                             environment);
  };
}

}  // namespace tocsin::collectors::miroir
