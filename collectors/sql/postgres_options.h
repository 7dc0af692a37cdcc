// Where a PostgreSQL server is and how to log in: the `postgres:` map of several collectors.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

/// How statements are sent.
enum class PostgresProtocol {
  kExtended,  ///< Prepared, with parameters, in a session that is read-only and in UTC.
  /// As plain text without parameters, in a session as the server makes it: all that the admin
  /// console of PgBouncer takes.
  kSimple,
};

/// How to reach one database. Handed to libpq keyword by keyword, never as a URL, so any character
/// may stand in any value.
struct PostgresOptions {
  std::string host = "127.0.0.1";  ///< A name, an address, or the folder of a Unix socket.
  std::uint16_t port = 5432;
  std::string database = "postgres";
  std::string user = "postgres";
  SecretSource password;  ///< Read again at each connect. None set: libpq's password file, if any.
  std::string sslmode =
      "prefer";  ///< As in libpq: disable, allow, prefer, require, verify-ca, verify-full.
  std::string sslrootcert;  ///< File names; empty: libpq's defaults.
  std::string sslcert;
  std::string sslkey;
  /// After which the server itself gives up a statement and a wait for a lock. They hold even if
  /// tocsin dies; the collection's deadline is kept beside them and cancels earlier.
  Duration statement_timeout = std::chrono::seconds(10);
  Duration lock_timeout = std::chrono::seconds(1);
  PostgresProtocol protocol = PostgresProtocol::kExtended;
};

/// Reads the keys of a `postgres:` map; `defaults` holds what they do not say. Mistakes go to its
/// diagnostics.
PostgresOptions ReadPostgresOptions(YamlMap& map, PostgresOptions defaults = {});

/// The keys that ReadPostgresOptions() reads, for a collector's table of options.
inline constexpr std::array kPostgresOptions = {
    OptionDesc{"postgres.host", "text", "127.0.0.1",
               "Name, address, or folder of the Unix socket of the PostgreSQL server."},
    OptionDesc{"postgres.port", "integer", "5432", "Its port."},
    OptionDesc{"postgres.database", "text", "postgres", "The database."},
    OptionDesc{"postgres.user", "text", "postgres",
               "The role to log in as; it needs to read only."},
    OptionDesc{"postgres.password", "secret", "",
               "Its password, or password_file: a file that is read again at each connect."},
    OptionDesc{"postgres.sslmode", "text", "prefer",
               "disable, allow, prefer, require, verify-ca or verify-full, as in libpq."},
    OptionDesc{"postgres.sslrootcert", "text", "", "File of the certificates to trust."},
    OptionDesc{"postgres.sslcert", "text", "", "File of the client's certificate."},
    OptionDesc{"postgres.sslkey", "text", "", "File of the client's private key."},
    OptionDesc{"postgres.statement_timeout", "duration", "10s",
               "After which the server gives up a statement by itself."},
    OptionDesc{"postgres.lock_timeout", "duration", "1s",
               "After which the server gives up waiting for a lock."},
};

}  // namespace tocsin::collectors
