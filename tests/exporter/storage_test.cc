#include "exporter/storage.h"

#include <unistd.h>

#include <fstream>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

void CheckRefused(const Status& status, const fs::path& folder, std::string_view why) {
  BOOST_TEST_REQUIRE(!status);
  BOOST_TEST((status.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(status.error().message == "storage.path: cannot keep state in " + folder.string() +
                                           ": " + std::string(why) + " (:memory: keeps none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(storage_test)

BOOST_AUTO_TEST_CASE(MissingFoldersAreMadeForTheirOwnerOnly) {
  const TemporaryFolder folder;
  const fs::path storage = folder.path() / "a/b";
  BOOST_TEST(!!CheckStorage(storage));
  BOOST_TEST(!fs::exists(folder.path() / "a"));
  BOOST_TEST(!!PrepareStorage(storage));
  BOOST_TEST((fs::status(StateFolder(storage)).permissions() == fs::perms::owner_all));
  BOOST_TEST(!!PrepareStorage(storage));
  BOOST_TEST(!!CheckStorage(storage));
}

BOOST_AUTO_TEST_CASE(NoStorageIsAlwaysGood) {
  BOOST_TEST(!!PrepareStorage({}));
  BOOST_TEST(!!CheckStorage({}));
}

BOOST_AUTO_TEST_CASE(AFileInTheWayIsSaid) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "data";
  std::ofstream(file) << "x";
  CheckRefused(PrepareStorage(file), StateFolder(file), "Not a directory");
  CheckRefused(CheckStorage(file), file, "Not a directory");
  CheckRefused(CheckStorage(file / "below"), file, "Not a directory");
}

BOOST_AUTO_TEST_CASE(AFolderThatMayNotBeWrittenIsSaid) {
  if (geteuid() == 0) return;  // May write everywhere.
  const TemporaryFolder folder;
  const fs::path storage = folder.path() / "data";
  BOOST_TEST_REQUIRE(!!PrepareStorage(storage));
  constexpr fs::perms kReadOnly = fs::perms::owner_read | fs::perms::owner_exec;
  fs::permissions(StateFolder(storage), kReadOnly);
  CheckRefused(PrepareStorage(storage), StateFolder(storage), "Permission denied");
  CheckRefused(CheckStorage(storage), StateFolder(storage), "Permission denied");
  fs::permissions(folder.path(), kReadOnly);
  CheckRefused(PrepareStorage(folder.path() / "new"), StateFolder(folder.path() / "new"),
               "Permission denied");
  CheckRefused(CheckStorage(folder.path() / "new"), folder.path(), "Permission denied");
  fs::permissions(folder.path(), fs::perms::owner_all);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
