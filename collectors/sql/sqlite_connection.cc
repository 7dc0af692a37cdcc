#include "collectors/sql/sqlite_connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace tocsin::collectors {
namespace {

/// A collector has a closed set of statements; this only bounds a mistake.
constexpr std::size_t kMostPrepared = 256;

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
  if (IsOver(attempt)) {
    return Error{ErrorCode::kTimeout, "no time was left for the statement"};
  }
  if (const Status opened = EnsureOpen(); !opened) return opened.error();
  database_->SetLimit(attempt.deadline, attempt.stop);
  Result<SqlRows> rows = Run(statement, parameters);
  if (!rows && rows.error().code == ErrorCode::kUnavailable) Close();
  return rows;
}

Result<SqliteConnection::FileState> SqliteConnection::LookAtFile() const {
  const auto look = [](const std::string& path, struct stat& found) {
    return ::stat(path.c_str(), &found) == 0;
  };
  const std::string path = path_.string();
  struct stat main = {};
  struct stat beside = {};
  if (!look(path, main)) return SystemError(errno);
  if (!S_ISREG(main.st_mode)) return Error{ErrorCode::kUnavailable, "not a regular file"};
  if (::access(path.c_str(), R_OK) != 0) return SystemError(errno);
  FileState file = {.device = main.st_dev,
                    .inode = main.st_ino,
                    .size = main.st_size,
                    .modified_seconds = main.st_mtim.tv_sec,
                    .modified_nanoseconds = main.st_mtim.tv_nsec};
  file.has_shm = look(path + "-shm", beside);
  file.has_journal = look(path + "-journal", beside);
  if (look(path + "-wal", beside)) {
    file.wal_inode = beside.st_ino;
    file.wal_size = beside.st_size;
  }
  return file;
}

bool SqliteConnection::IsStale(const FileState& file) const {
  if (mode_ == SqliteDatabase::Mode::kImmutable) return file != opened_;
  return file.device != opened_.device || file.inode != opened_.inode ||
         file.wal_inode != opened_.wal_inode;
}

Status SqliteConnection::EnsureOpen() {
  const Result<FileState> file = LookAtFile();
  if (!file) {
    Close();
    return file.error();
  }
  if (is_open() && IsStale(*file)) Close();
  if (is_open()) return {};
  SqliteDatabase::Mode mode = SqliteDatabase::Mode::kReadOnly;
  Result<SqliteDatabase> database = SqliteDatabase::Open(path_, mode);
  const bool has_writer = file->wal_size > 0 || file->has_shm || file->has_journal;
  if (database && !has_writer && database->IsInWalMode()) {
    mode = SqliteDatabase::Mode::kImmutable;
    database = SqliteDatabase::Open(path_, mode);
  }
  if (!database) return database.error();
  database_.emplace(std::move(*database));
  mode_ = mode;
  opened_ = *file;
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
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) names.push_back(running.Name(column));
  SqlRows rows(std::move(names));
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
