#include "notify/notify_schema.h"

#include <array>
#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace tocsin::notify {
namespace {

/// "tcno": says to whom the file belongs, and that it is not alerts.db. Source: SQLite's
/// documentation, "PRAGMA application_id".
constexpr std::int64_t kApplication = 0x74636e6f;

constexpr std::string_view kVersion1 = R"(
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  key TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  notification TEXT NOT NULL
);
CREATE TABLE log (
  group_key TEXT NOT NULL,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  at INTEGER NOT NULL,
  firing TEXT NOT NULL,
  believed TEXT NOT NULL,
  resolved TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  notification TEXT NOT NULL,
  PRIMARY KEY (group_key, receiver, entry)
);
CREATE TABLE memories (
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  key TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  memory TEXT NOT NULL,
  PRIMARY KEY (receiver, entry, key)
) WITHOUT ROWID;
CREATE TABLE silences (
  id TEXT PRIMARY KEY,
  matchers TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  comment TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  event_id TEXT NOT NULL,
  group_key TEXT NOT NULL,
  key TEXT NOT NULL,
  reason TEXT NOT NULL,
  firing INTEGER NOT NULL,
  state TEXT NOT NULL,
  answer TEXT NOT NULL,
  attempt INTEGER NOT NULL
);
CREATE INDEX history_at ON history (at);
CREATE INDEX history_event ON history (event_id);
CREATE TABLE history_alerts (
  event_id TEXT NOT NULL,
  alert INTEGER NOT NULL,
  PRIMARY KEY (event_id, alert)
) WITHOUT ROWID;
CREATE INDEX history_alerts_alert ON history_alerts (alert);
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  answer TEXT NOT NULL,
  notification TEXT NOT NULL
);
)";

/// Each leads from one version to the next. What has been released is never changed.
constexpr std::array kUpgrades = {kVersion1};

}  // namespace

std::span<const std::string_view> NotifySchema() {
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

Status Run(SqliteStatement& statement) {
  const Result<bool> row = statement.Step();
  statement.Reset();
  if (!row) return row.error();
  return {};
}

}  // namespace tocsin::notify
