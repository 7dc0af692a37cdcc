#include "exporter/command_description.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

const CommandDescription& Below(const CommandDescription& command, std::string_view name) {
  const auto found = std::find_if(command.commands.begin(), command.commands.end(),
                                  [&](const auto& one) { return one.name == name; });
  BOOST_TEST_REQUIRE((found != command.commands.end()), name);
  return *found;
}

const OptionDescription& Option(const CommandDescription& command, const std::string& name) {
  const auto found =
      std::find_if(command.options.begin(), command.options.end(), [&](const auto& one) {
        return std::find(one.names.begin(), one.names.end(), name) != one.names.end();
      });
  BOOST_TEST_REQUIRE((found != command.options.end()), name);
  return *found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_description_test)

BOOST_AUTO_TEST_CASE(OptionsOfServingAreThereWithAndWithoutItsName) {
  const CommandDescription tocsin = DescribeCommandLine();
  for (const CommandDescription* const command : {&tocsin, &Below(tocsin, "serve")}) {
    const OptionDescription& config = Option(*command, "--config");
    BOOST_TEST(config.names.front() == "-c");
    BOOST_TEST(config.value == "FILE");
    BOOST_TEST(!config.repeated);
    BOOST_TEST(Option(*command, "--listen").repeated);
  }
}

BOOST_AUTO_TEST_CASE(AFlagHasNoValue) {
  const CommandDescription tocsin = DescribeCommandLine();
  BOOST_TEST(Option(tocsin, "--version").value.empty());
  BOOST_TEST(Option(Below(Below(tocsin, "check"), "rules"), "--lint-fatal").value.empty());
}

BOOST_AUTO_TEST_CASE(ArgumentsAreNoOptions) {
  const CommandDescription tocsin = DescribeCommandLine();
  const CommandDescription& add = Below(Below(tocsin, "silence"), "add");
  BOOST_TEST_REQUIRE(add.arguments.size() == 1U);
  BOOST_TEST(add.arguments.front().names.empty());
  BOOST_TEST(add.arguments.front().value == "MATCHER");
  BOOST_TEST(add.arguments.front().required);
  BOOST_TEST(add.arguments.front().repeated);
  BOOST_TEST(Option(add, "--comment").required);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
