#include "rules/alert_schema.h"

#include <array>
#include <cstdint>
#include <string_view>

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

/// Rows become packs and batches of one, byte by byte, so that one that makes no sense costs only
/// itself. Labels that the sample of an alert does not have are taken away by null. What is NULL is
/// left out; of a value, 17 digits say which number it is.
constexpr std::string_view kVersion2 = R"(
CREATE TABLE alert_packs (
  id INTEGER PRIMARY KEY,
  group_file TEXT NOT NULL,
  group_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  rule_labels TEXT NOT NULL,
  alerts TEXT NOT NULL
);
INSERT INTO alert_packs (group_file, group_name, rule, rule_labels, alerts)
  SELECT group_file, group_name, rule, rule_labels,
    '[{"labels":' || labels || ',"sample":' ||
    CASE WHEN json_valid(labels) AND json_valid(sample_labels) THEN json_patch(
      (SELECT json_group_object(key, NULL) FROM json_each(labels)
        WHERE key NOT IN (SELECT key FROM json_each(sample_labels))), sample_labels)
    ELSE sample_labels END ||
    CASE WHEN value IS NULL THEN '' ELSE ',"value":"' || printf('%!.17g', value) || '"' END ||
    ',"state":"' || state || '","active":' || active_at ||
    coalesce(',"fired":' || fired_at, '') || coalesce(',"keep":' || keep_firing_since, '') ||
    coalesce(',"resolved":' || resolved_at, '') || coalesce(',"sent":' || last_sent_at, '') ||
    ',"until":' || valid_until || ',"annotations":' || annotations ||
    ',"reason":"' || reason || '","missing":' || missing || '}]'
  FROM alerts;
DROP TABLE alerts;
CREATE VIEW alerts (
  group_file, group_name, rule, rule_labels, labels, sample_labels, value, state, active_at,
  fired_at, keep_firing_since, resolved_at, last_sent_at, valid_until, annotations, reason, missing
) AS SELECT
  packs.group_file, packs.group_name, packs.rule, packs.rule_labels,
  coalesce(json_extract(alert.value, '$.labels'), '{}'),
  json_patch(coalesce(json_extract(alert.value, '$.labels'), '{}'),
    coalesce(json_extract(alert.value, '$.sample'), '{}')),
  CASE json_extract(alert.value, '$.value')
    WHEN '+Inf' THEN 9e999 WHEN 'Inf' THEN 9e999 WHEN '-Inf' THEN -9e999
    ELSE CAST(json_extract(alert.value, '$.value') AS REAL) END,
  json_extract(alert.value, '$.state'),
  json_extract(alert.value, '$.active'),
  json_extract(alert.value, '$.fired'),
  json_extract(alert.value, '$.keep'),
  json_extract(alert.value, '$.resolved'),
  json_extract(alert.value, '$.sent'),
  json_extract(alert.value, '$.until'),
  coalesce(json_extract(alert.value, '$.annotations'), '{}'),
  json_extract(alert.value, '$.reason'),
  coalesce(json_extract(alert.value, '$.missing'), 0)
FROM alert_packs AS packs,
  json_each(CASE WHEN json_valid(packs.alerts) THEN packs.alerts ELSE '[]' END) AS alert
WHERE CASE WHEN alert.type = 'object' THEN
  coalesce(json_type(alert.value, '$.labels'), 'object') = 'object' AND
  coalesce(json_type(alert.value, '$.sample'), 'object') = 'object' END;

CREATE TABLE event_batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  count INTEGER NOT NULL,
  at INTEGER NOT NULL,
  group_file TEXT NOT NULL,
  group_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  events TEXT NOT NULL
);
INSERT INTO event_batches (id, count, at, group_file, group_name, rule, events)
  SELECT id, 1, at, group_file, group_name, rule,
    '[{"kind":"' || kind || '","labels":' || labels || ',"sample":' ||
    CASE WHEN json_valid(labels) AND json_valid(sample_labels) THEN json_patch(
      (SELECT json_group_object(key, NULL) FROM json_each(labels)
        WHERE key NOT IN (SELECT key FROM json_each(sample_labels))), sample_labels)
    ELSE sample_labels END ||
    CASE WHEN value IS NULL THEN '' ELSE ',"value":"' || printf('%!.17g', value) || '"' END ||
    ',"state":"' || state || '","active":' || active_at ||
    coalesce(',"fired":' || fired_at, '') || coalesce(',"keep":' || keep_firing_since, '') ||
    coalesce(',"resolved":' || resolved_at, '') || coalesce(',"sent":' || last_sent_at, '') ||
    ',"until":' || valid_until || ',"annotations":' || annotations ||
    ',"reason":"' || reason || '","missing":' || missing || '}]'
  FROM events ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'event_batches';
INSERT INTO sqlite_sequence (name, seq)
  SELECT 'event_batches', seq FROM sqlite_sequence WHERE name = 'events';
DROP TABLE events;
CREATE INDEX event_batches_at ON event_batches (at);
CREATE INDEX event_batches_rule ON event_batches (rule, at);
CREATE VIEW events (
  id, at, kind, group_file, group_name, rule, labels, sample_labels, value, state, active_at,
  fired_at, keep_firing_since, resolved_at, last_sent_at, valid_until, annotations, reason, missing
) AS SELECT
  batches.id - batches.count + 1 + event.key, batches.at, json_extract(event.value, '$.kind'),
  batches.group_file, batches.group_name, batches.rule,
  coalesce(json_extract(event.value, '$.labels'), '{}'),
  json_patch(coalesce(json_extract(event.value, '$.labels'), '{}'),
    coalesce(json_extract(event.value, '$.sample'), '{}')),
  CASE json_extract(event.value, '$.value')
    WHEN '+Inf' THEN 9e999 WHEN 'Inf' THEN 9e999 WHEN '-Inf' THEN -9e999
    ELSE CAST(json_extract(event.value, '$.value') AS REAL) END,
  json_extract(event.value, '$.state'),
  json_extract(event.value, '$.active'),
  json_extract(event.value, '$.fired'),
  json_extract(event.value, '$.keep'),
  json_extract(event.value, '$.resolved'),
  json_extract(event.value, '$.sent'),
  json_extract(event.value, '$.until'),
  coalesce(json_extract(event.value, '$.annotations'), '{}'),
  json_extract(event.value, '$.reason'),
  coalesce(json_extract(event.value, '$.missing'), 0)
FROM event_batches AS batches,
  json_each(CASE WHEN json_valid(batches.events) THEN batches.events ELSE '[]' END) AS event
WHERE CASE WHEN event.type = 'object' THEN
  coalesce(json_type(event.value, '$.labels'), 'object') = 'object' AND
  coalesce(json_type(event.value, '$.sample'), 'object') = 'object' END;
)";

/// Each leads from one version to the next. What has been released is never changed.
constexpr std::array kUpgrades = {kVersion1, kVersion2};

}  // namespace

StateSchema AlertSchema() {
  return {.application = kApplication, .upgrades = kUpgrades};
}

}  // namespace tocsin
