#include "collectors/sql/sqlite_connection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "tests/collectors/sql/attempt_for.h"

namespace tocsin::collectors {
namespace {

using Mode = SqliteDatabase::Mode;

/// A folder of its own for the file of a test.
struct Fixture {
  Fixture() {
    std::string name = (std::filesystem::temp_directory_path() / "tocsin-sqlite-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    file = folder / "a b%3f#?.db";  // Characters that mean something in a URI.
  }
  ~Fixture() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  SqliteDatabase Write(const std::string& script) const {
    Result<SqliteDatabase> database = SqliteDatabase::Open(file, Mode::kReadWrite);
    BOOST_REQUIRE(database);
    BOOST_REQUIRE(database->Execute(script));
    return std::move(*database);
  }

  std::ptrdiff_t CountFiles() const {
    return std::distance(std::filesystem::directory_iterator(folder), {});
  }

  std::filesystem::path folder;
  std::filesystem::path file;
};

void CheckAnswers(SqlConnection& connection, const std::string& expected) {
  const Result<SqlRows> rows = connection.Query("SELECT max(id) FROM item", {}, LongAttempt());
  BOOST_REQUIRE_MESSAGE(rows, (rows ? "" : rows.error().message));
  BOOST_TEST(rows->Text(0, 0) == expected);
}

void CheckFails(SqlConnection& connection, ErrorCode code, const std::string& reason) {
  const Result<SqlRows> rows =
      connection.Query("SELECT max(id) FROM item", {}, AttemptFor(Duration(200)));
  BOOST_REQUIRE(!rows);
  BOOST_TEST_INFO(rows.error().message);
  BOOST_TEST((rows.error().code == code));
  BOOST_TEST(rows.error().message.find(reason) != std::string::npos);
}

/// Whether this process holds a lock on `file`, as another process sees it.
bool IsLockedAsOthersSeeIt(const std::filesystem::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool asked = descriptor >= 0 && ::fcntl(descriptor, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 1 : 0);
  }
  int status = 0;
  BOOST_REQUIRE(child > 0 && ::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

constexpr const char* kOneItem = "CREATE TABLE item (id int); INSERT INTO item VALUES (1)";
constexpr const char* kOneItemInWal =
    "PRAGMA journal_mode = WAL; CREATE TABLE item (id int); INSERT INTO item VALUES (1)";

BOOST_FIXTURE_TEST_SUITE(sqlite_connection_test, Fixture)

BOOST_AUTO_TEST_CASE(MissingFileIsUnavailableAndNotCreated) {
  SqliteConnection connection(file);
  CheckFails(connection, ErrorCode::kUnavailable, "No such file or directory");
  BOOST_TEST(CountFiles() == 0);
  Write(kOneItem);
  CheckAnswers(connection, "1");
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(NoDatabaseIsCorrupt) {
  std::ofstream(file) << std::string(4096, 'x');
  SqliteConnection connection(file);
  CheckFails(connection, ErrorCode::kCorrupt, "not a database");
}

BOOST_AUTO_TEST_CASE(FolderIsUnavailable) {
  SqliteConnection connection(folder);
  CheckFails(connection, ErrorCode::kUnavailable, "not a regular file");
}

BOOST_AUTO_TEST_CASE(ReplacedFileIsOpenedAnew) {
  Write(kOneItem);
  SqliteConnection connection(file);
  CheckAnswers(connection, "1");
  const std::filesystem::path first = file;
  file = folder / "next.db";
  Write("CREATE TABLE item (id int); INSERT INTO item VALUES (2)");
  std::filesystem::rename(file, first);
  CheckAnswers(connection, "2");
  BOOST_TEST(connection.generation() == 2);
}

BOOST_AUTO_TEST_CASE(LockIsWaitedForUntilTheDeadline) {
  SqliteDatabase writer = Write(kOneItem);
  SqliteConnection connection(file);
  BOOST_REQUIRE(writer.Execute("BEGIN EXCLUSIVE"));
  CheckFails(connection, ErrorCode::kTimeout, "locked");
  BOOST_REQUIRE(writer.Execute("COMMIT"));
  CheckAnswers(connection, "1");
}

BOOST_AUTO_TEST_CASE(ReadsBesideALiveWriterOfAWal) {
  SqliteDatabase writer = Write(kOneItemInWal);
  SqliteConnection connection(file);
  CheckAnswers(connection, "1");
  BOOST_REQUIRE(writer.Execute("BEGIN IMMEDIATE; INSERT INTO item VALUES (2)"));
  CheckAnswers(connection, "1");
  BOOST_REQUIRE(writer.Execute("COMMIT"));
  CheckAnswers(connection, "2");
  // No statement of ours is left open, or the log could not be emptied.
  BOOST_TEST(static_cast<bool>(writer.Execute("PRAGMA wal_checkpoint(TRUNCATE)")));
  BOOST_TEST(std::filesystem::file_size(file.string() + "-wal") == 0u);
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(ReadsAWalThatNobodyHasOpenAndLeavesNoTrace) {
  Write(kOneItemInWal);
  BOOST_TEST(CountFiles() == 1);
  SqliteConnection connection(file);
  CheckAnswers(connection, "1");
  CheckAnswers(connection, "1");
  BOOST_TEST(CountFiles() == 1);
  {
    const SqliteDatabase writer = Write("INSERT INTO item VALUES (2)");
    CheckAnswers(connection, "2");
  }
  Write("INSERT INTO item VALUES (3)");
  CheckAnswers(connection, "3");
}

BOOST_AUTO_TEST_CASE(OpeningDropsNoLockOfThisProcess) {
  Write(kOneItemInWal);
  SqliteDatabase writer = Write("PRAGMA journal_mode = DELETE; INSERT INTO item VALUES (2)");
  BOOST_REQUIRE(writer.Execute("BEGIN IMMEDIATE"));
  SqliteConnection connection(file);
  CheckAnswers(connection, "2");
  BOOST_TEST(IsLockedAsOthersSeeIt(file));
}

BOOST_AUTO_TEST_CASE(LogWithoutItsIndexIsUnavailable) {
  {
    const SqliteDatabase writer = Write(kOneItemInWal);
    std::filesystem::copy(file.string() + "-wal", folder / "copy.db-wal");
    std::filesystem::copy(file, folder / "copy.db");
  }
  SqliteConnection connection(folder / "copy.db");
  CheckFails(connection, ErrorCode::kUnavailable, "unable to open database file");
  BOOST_TEST(!std::filesystem::exists(folder / "copy.db-shm"));
}

BOOST_AUTO_TEST_CASE(UnreadableFileIsDenied) {
  if (::geteuid() == 0) {
    BOOST_TEST_MESSAGE("root can read everything");
    return;
  }
  Write(kOneItem);
  std::filesystem::permissions(file, std::filesystem::perms::none);
  SqliteConnection connection(file);
  CheckFails(connection, ErrorCode::kDenied, "Permission denied");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors
