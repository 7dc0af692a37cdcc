#include "exporter/generate/generated_file.h"

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::generate {
namespace {

BOOST_AUTO_TEST_SUITE(generated_file_test)

BOOST_AUTO_TEST_CASE(FilesAreWrittenOnceAndEachIsReported) {
  const TemporaryFolder folder;
  const std::filesystem::path target = folder.path() / "new" / "folder";
  const std::vector<GeneratedFile> files = {{"a.txt", "a\n"}, {"b/c.txt", ""}};
  const std::string a = (target / "a.txt").string();
  const std::string c = (target / "b/c.txt").string();

  std::ostringstream first;
  BOOST_REQUIRE(WriteGeneratedFiles(files, target, first));
  BOOST_TEST(first.str() == "written " + a + "\nwritten " + c + "\n");
  BOOST_TEST(*ReadFile(a) == "a\n");
  const auto permissions = std::filesystem::status(a).permissions();
  BOOST_TEST(((permissions & std::filesystem::perms::owner_exec) == std::filesystem::perms::none));

  BOOST_REQUIRE(ReplaceFile(a, "edited\n"));
  const auto time = std::filesystem::last_write_time(c);
  std::ostringstream second;
  BOOST_REQUIRE(WriteGeneratedFiles(files, target, second));
  BOOST_TEST(second.str() == "written " + a + "\nunchanged " + c + "\n");
  BOOST_TEST(*ReadFile(a) == "a\n");
  BOOST_TEST((std::filesystem::last_write_time(c) == time));
}

BOOST_AUTO_TEST_CASE(WhatCannotBeWrittenIsSaidAndLeavesNothingBehind) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "taken.txt" / "x");
  BOOST_REQUIRE(ReplaceFile(folder.path() / "file", ""));
  std::ostringstream report;
  const std::string root = folder.path().string();
  const std::pair<const char*, std::string> cases[] = {
      {"taken.txt", "writing " + root + "/taken.txt: "},
      {"file/below.txt", "the folder " + root + "/file cannot be made: Not a directory"},
  };
  for (const auto& [path, message] : cases) {
    const std::vector<GeneratedFile> files = {{path, "a\n"}};
    const Status written = WriteGeneratedFiles(files, folder.path(), report);
    BOOST_REQUIRE(!written);
    BOOST_TEST(written.error().message.starts_with(message), written.error().message);
  }
  BOOST_TEST(report.str().empty());
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++entries;
  }
  BOOST_TEST(entries == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate
