#include "collectors/sql/source.h"

#include <fmt/format.h>

#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/sqlite_connection.h"

namespace tocsin::collectors {

std::string SqlSource::Name() const {
  if (sqlite) return "sqlite:" + sqlite->string();
  if (!postgres) return "";
  return fmt::format("postgres://{}:{}/{}", postgres->host, postgres->port, postgres->database);
}

SqlSource ReadSqlSource(YamlMap& options) {
  SqlSource source;
  // Both are read, even where one excludes the other, so that all mistakes are told at once.
  if (const YamlNode* const node = options.Node("postgres"); node != nullptr) {
    YamlMap postgres(*node, options.diagnostics());
    source.postgres = ReadPostgresOptions(postgres);
  }
  if (const YamlNode* const node = options.Node("sqlite"); node != nullptr) {
    YamlMap sqlite(*node, options.diagnostics());
    source.sqlite = sqlite.RequiredPath("path");
  }
  if (source.postgres.has_value() == source.sqlite.has_value()) {
    options.diagnostics().Add(source.sqlite ? options.PlaceOf("sqlite") : options.place(),
                              "expected either postgres or sqlite, to say where the database is");
  }
  return source;
}

std::unique_ptr<SqlConnection> MakeConnection(const SqlSource& source) {
  if (source.sqlite) return std::make_unique<SqliteConnection>(*source.sqlite);
  return std::make_unique<PostgresConnection>(*source.postgres);
}

}  // namespace tocsin::collectors
