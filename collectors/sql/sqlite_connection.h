// SqlConnection over the file of another program's SQLite database.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/sqlite.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors {

/// Reads a SQLite file that others write, without getting in their way: the file is never created
/// or locked for writing, and nothing is ever created beside it. A lock that a writer holds is
/// waited for until the deadline. A file that was replaced by another is opened anew at the next
/// statement.
///
/// A database in WAL mode has two files beside it, `-wal` and `-shm`, while a program has it open.
/// SQLite insists on them, and would create them even for a reader: under our user, and so lock out
/// their owner. When they are missing nobody writes and the file alone is whole: it is then read as
/// an immutable file. If it turns out afterwards that a writer came meanwhile, the answer is thrown
/// away and the statement run once more. A log whose `-shm` is missing (a copy of a database in
/// use) cannot be read without creating one: that is kUnavailable.
///
/// Errors are those of SqlConnection; a missing file is kUnavailable, an unreadable one kDenied.
/// Reading blocks: a dead network file system can hold Query() beyond its deadline, so the file
/// must be on a local disk, as SQLite's locking asks for anyway.
class SqliteConnection final : public SqlConnection {
 public:
  /// Opens nothing yet.
  explicit SqliteConnection(std::filesystem::path path) : path_(std::move(path)) {}
  ~SqliteConnection() override { Close(); }

  Result<SqlRows> Query(const std::string& statement, std::span<const SqlParameter> parameters,
                        const Attempt& attempt) override;
  bool is_open() const override { return database_.has_value(); }
  std::uint64_t generation() const override { return generation_; }

 private:
  /// What the file and those beside it look like from outside.
  struct FileState {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_seconds = 0;
    std::int64_t modified_nanoseconds = 0;
    std::uint64_t wal_inode = 0;  ///< 0: there is none.
    std::int64_t wal_size = 0;
    bool has_shm = false;
    bool has_journal = false;  ///< A writer without WAL is at work, or has crashed.
    bool operator==(const FileState&) const = default;
  };

  Result<FileState> LookAtFile() const;
  bool IsStale(const FileState& file) const;
  Status EnsureOpen();
  void Close();
  Result<SqlRows> QueryOpened(const std::string& statement,
                              std::span<const SqlParameter> parameters, const Attempt& attempt);
  Result<SqlRows> Run(const std::string& statement, std::span<const SqlParameter> parameters);
  Result<SqliteStatement*> Prepared(const std::string& statement);

  const std::filesystem::path path_;
  std::optional<SqliteDatabase> database_;
  SqliteDatabase::Mode mode_ = SqliteDatabase::Mode::kReadOnly;
  FileState opened_;
  std::unordered_map<std::string, SqliteStatement> statements_;  // Closed before `database_`.
  std::uint64_t generation_ = 0;
};

}  // namespace tocsin::collectors
