#include "collectors/sql/postgres_options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_word.h"

namespace tocsin::collectors {
namespace {

constexpr std::array<std::string_view, 6> kSslModes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};

}  // namespace

PostgresOptions ReadPostgresOptions(YamlMap& map, PostgresOptions defaults) {
  PostgresOptions options = std::move(defaults);
  options.host = map.StringOr("host", options.host);
  if (options.host.empty() || options.host.find(',') != std::string::npos) {
    map.Refuse("host", "expected one host name, address or folder of a Unix socket");
  }
  options.port = static_cast<std::uint16_t>(map.IntegerOr("port", options.port, 1, 65535));
  options.database = map.StringOr("database", options.database);
  options.user = map.StringOr("user", options.user);
  options.password = map.SecretOf("password");
  options.sslmode = map.StringOr("sslmode", options.sslmode);
  if (std::find(kSslModes.begin(), kSslModes.end(), options.sslmode) == kSslModes.end()) {
    map.Refuse("sslmode",
               fmt::format("expected {}, got \"{}\"{}", fmt::join(kSslModes, ", "), options.sslmode,
                           DidYouMean(options.sslmode, {kSslModes.begin(), kSslModes.end()})));
  }
  options.sslrootcert = map.FileOf("sslrootcert").string();
  options.sslcert = map.FileOf("sslcert").string();
  options.sslkey = map.FileOf("sslkey").string();
  options.statement_timeout =
      map.PositiveDurationOr("statement_timeout", options.statement_timeout);
  options.lock_timeout = map.PositiveDurationOr("lock_timeout", options.lock_timeout);
  return options;
}

}  // namespace tocsin::collectors
