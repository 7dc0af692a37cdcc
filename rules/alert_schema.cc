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

/// Each leads from one version to the next. What has been released is never changed.
constexpr std::array kUpgrades = {kVersion1};

}  // namespace

StateSchema AlertSchema() {
  return {.application = kApplication, .upgrades = kUpgrades};
}

}  // namespace tocsin
