#include "rules/alert_schema.h"

#include <array>
#include <string>

#include <fmt/format.h>

namespace tocsin {
namespace {

/// "tcsn": says to whom the file belongs. Source: SQLite's documentation, "PRAGMA application_id".
constexpr std::int64_t kApplication = 0x7463736e;

constexpr std::string_view kVersion1 = R"(
CREATE TABLE groups (
  file TEXT NOT NULL,
  name TEXT NOT NULL,
  evaluated_at INTEGER NOT NULL,
  PRIMARY KEY (file, name)
) WITHOUT ROWID;
CREATE TABLE alerts (
  group_file TEXT NOT NULL,
  group_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  rule_labels TEXT NOT NULL,
  labels TEXT NOT NULL,
  sample_labels TEXT NOT NULL,
  value REAL,
  state TEXT NOT NULL,
  active_at INTEGER NOT NULL,
  fired_at INTEGER,
  keep_firing_since INTEGER,
  resolved_at INTEGER,
  last_sent_at INTEGER,
  valid_until INTEGER NOT NULL,
  annotations TEXT NOT NULL,
  reason TEXT NOT NULL,
  missing INTEGER NOT NULL,
  PRIMARY KEY (group_file, group_name, rule, rule_labels, labels)
) WITHOUT ROWID;
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  group_file TEXT NOT NULL,
  group_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  labels TEXT NOT NULL,
  sample_labels TEXT NOT NULL,
  value REAL,
  state TEXT NOT NULL,
  active_at INTEGER NOT NULL,
  fired_at INTEGER,
  keep_firing_since INTEGER,
  resolved_at INTEGER,
  last_sent_at INTEGER,
  valid_until INTEGER NOT NULL,
  annotations TEXT NOT NULL,
  reason TEXT NOT NULL,
  missing INTEGER NOT NULL
);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_rule ON events (rule, at);
)";

/// Each leads from one version to the next. What has been released is never changed.
constexpr std::array kUpgrades = {kVersion1};

}  // namespace

std::span<const std::string_view> AlertSchema() {
  return kUpgrades;
}

Status UpgradeSchema(SqliteDatabase& database, std::span<const std::string_view> upgrades) {
  const Result<std::int64_t> version = ReadInteger(database, "PRAGMA user_version");
  if (!version) return version.error();
  const Result<std::int64_t> application = ReadInteger(database, "PRAGMA application_id");
  if (!application) return application.error();
  const Result<std::int64_t> tables = ReadInteger(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  const bool is_empty = *tables == 0 && *version == 0 && *application == 0;
  if (*application != kApplication && !is_empty) {
    return Error{ErrorCode::kInvalidInput, "this is the database of another program"};
  }
  const auto newest = static_cast<std::int64_t>(upgrades.size());
  if (*version > newest || *version < 0) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("its format has version {}, and this tocsin knows those up to {}: "
                             "start the newer one again, or remove the file",
                             *version, newest)};
  }
  if (*version == newest) return {};
  std::string script = "BEGIN IMMEDIATE;";
  for (const std::string_view upgrade : upgrades.subspan(static_cast<std::size_t>(*version))) {
    script += upgrade;
  }
  script += fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
                        kApplication, newest);
  Status upgraded = database.Execute(script);
  // Fails if the transaction has been given up already.
  if (!upgraded) static_cast<void>(database.Execute("ROLLBACK"));
  return upgraded;
}

Result<std::int64_t> ReadInteger(SqliteDatabase& database, std::string_view query) {
  Result<SqliteStatement> statement = database.Prepare(query);
  if (!statement) return statement.error();
  const Result<bool> row = statement->Step();
  if (!row) return row.error();
  return *row ? statement->Integer(0) : 0;
}

}  // namespace tocsin
