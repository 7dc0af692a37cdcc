#include "notify/notify_schema.h"

#include <array>
#include <cstdint>
#include <string_view>

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

StateSchema NotifySchema() {
  return {.application = kApplication, .upgrades = kUpgrades};
}

}  // namespace tocsin::notify
