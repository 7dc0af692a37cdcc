// A database that a configuration names by `postgres:` or `sqlite:`.

#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/yaml.h"
#include "collectors/registry.h"
#include "collectors/sql/connection.h"
#include "collectors/sql/postgres_options.h"

namespace tocsin::collectors {

/// Exactly one of the two is set, unless there was a mistake.
struct SqlSource {
  std::optional<PostgresOptions> postgres;
  std::optional<std::filesystem::path> sqlite;

  bool is_postgres() const { return postgres.has_value(); }
  /// Which database it is, without who asks: "postgres://HOST:PORT/DATABASE" or "sqlite:PATH".
  std::string Name() const;
};

/// Reads `postgres` and `sqlite` of a collector. Mistakes go to the map's diagnostics.
SqlSource ReadSqlSource(YamlMap& options);

/// A connection that is not opened yet.
std::unique_ptr<SqlConnection> MakeConnection(const SqlSource& source);

/// The keys that ReadSqlSource() reads beside kPostgresOptions.
inline constexpr std::array kSqliteOptions = {
    OptionDesc{"sqlite.path", "text", "", "The file of a SQLite database; instead of postgres."},
};

}  // namespace tocsin::collectors
