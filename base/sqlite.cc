#include "base/sqlite.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include <sqlite3.h>

#include "base/number.h"

namespace tocsin {
namespace {

/// How many of SQLite's virtual machine instructions run between two looks at the clock.
constexpr int kInstructionsPerCheck = 1000;
constexpr Duration kLongestLockWait{25};

ErrorCode CodeOf(int extended, std::string_view message) {
  // The reasons why a file cannot be opened for reading only come under SQLITE_READONLY, as do
  // attempts to write.
  if (extended == SQLITE_READONLY_ROLLBACK || extended == SQLITE_READONLY_RECOVERY ||
      extended == SQLITE_READONLY_CANTINIT || extended == SQLITE_READONLY_CANTLOCK) {
    return ErrorCode::kUnavailable;
  }
  switch (extended & 0xff) {
    case SQLITE_ERROR:
      return message.starts_with("no such ") ? ErrorCode::kNotFound : ErrorCode::kInvalidInput;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT: return ErrorCode::kTimeout;
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA: return ErrorCode::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorCode::kDenied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kCorrupt;
    case SQLITE_TOOBIG: return ErrorCode::kTooLarge;
    default: return ErrorCode::kInvalidInput;
  }
}

Error LastError(sqlite3* database) {
  std::string message = sqlite3_errmsg(database);
  const int extended = sqlite3_extended_errcode(database);
  const int primary = extended & 0xff;
  const int system_error = sqlite3_system_errno(database);
  if ((primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR) && system_error != 0) {
    message += ": " + std::system_category().message(system_error);
  }
  return {CodeOf(extended, message), std::move(message)};
}

/// `path` as a URI for SQLite, in which '?' and '#' have a meaning and '%' escapes.
std::string UriOf(const std::filesystem::path& path) {
  std::error_code ignored;  // Without a current folder the path stays as it was.
  const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  std::string uri = "file://";
  for (const char c : (absolute.empty() ? path : absolute).string()) {
    switch (c) {
      case '%': uri += "%25"; break;
      case '?': uri += "%3f"; break;
      case '#': uri += "%23"; break;
      default: uri += c;
    }
  }
  return uri;
}

/// Counting what it allocates, which nobody asks for, costs SQLite a lock each time. Takes effect
/// before SQLite's first use only.
void DoNotCountMemory() {
  static const int kOutcome = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(kOutcome);
}

/// The number that a parameter is called by, or 0 if it has another name.
std::size_t NumberOf(std::string_view name) {
  constexpr std::size_t kMost = 32766;  // SQLite's own limit.
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  return is_number && number <= kMost ? number : 0;
}

void BindText(sqlite3_stmt* statement, int index, std::string_view text,
              sqlite3_destructor_type lifetime) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      lifetime, SQLITE_UTF8);
}

}  // namespace

struct SqliteDatabase::Limit {
  SteadyPoint deadline = SteadyPoint::min();
  std::stop_token stop;
  bool is_set = false;
  std::mutex mutex;  // Only what the condition variable asks for: nothing is shared.
  std::condition_variable_any never_notified;

  bool IsOver() const {
    return is_set && (stop.stop_requested() || SystemClock().SteadyNow() >= deadline);
  }

  /// SQLite's busy handler: whether to try again for the lock.
  static int OnBusy(void* self, int earlier_calls) {
    auto& limit = *static_cast<Limit*>(self);
    if (!limit.is_set || limit.IsOver()) return 0;
    const Duration wait = std::min(Duration(1 << std::min(earlier_calls, 8)), kLongestLockWait);
    std::unique_lock lock(limit.mutex);
    limit.never_notified.wait_for(lock, limit.stop, wait, [] { return false; });
    return limit.IsOver() ? 0 : 1;
  }

  /// SQLite's progress handler: whether to interrupt.
  static int OnProgress(void* self) { return static_cast<Limit*>(self)->IsOver() ? 1 : 0; }
};

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement::SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {
  // "$2" is a name to SQLite, and names are numbered in the order of their appearance. They are
  // looked up here once, and not for each row, since that compares texts.
  const int count = sqlite3_bind_parameter_count(statement);
  for (const char sign : {'?', '$'}) {
    for (int index = 1; index <= count; ++index) {
      const char* const name = sqlite3_bind_parameter_name(statement, index);
      if (name == nullptr || *name != sign) continue;
      const std::size_t number = NumberOf(name + 1);
      if (number == 0) continue;
      if (indices_.size() <= number) indices_.resize(number + 1);
      indices_[number] = index;
    }
  }
}

int SqliteStatement::IndexOf(int number) const {
  const auto at = static_cast<std::size_t>(number);
  return at < indices_.size() ? indices_[at] : 0;
}

void SqliteStatement::Bind(int number, std::nullptr_t) {
  if (const int index = IndexOf(number); index != 0) sqlite3_bind_null(statement_.get(), index);
}

void SqliteStatement::Bind(int number, std::int64_t value) {
  if (const int index = IndexOf(number); index != 0) {
    sqlite3_bind_int64(statement_.get(), index, value);
  }
}

void SqliteStatement::Bind(int number, double value) {
  if (const int index = IndexOf(number); index != 0) {
    sqlite3_bind_double(statement_.get(), index, value);
  }
}

void SqliteStatement::Bind(int number, std::string_view text) {
  if (const int index = IndexOf(number); index != 0) {
    BindText(statement_.get(), index, text, SQLITE_TRANSIENT);
  }
}

void SqliteStatement::BindBorrowed(int number, std::string_view text) {
  if (const int index = IndexOf(number); index != 0) {
    BindText(statement_.get(), index, text, SQLITE_STATIC);
  }
}

Result<bool> SqliteStatement::Step() {
  const int outcome = sqlite3_step(statement_.get());
  if (outcome == SQLITE_ROW) return true;
  if (outcome == SQLITE_DONE) return false;
  Error error = LastError(sqlite3_db_handle(statement_.get()));
  Reset();
  return error;
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
}

int SqliteStatement::columns() const {
  return sqlite3_column_count(statement_.get());
}

std::string SqliteStatement::Name(int column) const {
  const char* const name = sqlite3_column_name(statement_.get(), column);
  return name == nullptr ? "" : name;  // Null only without memory.
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double SqliteStatement::Number(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string SqliteStatement::Text(int column) const {
  // SQLite's own conversion keeps 15 digits, which do not always read back as the same number.
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_FLOAT) {
    return FormatNumber(Number(column));
  }
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void SqliteDatabase::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<Limit> limit,
                               std::unique_ptr<sqlite3, Closer> database)
    : limit_(std::move(limit)), database_(std::move(database)) {}

SqliteDatabase::SqliteDatabase(SqliteDatabase&&) noexcept = default;

SqliteDatabase& SqliteDatabase::operator=(SqliteDatabase&& other) noexcept {
  database_ = std::move(other.database_);  // Before the limit that it refers to.
  limit_ = std::move(other.limit_);
  return *this;
}

SqliteDatabase::~SqliteDatabase() = default;

Result<SqliteDatabase> SqliteDatabase::Open(const std::filesystem::path& path, Mode mode) {
  DoNotCountMemory();
  // The connection belongs to one thread at a time, so SQLite need not lock for us.
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  std::string name = path.string();
  if (mode == Mode::kReadWrite) {
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  } else {
    flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    name = UriOf(path) + (mode == Mode::kImmutable ? "?immutable=1" : "?mode=ro&readonly_shm=1");
  }
  sqlite3* raw = nullptr;
  const int outcome = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
  std::unique_ptr<sqlite3, Closer> database(raw);
  if (raw == nullptr) return Error{ErrorCode::kUnavailable, "out of memory"};
  if (outcome != SQLITE_OK) return LastError(raw);
  auto limit = std::make_unique<Limit>();
  sqlite3_busy_handler(raw, &Limit::OnBusy, limit.get());
  sqlite3_progress_handler(raw, kInstructionsPerCheck, &Limit::OnProgress, limit.get());
  return SqliteDatabase(std::move(limit), std::move(database));
}

Result<SqliteStatement> SqliteDatabase::Prepare(std::string_view statement) {
  sqlite3_stmt* raw = nullptr;
  const int outcome =
      sqlite3_prepare_v3(database_.get(), statement.data(), static_cast<int>(statement.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (outcome != SQLITE_OK) return LastError(database_.get());
  if (raw == nullptr) return Error{ErrorCode::kInvalidInput, "the statement is empty"};
  return SqliteStatement(raw);
}

Status SqliteDatabase::Execute(const std::string& script) {
  if (sqlite3_exec(database_.get(), script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return LastError(database_.get());
  }
  return {};
}

void SqliteDatabase::SetLimit(SteadyPoint deadline, std::stop_token stop) {
  limit_->deadline = deadline;
  limit_->stop = std::move(stop);
  limit_->is_set = true;
}

bool SqliteDatabase::IsInWalMode() const {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
          SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr) {
    return false;
  }
  // The read and the write version. Source: SQLite's documentation, "Database File Format".
  constexpr sqlite3_int64 kVersionsAt = 18;
  constexpr std::array<unsigned char, 2> kWalVersions = {2, 2};
  std::array<unsigned char, 2> versions = {};
  return file->pMethods->xRead(file, versions.data(), static_cast<int>(versions.size()),
                               kVersionsAt) == SQLITE_OK &&
         versions == kWalVersions;
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(database_.get());
}

}  // namespace tocsin
