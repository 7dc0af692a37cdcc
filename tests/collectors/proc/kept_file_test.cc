#include "collectors/proc/kept_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "collectors/proc/folder.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

BOOST_AUTO_TEST_SUITE(kept_file_test)

BOOST_AUTO_TEST_CASE(EachReadSeesWhatIsThereNow) {
  const TemporaryFolder folder;
  KeptFile file(folder.path() / "a");
  BOOST_TEST((file.Read().error().code == ErrorCode::kNotFound));
  for (const std::string& text :
       {std::string("one\n"), std::string(), std::string(100'000, 'x'), std::string("two\n")}) {
    Write(folder.path() / "a", text);
    const Result<std::string_view> read = file.Read();
    BOOST_REQUIRE(read);
    BOOST_TEST(*read == text);
  }
}

BOOST_AUTO_TEST_CASE(FilesOfTheKernelAreReadAgain) {
  KeptFile file("/proc/self/stat");
  const Result<std::string_view> first = file.Read();
  BOOST_REQUIRE(first);
  BOOST_TEST(first->starts_with(std::to_string(getpid())));
  const Result<std::string_view> second = file.Read();
  BOOST_REQUIRE(second);
  BOOST_TEST(second->starts_with(std::to_string(getpid())));
}

BOOST_AUTO_TEST_CASE(TooLargeFilesAreRefused) {
  const TemporaryFolder folder;
  Write(folder.path() / "large", "");
  std::filesystem::resize_file(folder.path() / "large", KeptFile::kMostBytes + 1);
  KeptFile file(folder.path() / "large");
  const Result<std::string_view> read = file.Read();
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().code == ErrorCode::kTooLarge));
  BOOST_TEST(read.error().message.starts_with((folder.path() / "large").string()));
}

BOOST_AUTO_TEST_CASE(AFolderIsNoFile) {
  const TemporaryFolder folder;
  KeptFile file(folder.path());
  BOOST_TEST(!file.Read());
}

BOOST_AUTO_TEST_CASE(APipeDoesNotHang) {
  const TemporaryFolder folder;
  BOOST_REQUIRE(mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  KeptFile file(folder.path() / "pipe");
  BOOST_TEST(!file.Read());
}

BOOST_AUTO_TEST_CASE(FoldersAreListed) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "b");
  std::filesystem::create_directory(folder.path() / "a");
  Write(folder.path() / "c", "");
  const Result<FileDescriptor> open = OpenFolder(folder.path());
  BOOST_REQUIRE(open);
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST((*ListFolder(*open, 10) == std::vector<std::string>{"a", "b", "c"}));
    BOOST_TEST((*ListFolder(*open, 10, EntryKind::kFolder) == std::vector<std::string>{"a", "b"}));
  }
  BOOST_TEST((ListFolder(*open, 2).error().code == ErrorCode::kTooLarge));
  BOOST_TEST((OpenFolder(folder.path() / "c").error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(FilesOfAFolderAreRead) {
  const TemporaryFolder folder;
  Write(folder.path() / "long", std::string(20'000, 'y'));
  Write(folder.path() / "short", "z");
  const Result<FileDescriptor> open = OpenFolder(folder.path());
  BOOST_REQUIRE(open);
  std::string text;
  BOOST_REQUIRE(ReadFileAt(*open, "long", text));
  BOOST_TEST(text == std::string(20'000, 'y'));
  BOOST_REQUIRE(ReadFileAt(*open, "short", text));
  BOOST_TEST(text == "z");
  BOOST_TEST((ReadFileAt(*open, "none", text).error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors
