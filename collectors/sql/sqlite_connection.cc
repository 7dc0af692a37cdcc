#include "collectors/sql/sqlite_connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace tocsin::collectors {
namespace {

/// A collector has a closed set of statements; this only bounds a mistake.
constexpr std::size_t kMostPrepared = 256;

bool Exists(const std::string& path) {
  struct stat found = {};
  return ::stat(path.c_str(), &found) == 0;
}

Error SystemError(int number) {
  return {number == EACCES || number == EPERM ? ErrorCode::kDenied : ErrorCode::kUnavailable,
          std::system_category().message(number)};
}

void BindAll(SqliteStatement& statement, std::span<const SqlParameter> parameters) {
  int number = 0;
  for (const SqlParameter& parameter : parameters) {
    ++number;
    std::visit([&](const auto& value) { statement.Bind(number, value); }, parameter);
  }
}

/// Ends the read transaction of a statement, whatever way its reader is left.
class ResetAtExit {
 public:
  explicit ResetAtExit(SqliteStatement& statement) : statement_(statement) {}
  ~ResetAtExit() { statement_.Reset(); }
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;

 private:
  SqliteStatement& statement_;
};

}  // namespace

Result<SqlRows> SqliteConnection::Query(const std::string& statement,
                                        std::span<const SqlParameter> parameters,
                                        const Attempt& attempt) {
  Result<SqlRows> rows = QueryOpened(statement, parameters, attempt);
  if (mode_ == SqliteDatabase::Mode::kImmutable && is_open()) {
    const Result<FileState> file = LookAtFile();
    if (!file || IsStale(*file)) {
      Close();
      rows = QueryOpened(statement, parameters, attempt);
    }
  }
  if (!rows) return rows.error().Within("reading " + path_.string());
  return rows;
}

Result<SqlRows> SqliteConnection::QueryOpened(const std::string& statement,
                                              std::span<const SqlParameter> parameters,
                                              const Attempt& attempt) {
  if (attempt.stop.stop_requested() || std::chrono::steady_clock::now() >= attempt.deadline) {
    return Error{ErrorCode::kTimeout, "no time was left for the statement"};
  }
  if (const Status opened = EnsureOpen(); !opened) return opened.error();
  database_->SetLimit(attempt.deadline, attempt.stop);
  Result<SqlRows> rows = Run(statement, parameters);
  if (rows || rows.error().code != ErrorCode::kUnavailable) return rows;
  const bool was_locked = mode_ == SqliteDatabase::Mode::kReadOnly;
  Close();
  if (!was_locked || HasCompanion()) return rows;

  // A database in WAL mode that nobody has open: see the class comment.
  const Result<FileState> file = LookAtFile();
  if (!file) return file.error();
  if (const Status opened = Open(SqliteDatabase::Mode::kImmutable, *file); !opened) {
    return opened.error();
  }
  database_->SetLimit(attempt.deadline, attempt.stop);
  return Run(statement, parameters);
}

/// What the file is now. By stat() and access() only: opening the file and closing it again would
/// drop the locks that another SQLite connection of this process holds on it (fcntl(2)).
Result<SqliteConnection::FileState> SqliteConnection::LookAtFile() const {
  struct stat found = {};
  if (::stat(path_.c_str(), &found) != 0) return SystemError(errno);
  if (!S_ISREG(found.st_mode)) return Error{ErrorCode::kUnavailable, "not a regular file"};
  if (::access(path_.c_str(), R_OK) != 0) return SystemError(errno);
  return FileState{found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                   found.st_mtim.tv_nsec};
}

/// Whether a writer has left or holds something beside the file, without which it is not whole.
bool SqliteConnection::HasCompanion() const {
  return Exists(path_.string() + "-wal") || Exists(path_.string() + "-journal");
}

bool SqliteConnection::IsStale(const FileState& file) const {
  if (file.device != opened_.device || file.inode != opened_.inode) return true;
  if (mode_ != SqliteDatabase::Mode::kImmutable) return false;
  return HasCompanion() || file.size != opened_.size ||
         file.modified_seconds != opened_.modified_seconds ||
         file.modified_nanoseconds != opened_.modified_nanoseconds;
}

Status SqliteConnection::EnsureOpen() {
  const Result<FileState> file = LookAtFile();
  if (!file) {
    Close();
    return file.error();
  }
  if (is_open() && IsStale(*file)) Close();
  if (is_open()) return {};
  return Open(SqliteDatabase::Mode::kReadOnly, *file);
}

Status SqliteConnection::Open(SqliteDatabase::Mode mode, const FileState& file) {
  Result<SqliteDatabase> database = SqliteDatabase::Open(path_, mode);
  if (!database) return database.error();
  database_.emplace(std::move(*database));
  mode_ = mode;
  opened_ = file;
  ++generation_;
  return {};
}

void SqliteConnection::Close() {
  statements_.clear();
  database_.reset();
}

Result<SqliteStatement*> SqliteConnection::Prepared(const std::string& statement) {
  if (const auto found = statements_.find(statement); found != statements_.end()) {
    return &found->second;
  }
  Result<SqliteStatement> prepared = database_->Prepare(statement);
  if (!prepared) return prepared.error();
  if (statements_.size() >= kMostPrepared) statements_.clear();
  return &statements_.emplace(statement, std::move(*prepared)).first->second;
}

Result<SqlRows> SqliteConnection::Run(const std::string& statement,
                                      std::span<const SqlParameter> parameters) {
  const Result<SqliteStatement*> prepared = Prepared(statement);
  if (!prepared) return prepared.error();
  SqliteStatement& running = **prepared;
  const ResetAtExit reset(running);
  BindAll(running, parameters);
  const int columns = running.columns();
  SqlRows rows(static_cast<std::size_t>(columns));
  for (;;) {
    const Result<bool> row = running.Step();
    if (!row) return row.error();
    if (!*row) return rows;
    if (rows.size() == kMostRows) {
      return Error{ErrorCode::kTooLarge, "more than " + std::to_string(kMostRows) + " rows"};
    }
    for (int column = 0; column < columns; ++column) {
      if (running.IsNull(column)) {
        rows.Append(std::nullopt);
      } else {
        rows.Append(running.Text(column));
      }
    }
  }
}

}  // namespace tocsin::collectors
