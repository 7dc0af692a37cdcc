#include "exporter/runbooks.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "exporter/compression.h"
#include "exporter/packed_runbooks.h"
#include "tests/support/source_directory.h"

namespace tocsin {

BOOST_AUTO_TEST_SUITE(runbooks_test)

BOOST_AUTO_TEST_CASE(TheyAreThoseOfTheRepository) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SourceDirectory() / "docs/runbooks")) {
    const Runbook* const found = FindRunbook(entry.path().stem().string());
    BOOST_REQUIRE(found != nullptr);
    BOOST_TEST((found->text == *ReadFile(entry.path())), entry.path());
    ++files;
  }
  BOOST_TEST(Runbooks().size() == files);
  BOOST_TEST(std::ranges::is_sorted(Runbooks(), {}, &Runbook::name));
}

BOOST_AUTO_TEST_CASE(TheyAreSmall) {
  BOOST_TEST(PackedRunbooks().size() < 80'000U);
}

BOOST_AUTO_TEST_CASE(HalfAPackageIsNone) {
  const std::string_view packed = PackedRunbooks();
  BOOST_TEST(UnpackZstd(packed).size() > 100'000U);
  BOOST_TEST(UnpackZstd(packed.substr(0, packed.size() / 2)).empty());
  BOOST_TEST(UnpackZstd("no zstd").empty());
}

BOOST_AUTO_TEST_CASE(ARunbookIsFoundByItsNameAlone) {
  BOOST_REQUIRE(FindRunbook("atlasdown") != nullptr);
  BOOST_TEST(FindRunbook("atlasdown")->Title() == "AtlasDown");
  BOOST_TEST(FindRunbook("AtlasDown") == FindRunbook("atlasdown"));
  for (const std::string_view name : {"", "atlasdow", "atlasdownn", "atlasdown.md", "./atlasdown",
                                      "../runbooks/atlasdown", "atlasdown/", "zzz"}) {
    BOOST_TEST(FindRunbook(name) == nullptr, name);
  }
}

BOOST_AUTO_TEST_CASE(AnAlertsUrlEndsInTheName) {
  const struct {
    std::string_view url;
    bool is_ours;
  } rows[] = {
      {"docs/runbooks/atlasdown.md", true},
      {"https://wiki.example.org/tocsin/atlasdown.md", true},
      {"https://wiki.example.org/AtlasDown", true},
      {"https://wiki.example.org/atlasdown/", true},
      {"https://wiki.example.org/atlasdown.html", true},
      {"https://wiki.example.org/?page=atlasdown", true},
      {"https://wiki.example.org/runbooks#atlasdown", true},
      {"atlasdown", true},
      {"https://wiki.example.org/my-atlasdown", false},
      {"https://wiki.example.org/atlasdown/history", false},
      {"https://wiki.example.org/atlasdown.md?raw=1", false},
      {"https://runbooks.example/high-load", false},
      {"", false},
      {"/", false},
  };
  for (const auto& row : rows) {
    const Runbook* const found = RunbookAt(row.url);
    BOOST_TEST((found != nullptr) == row.is_ours, row.url);
    BOOST_TEST((found == nullptr || found->name == "atlasdown"), row.url);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
