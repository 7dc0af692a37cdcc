// The tables of the file with the notifier's state, in all their versions.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/sqlite.h"

namespace tocsin::notify {

/// Statement i leads from version i of the tables to i + 1; version 0 is an empty file.
std::span<const std::string_view> NotifySchema();

/// Brings the tables of `database` up to the version that the last of `upgrades` makes, in one
/// transaction. Fails with kInvalidInput if the file is newer, or of another program.
Status UpgradeSchema(SqliteDatabase& database, std::span<const std::string_view> upgrades);

/// The number in the first column of the first row; 0 without a row.
Result<std::int64_t> ReadInteger(SqliteDatabase& database, std::string_view query);

/// Runs a statement without rows, so that it can be bound and run again.
Status Run(SqliteStatement& statement);

}  // namespace tocsin::notify
