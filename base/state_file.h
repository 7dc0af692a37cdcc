// SQLite files in which tocsin keeps state of its own.

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/sqlite.h"

namespace tocsin {

/// The tables of one kind of file, in all their versions. Constants.
struct StateSchema {
  /// Says to whom a file belongs. Source: SQLite's documentation, "PRAGMA application_id".
  std::int64_t application = 0;
  /// Statement i leads from version i of the tables to i + 1; version 0 is an empty file.
  std::span<const std::string_view> upgrades = {};
};

/// Opens a file of `schema`, upgraded if it is older, for one that writes it: what has been
/// committed is on the disk. Waits up to `patience` for somebody who has the file locked. Fails as
/// SqliteDatabase::Open() and UpgradeSchema() do.
Result<SqliteDatabase> OpenStateFile(const std::filesystem::path& path, const StateSchema& schema,
                                     Duration patience);

/// Brings the tables of `database` up to the newest version, in one transaction. That may take its
/// time: the limit of `database` is only for the lock, and is another one afterwards. Fails with
/// kInvalidInput if the file is newer, or of another program.
Status UpgradeSchema(SqliteDatabase& database, const StateSchema& schema);

/// The number in the first column of the first row; 0 without a row.
Result<std::int64_t> ReadInteger(SqliteDatabase& database, std::string_view query);

/// Runs a statement without rows, so that it can be bound and run again.
Status Run(SqliteStatement& statement);

/// Makes the file if it is not there, so that only its owner can read it. Before SQLite opens it:
/// closing a file of its own, a process drops the locks that SQLite has on it. Fails with kDenied
/// or kUnavailable.
Status MakeStateFile(const std::filesystem::path& path);

/// Keeps a second process away from the file, as long as the descriptor lives, by a lock on a file
/// beside it. Fails with kUnavailable or kDenied.
Result<FileDescriptor> LockStateFile(const std::filesystem::path& path);

/// Renames a damaged file to `PATH.damaged`, with its log, without which SQLite would not read it
/// as it was. Returns where it is now.
std::filesystem::path PutAside(const std::filesystem::path& path);

}  // namespace tocsin
