#include "exporter/check_sources.h"

#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_collector.h"

namespace tocsin {
namespace {

using collectors::Attempt;
using collectors::Finding;

/// Finds what a function says.
class Looker final : public collectors::Collector {
 public:
  explicit Looker(std::vector<Finding> (*look)()) : look_(look) {}
  Status Collect(const Attempt&, collectors::Collection&) override { return {}; }
  std::vector<Finding> Check(const Attempt&) override { return look_(); }

 private:
  std::vector<Finding> (*const look_)();
};

std::shared_ptr<const collectors::InstanceConfig> That(std::vector<Finding> (*look)(), int line) {
  collectors::InstanceConfig config = collectors::FakeConfig("c" + std::to_string(line), nullptr);
  config.place = {line, 3};
  config.make = [look](const collectors::Environment&) { return std::make_unique<Looker>(look); };
  return std::make_shared<const collectors::InstanceConfig>(std::move(config));
}

BOOST_AUTO_TEST_SUITE(check_sources_test)

BOOST_AUTO_TEST_CASE(EveryCollectorIsAskedThoughOthersFailOrThrow) {
  const InstanceConfigs configs = {
      That([]() -> std::vector<Finding> { throw std::runtime_error("a bug"); }, 1),
      That([]() -> std::vector<Finding> { throw 7; }, 2),
      That(
          [] {
            return std::vector{Finding{.message = "gone", .place = YamlPlace{9, 8}}};
          },
          3),
      That(
          [] {
            return std::vector{Finding{Finding::Kind::kWarning, "slow"}};
          },
          4),
      That([] { return std::vector<Finding>(); }, 5),
  };
  std::ostringstream text;
  std::streambuf* const before = std::cerr.rdbuf(text.rdbuf());
  const std::size_t failed = CheckSources(configs, "f");
  std::cerr.rdbuf(before);
  BOOST_TEST(failed == 3U);
  BOOST_TEST(text.str() ==
             "f:1:3: collector \"c1\": threw: a bug\n"
             "f:2:3: collector \"c2\": threw: something that is not a std::exception\n"
             "f:9:8: collector \"c3\": gone\n"
             "f:4:3: warning: collector \"c4\": slow\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
