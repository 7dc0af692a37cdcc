#include "collectors/kubernetes/quantity.h"

#include <optional>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::kubernetes {
namespace {

struct QuantityCase {
  std::string_view text;
  std::optional<double> value;
};

const std::vector<QuantityCase> kCases = {
    {"0", 0},
    {"1", 1},
    {"100m", 0.1},
    {"2500m", 2.5},
    {"1m", 0.001},
    {"0.5", 0.5},
    {".5", 0.5},
    {"5.", 5},
    {"-1", -1},
    {"+1", 1},
    {"250u", 0.00025},
    {"100n", 1e-7},
    {"1k", 1000},
    {"1M", 1e6},
    {"1G", 1e9},
    {"1.5T", 1.5e12},
    {"1P", 1e15},
    {"1E", 1e18},
    {"1Ki", 1024},
    {"512Mi", 536870912},
    {"1Gi", 1073741824},
    {"1.5Gi", 1610612736},
    {"1Ti", 1099511627776},
    {"1Pi", 1125899906842624},
    {"8Ei", 9223372036854775808.0},
    {"1e3", 1000},
    {"1E3", 1000},
    {"12e-3", 0.012},
    {"1e+2", 100},
    {"128974848", 128974848},
    // What is none.
    {"", std::nullopt},
    {"m", std::nullopt},
    {"-", std::nullopt},
    {".", std::nullopt},
    {"1.2.3", std::nullopt},
    {"1K", std::nullopt},
    {"1ki", std::nullopt},
    {"1 Gi", std::nullopt},
    {" 1", std::nullopt},
    {"1e", std::nullopt},
    {"1e3m", std::nullopt},
    {"1mm", std::nullopt},
    {"Inf", std::nullopt},
    {"NaN", std::nullopt},
    {"0x10", std::nullopt},
    {"1e999", std::nullopt},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quantity_test)

BOOST_AUTO_TEST_CASE(QuantitiesAreReadAsKubernetesWritesThem) {
  for (const QuantityCase& each : kCases) {
    const std::optional<double> value = ParseQuantity(each.text);
    BOOST_TEST_CONTEXT("\"" << each.text << "\"") {
      BOOST_TEST(value.has_value() == each.value.has_value());
      if (value && each.value) BOOST_TEST(*value == *each.value);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kubernetes
