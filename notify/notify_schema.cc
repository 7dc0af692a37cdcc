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

/// A notification stands once: a delivery refers to the log. Rows are numbered in the order in
/// which they come, so that a burst is written beside what was written before; no index is of
/// random texts, and last_ids takes the place of AUTOINCREMENT, which writes a row more for each.
constexpr std::string_view kVersion2 = R"(
CREATE TABLE last_ids (
  delivery INTEGER NOT NULL,
  record INTEGER NOT NULL
);
INSERT INTO last_ids VALUES (
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0),
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'history'), 0)
);
ALTER TABLE outbox RENAME TO outbox_1;
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  receiver TEXT,
  entry TEXT,
  key TEXT,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  notification TEXT
);
INSERT INTO outbox SELECT id, receiver, entry, key, created_at, attempts, notification
  FROM outbox_1;
DROP TABLE outbox_1;
ALTER TABLE log RENAME TO log_1;
CREATE TABLE log (
  id INTEGER PRIMARY KEY,
  group_key TEXT NOT NULL,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  at INTEGER NOT NULL,
  firing TEXT NOT NULL,
  believed TEXT NOT NULL,
  resolved TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  notification TEXT
);
INSERT INTO log SELECT delivery + log_1.rowid, group_key, receiver, entry, at, firing, believed,
  resolved, expires_at, nullif(notification, '') FROM log_1, last_ids;
DROP TABLE log_1;
UPDATE last_ids SET delivery = max(delivery, coalesce((SELECT max(id) FROM log), 0));
ALTER TABLE history RENAME TO history_1;
ALTER TABLE history_alerts RENAME TO history_alerts_1;
DROP INDEX history_at;
DROP INDEX history_alerts_alert;
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  receiver TEXT NOT NULL,
  entry TEXT NOT NULL,
  event_id TEXT NOT NULL,
  group_key TEXT NOT NULL,
  key TEXT,
  reason TEXT NOT NULL,
  firing INTEGER NOT NULL,
  state TEXT NOT NULL,
  answer TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  alert INTEGER,
  event INTEGER
);
CREATE TABLE history_alerts (
  event INTEGER NOT NULL,
  alert INTEGER NOT NULL,
  PRIMARY KEY (event, alert)
) WITHOUT ROWID;
INSERT INTO history SELECT id, at, receiver, entry, event_id, group_key, nullif(key, group_key),
  reason, firing, state, answer, attempt,
  (SELECT CASE count(*) WHEN 1 THEN min(alert) END FROM history_alerts_1 AS alerts
    WHERE alerts.event_id = history_1.event_id),
  NULL FROM history_1 ORDER BY id;
UPDATE history SET event =
  (SELECT min(id) FROM history_1 WHERE history_1.event_id = history.event_id)
  WHERE alert IS NULL;
INSERT INTO history_alerts SELECT event, alerts.alert FROM history
  JOIN history_alerts_1 AS alerts USING (event_id) WHERE history.id = event ORDER BY 1, 2;
DROP TABLE history_alerts_1;
DROP TABLE history_1;
CREATE INDEX history_at ON history (at);
CREATE INDEX history_alert ON history (alert) WHERE alert IS NOT NULL;
CREATE INDEX history_event ON history (event) WHERE event IS NOT NULL;
CREATE INDEX history_alerts_alert ON history_alerts (alert);
)";

/// Each leads from one version to the next. What has been released is never changed.
constexpr std::array kUpgrades = {kVersion1, kVersion2};

}  // namespace

StateSchema NotifySchema() {
  return {.application = kApplication, .upgrades = kUpgrades};
}

}  // namespace tocsin::notify
