// Where a Redis server is and how to log in: the `redis:` map of several collectors.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/secret.h"
#include "base/yaml.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

/// How to reach one database of a Redis server. hiredis of Debian 12 speaks no TLS, so the option
/// `tls` is refused with a message that says so.
struct RedisOptions {
  std::string host = "127.0.0.1";  ///< A name, an address, or the path of a Unix socket.
  std::uint16_t port = 6379;
  std::string username = {};   ///< Of the ACL; empty: the user "default".
  SecretSource password = {};  ///< Read again at each connect.
  int database = 0;
};

/// Reads the keys of a `redis:` map. Mistakes go to its diagnostics.
RedisOptions ReadRedisOptions(YamlMap& map);

/// The keys that ReadRedisOptions() reads, for a collector's table of options.
inline constexpr std::array kRedisOptions = {
    OptionDesc{"redis.host", "text", "127.0.0.1",
               "Name, address, or path of the Unix socket of the Redis server."},
    OptionDesc{"redis.port", "integer", "6379", "Its port."},
    OptionDesc{"redis.username", "text", "", "The ACL user to log in as; it needs to read only."},
    OptionDesc{"redis.password", "secret", "",
               "Its password, or password_file: a file that is read again at each connect."},
    OptionDesc{"redis.database", "integer", "0", "The number of the database."},
};

}  // namespace tocsin::collectors
