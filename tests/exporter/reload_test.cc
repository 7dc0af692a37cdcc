#include "exporter/reload.h"

#include <regex>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "tests/support/source_directory.h"

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(reload_test)

BOOST_AUTO_TEST_CASE(WhatOnlyARestartChangesIsDocumented) {
  const Result<std::string> page = ReadFile(SourceDirectory() / "docs/configuration.md");
  BOOST_REQUIRE(page);
  const std::size_t begin = page->find("they need a restart:");
  const std::size_t end = page->find("All\nelse takes effect", begin);
  BOOST_REQUIRE(begin != std::string::npos);
  BOOST_REQUIRE(end != std::string::npos);
  const std::string list = page->substr(begin, end - begin);
  const std::regex key("`([^`]+)`");
  std::set<std::string> documented;
  for (std::sregex_iterator found(list.begin(), list.end(), key), none; found != none; ++found) {
    documented.insert((*found)[1]);
  }
  std::set<std::string> fixed;
  for (const std::string_view name : FixedKeys()) fixed.emplace(name);
  BOOST_TEST(documented == fixed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
