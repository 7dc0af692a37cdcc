#include "collectors/redis/options.h"

#include <limits>

namespace tocsin::collectors {
namespace {

/// What fits into sockaddr_un's sun_path, with its final zero byte.
constexpr std::size_t kLongestSocketPath = 107;

}  // namespace

RedisOptions ReadRedisOptions(YamlMap& map) {
  RedisOptions options;
  options.host = map.StringOr("host", options.host);
  if (options.host.empty() || options.host.find("://") != std::string::npos) {
    map.Refuse("host", "expected a host name, an address or the path of a Unix socket");
  } else if (options.host.starts_with('/') && options.host.size() > kLongestSocketPath) {
    map.Refuse("host", "the path of a Unix socket has at most " +
                           std::to_string(kLongestSocketPath) + " bytes");
  }
  options.port = static_cast<std::uint16_t>(map.IntegerOr("port", options.port, 1, 65535));
  options.username = map.StringOr("username", options.username);
  options.password = map.SecretOf("password");
  options.database = static_cast<int>(
      map.IntegerOr("database", options.database, 0, std::numeric_limits<std::int32_t>::max()));
  constexpr std::string_view kNoTls =
      "TLS is not supported: hiredis of Debian 12 cannot speak it; use a Unix socket or a tunnel";
  map.Reserve("tls", kNoTls);
  map.Reserve("tls_config", kNoTls);
  return options;
}

}  // namespace tocsin::collectors
