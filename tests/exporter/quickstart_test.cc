#include "exporter/quickstart.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "tests/support/recorded_log.h"
#include "tests/support/source_directory.h"

namespace tocsin {

BOOST_AUTO_TEST_SUITE(quickstart_test)

BOOST_AUTO_TEST_CASE(TheExampleIsWhatIsEmbedded) {
  const Result<std::string> example = ReadFile(SourceDirectory() / "examples" / kQuickstartName);
  BOOST_REQUIRE(example);
  BOOST_TEST(*example == kQuickstartConfig);
}

BOOST_AUTO_TEST_CASE(TheConfigurationWatchesWhereTheDemoPlays) {
  BOOST_TEST(kQuickstartConfig.find("dagster_home: " + QuickstartDemoFolder().string() + "\n") !=
             std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(WhatIsSaidCanBeTyped) {
  const RecordedLog log;
  AnnounceQuickstart(log.log(), "build/tocsin");
  BOOST_TEST(log.Count(": build/tocsin demo --revive\"") == 1);
  BOOST_TEST(log.Count(": build/tocsin serve --config FILE,") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
