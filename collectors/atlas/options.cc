#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/atlas/collector.h"

namespace tocsin::collectors::atlas {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{"application_user", "text", "optimizer",
               "The role that Atlas logs in to PostgreSQL as."},
    OptionDesc{"pool_size", "integer", "20",
               "Connections of one worker's pool, overflow included."},
    OptionDesc{"workers", "integer", "4", "Worker processes of one pod."},
    OptionDesc{"nginx.access_log", "text", "",
               "File of nginx' access log, in its format combined or one that begins like it."},
    OptionDesc{"nginx.error_log", "text", "", "File of nginx' error log."},
    OptionDesc{
        "nginx.zones", "list of texts", "[api, optimize]",
        "Zones of limit_req that are counted from 0 on; others are from their first refusal."},
    OptionDesc{"kong.url", "text", "",
               "Kong's page of metrics, instead of nginx.access_log; the keys of tls_config, "
               "basic_auth and so on may stand beside it."},
};

std::optional<DatabaseSettings> ReadDatabase(YamlMap& options) {
  DatabaseSettings settings;
  settings.application_user = options.StringOr("application_user", settings.application_user);
  settings.pool_size = static_cast<double>(options.IntegerOr("pool_size", 20, 1, 100'000));
  settings.workers = static_cast<double>(options.IntegerOr("workers", 4, 1, 10'000));
  const YamlNode* const node = options.Node("postgres");
  if (node == nullptr) return std::nullopt;
  YamlMap postgres(*node, options.diagnostics());
  settings.postgres = ReadPostgresOptions(postgres);
  return settings;
}

std::optional<RedisOptions> ReadRedis(YamlMap& options) {
  const YamlNode* const node = options.Node("redis");
  if (node == nullptr) return std::nullopt;
  YamlMap redis(*node, options.diagnostics());
  return ReadRedisOptions(redis);
}

NginxSettings ReadNginx(YamlMap& options) {
  NginxSettings settings;
  const YamlNode* const node = options.Node("nginx");
  if (node == nullptr) return settings;
  YamlMap nginx(*node, options.diagnostics());
  settings.access_log = nginx.PathOf("access_log");
  settings.error_log = nginx.PathOf("error_log");
  settings.zones = nginx.StringsOr("zones", settings.zones);
  return settings;
}

std::shared_ptr<const HttpTarget> ReadKong(YamlMap& options) {
  const YamlNode* const node = options.Node("kong");
  if (node == nullptr) return nullptr;
  YamlMap kong(*node, options.diagnostics());
  return std::make_shared<const HttpTarget>(ReadHttpTarget(kong));
}

}  // namespace

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> own(kOwnOptions.begin(), kOwnOptions.end());
    own.insert(own.end(), kPostgresOptions.begin(), kPostgresOptions.end());
    own.insert(own.end(), kRedisOptions.begin(), kRedisOptions.end());
    return WithPodOptions(own);
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  Settings settings;
  settings.pods = ReadPodOptions(options);
  settings.database = ReadDatabase(options);
  settings.redis = ReadRedis(options);
  settings.nginx = ReadNginx(options);
  settings.kong = ReadKong(options);
  if (settings.kong && !settings.nginx.access_log.empty()) {
    options.Refuse("kong", "expected either this or nginx.access_log: both count all requests");
  }
  return [settings](const Environment& environment) {
    return std::make_unique<AtlasCollector>(settings, environment);
  };
}

}  // namespace tocsin::collectors::atlas
