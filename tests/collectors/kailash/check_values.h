#pragma once

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/dagster/values.h"

namespace tocsin::collectors::kailash {

/// Checks that these series were found with these values, and no others.
inline void CheckValues(const dagster::Values& found, const dagster::Values& expected) {
  for (const auto& [series, value] : expected) {
    BOOST_TEST_CONTEXT(series) {
      BOOST_TEST(dagster::At(found, series) == value);
    }
  }
  for (const auto& [series, value] : found) {
    BOOST_TEST(expected.contains(series), fmt::format("unexpected: {} {}", series, value));
  }
}

}  // namespace tocsin::collectors::kailash
