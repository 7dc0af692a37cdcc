#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

std::size_t FilesIn(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

BOOST_AUTO_TEST_SUITE(file_test)

BOOST_AUTO_TEST_CASE(WhatIsWrittenReadsBack) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "a";
  for (const std::string& contents :
       {std::string(), std::string("one\n"), std::string("\0\xff", 2), std::string(300'000, 'x')}) {
    BOOST_TEST_REQUIRE(!!ReplaceFile(file, contents));
    const Result<std::string> read = ReadFile(file);
    BOOST_TEST_REQUIRE(!!read);
    BOOST_TEST((*read == contents));
  }
  BOOST_TEST(FilesIn(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(WhatIsLargerThanAllowedIsRefused) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "a";
  BOOST_TEST_REQUIRE(!!ReplaceFile(file, "1234"));
  BOOST_TEST(!!ReadFile(file, 4));
  const Result<std::string> read = ReadFile(file, 3);
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST((read.error().code == ErrorCode::kTooLarge));
  BOOST_TEST(read.error().message == file.string() + ": larger than 3 bytes");
}

BOOST_AUTO_TEST_CASE(OnlyTheOwnerMayRead) {
  const TemporaryFolder folder;
  BOOST_TEST_REQUIRE(!!ReplaceFile(folder.path() / "a", "x"));
  struct stat status = {};
  BOOST_TEST_REQUIRE(stat((folder.path() / "a").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(AFailedReplacementLeavesTheOldContents) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "a";
  BOOST_TEST_REQUIRE(!!ReplaceFile(file, "old"));
  // The new contents cannot be written first, because their place is taken by a folder.
  std::filesystem::create_directory(folder.path() / "a.tmp");
  BOOST_TEST(!ReplaceFile(file, "new"));
  BOOST_TEST(*ReadFile(file) == "old");
}

BOOST_AUTO_TEST_CASE(AFailedRenameLeavesNothingBehind) {
  const TemporaryFolder folder;
  const std::filesystem::path target = folder.path() / "a";
  std::filesystem::create_directories(target / "full");
  BOOST_TEST(!ReplaceFile(target, "new"));
  BOOST_TEST(std::filesystem::is_directory(target / "full"));
  BOOST_TEST(FilesIn(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(ErrorsNameThePath) {
  const TemporaryFolder folder;
  const Result<std::string> missing = ReadFile(folder.path() / "no");
  BOOST_TEST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == ErrorCode::kNotFound));
  BOOST_TEST(missing.error().message ==
             (folder.path() / "no").string() + ": No such file or directory");
  const Result<std::string> is_folder = ReadFile(folder.path());
  BOOST_TEST_REQUIRE(!is_folder);
  BOOST_TEST((is_folder.error().code == ErrorCode::kUnavailable));
  const Status nowhere = ReplaceFile(folder.path() / "no" / "a", "x");
  BOOST_TEST_REQUIRE(!nowhere);
  BOOST_TEST((nowhere.error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(APipeIsReadToItsEnd) {
  std::array<int, 2> ends{};
  BOOST_TEST_REQUIRE(pipe(ends.data()) == 0);
  BOOST_TEST_REQUIRE(write(ends[1], "a: b\n", 5) == 5);
  close(ends[1]);
  const Result<std::string> read = ReadFile("/dev/fd/" + std::to_string(ends[0]));
  close(ends[0]);
  BOOST_TEST_REQUIRE(!!read);
  BOOST_TEST(*read == "a: b\n");
}

BOOST_AUTO_TEST_CASE(APipeThatNobodyWritesToIsRefusedAtOnce) {
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder.path() / "a";
  BOOST_TEST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const Result<std::string> read = ReadFile(pipe);
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST((read.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(read.error().message == pipe.string() + ": a pipe that nobody writes to");
}

BOOST_AUTO_TEST_CASE(EndlessFilesAreCutOff) {
  const Result<std::string> endless = ReadFile("/dev/zero");
  BOOST_TEST_REQUIRE(!endless);
  BOOST_TEST((endless.error().code == ErrorCode::kTooLarge));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
