#include "base/state_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace tocsin {
namespace {

namespace fs = std::filesystem;

// docs/decisions/006-alert-state.md says why WAL and FULL. Pages that do not fit into the cache (in
// KiB) before they are committed are written twice, and each checkpoint (after so many pages of 4
// KiB) copies what has changed since the last: by default both were an eighth of what a burst of
// alerts cost. Debian's SQLite would overwrite with zeros, and so write, whatever becomes free.
constexpr const char* kSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; "
    "PRAGMA wal_autocheckpoint = 4096; PRAGMA secure_delete = OFF";

/// A million events take ten seconds and more.
constexpr Duration kLongestUpgrade = std::chrono::hours(1);

fs::path With(const fs::path& path, const char* suffix) {
  fs::path longer = path;
  longer += suffix;
  return longer;
}

Result<FileDescriptor> OpenOwn(const fs::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.ok()) return file;
  const int number = errno;
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  return Error{is_denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
               path.string() + ": " + std::generic_category().message(number)};
}

}  // namespace

Result<SqliteDatabase> OpenStateFile(const fs::path& path, const StateSchema& schema,
                                     Duration patience) {
  Result<SqliteDatabase> database = SqliteDatabase::Open(path, SqliteDatabase::Mode::kReadWrite);
  if (!database) return database;
  database->SetLimit(SystemClock().SteadyNow() + patience, {});
  if (Status set = database->Execute(kSettings); !set) return set.error();
  if (Status upgraded = UpgradeSchema(*database, schema); !upgraded) return upgraded.error();
  return database;
}

Status UpgradeSchema(SqliteDatabase& database, const StateSchema& schema) {
  const Result<std::int64_t> version = ReadInteger(database, "PRAGMA user_version");
  if (!version) return version.error();
  const Result<std::int64_t> application = ReadInteger(database, "PRAGMA application_id");
  if (!application) return application.error();
  const Result<std::int64_t> tables = ReadInteger(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  const bool is_empty = *tables == 0 && *version == 0 && *application == 0;
  if (*application != schema.application && !is_empty) {
    return Error{ErrorCode::kInvalidInput, "this is the database of another program"};
  }
  const auto newest = static_cast<std::int64_t>(schema.upgrades.size());
  if (*version > newest || *version < 0) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("its format has version {}, and this tocsin knows those up to {}: "
                             "start the newer one again, or remove the file",
                             *version, newest)};
  }
  if (*version == newest) return {};
  if (Status begun = database.Execute("BEGIN IMMEDIATE"); !begun) return begun;
  // Whoever waits for a lock loses patience; an upgrade goes through all that there is.
  database.SetLimit(SystemClock().SteadyNow() + kLongestUpgrade, {});
  std::string script;
  for (const std::string_view upgrade :
       schema.upgrades.subspan(static_cast<std::size_t>(*version))) {
    script += upgrade;
  }
  script += fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
                        schema.application, newest);
  Status upgraded = database.Execute(script);
  // Fails if the transaction has been given up already.
  if (!upgraded) static_cast<void>(database.Execute("ROLLBACK"));
  return upgraded;
}

Result<std::int64_t> ReadInteger(SqliteDatabase& database, std::string_view query) {
  Result<SqliteStatement> statement = database.Prepare(query);
  if (!statement) return statement.error();
  const Result<bool> row = statement->Step();
  if (!row) return row.error();
  return *row ? statement->Integer(0) : 0;
}

Status Run(SqliteStatement& statement) {
  const Result<bool> row = statement.Step();
  statement.Reset();
  if (!row) return row.error();
  return {};
}

Status MakeStateFile(const fs::path& path) {
  const Result<FileDescriptor> made = OpenOwn(path);
  if (!made) return made.error();
  return {};
}

Result<FileDescriptor> LockStateFile(const fs::path& path) {
  Result<FileDescriptor> lock = OpenOwn(With(path, ".lock"));
  if (lock && flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable, path.string() + " is used by another process"};
  }
  return lock;
}

fs::path PutAside(const fs::path& path) {
  std::error_code
      problem;  // Whatever cannot be moved is overwritten, or says so when it is opened.
  fs::path aside = With(path, ".damaged");
  fs::remove(With(aside, "-wal"), problem);
  fs::rename(With(path, "-wal"), With(aside, "-wal"), problem);
  fs::remove(With(path, "-shm"), problem);
  fs::rename(path, aside, problem);
  return aside;
}

}  // namespace tocsin
