// SQLite with owners and errors: the one place that sees its C interface.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin {

/// A prepared statement. Must not outlive its database. One thread at a time.
///
///     statement->Bind(1, id);
///     for (;;) {
///       const Result<bool> row = statement->Step();
///       if (!row) return row.error();
///       if (!*row) break;
///       use(statement->Text(0));
///     }
///
/// Between the first Step() and the last, or Reset(), the statement holds a read transaction open.
class SqliteStatement {
 public:
  /// Binds parameter `$number`, or `?number` where the statement has no `$number`; from 1. A number
  /// that the statement does not mention is ignored, as a parameter may serve one branch of it
  /// only.
  void Bind(int number, std::nullptr_t);
  void Bind(int number, std::int64_t value);
  void Bind(int number, double value);
  void Bind(int number, std::string_view text);  ///< Copied.
  /// Not copied: the text must stay until the statement has run. For what is run often.
  void BindBorrowed(int number, std::string_view text);

  /// Moves to the next row: false after the last. Statements without rows run at the first call.
  /// Fails with the codes of SqliteDatabase.
  Result<bool> Step();
  /// Ends the execution, so that Step() begins anew. Bound values stay.
  void Reset();

  int columns() const;
  std::string Name(int column) const;  ///< As the statement or the table calls the column.
  bool IsNull(int column) const;
  std::int64_t Integer(int column) const;  ///< Converted as SQLite does; 0 for NULL.
  double Number(int column) const;
  /// The value as text: numbers as FormatNumber() writes them, blobs byte by byte, "" for NULL.
  /// Owned by the caller, unlike the value itself, which goes with the next step.
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement);
  int IndexOf(int number) const;

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  /// Of each number what SQLite calls its parameter; 0 where there is none.
  std::vector<int> indices_;
};

/// One connection to one SQLite file. One thread at a time.
///
/// Errors: kNotFound (no such table, column or function), kTimeout (locked by another until the
/// deadline, or interrupted), kUnavailable (cannot be opened, disk full, I/O error), kDenied (file
/// permissions), kCorrupt (not a database, or a damaged one), kTooLarge (SQLite's limits),
/// kInvalidInput (anything else that SQLite refuses).
class SqliteDatabase {
 public:
  enum class Mode {
    kReadWrite,  ///< Created if missing.
    kReadOnly,   ///< Writes nothing; only SQLite itself creates a missing `-wal` in WAL mode.
    kImmutable,  ///< Also takes no locks: for a file that nobody writes.
  };

  /// Opens a file; ":memory:" is a database of its own. SQLite reads nothing before the first
  /// statement, so a file that is no database is only found then.
  static Result<SqliteDatabase> Open(const std::filesystem::path& path, Mode mode);

  SqliteDatabase(SqliteDatabase&&) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&&) noexcept;
  ~SqliteDatabase();

  Result<SqliteStatement> Prepare(std::string_view statement);

  /// Runs one or several statements separated by semicolons, without rows.
  Status Execute(const std::string& script);

  /// From now on, what runs fails with kTimeout once `deadline` has passed or `stop` was requested,
  /// waits for locks included. Without it a locked database fails at once.
  void SetLimit(SteadyPoint deadline, std::stop_token stop);

  /// Whether the file's header says that its writers keep a log beside it. Locks nothing, so that
  /// it can be asked before the first statement; false for a file that is no database. Read through
  /// SQLite, because a process that closes a file of its own drops the locks that SQLite has on it.
  bool IsInWalMode() const;

  /// Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;

 private:
  struct Limit;
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  SqliteDatabase(std::unique_ptr<Limit> limit, std::unique_ptr<sqlite3, Closer> database);

  std::unique_ptr<Limit> limit_;  // Known to SQLite by address, and so outlives `database_`.
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace tocsin
