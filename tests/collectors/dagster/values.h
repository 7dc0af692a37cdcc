// What a collection published, as a map that tests can look into.

#pragma once

#include <cstddef>
#include <map>
#include <sstream>
#include <string>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/snapshot.h"

namespace tocsin::collectors::dagster {

/// Values by series, as in `name{label="value"}`; histograms by their `name_sum` and `name_count`.
using Values = std::map<std::string, double>;

inline Values ValuesOf(const Snapshot& snapshot) {
  Values values;
  for (const FamilyPoints& family : snapshot.families) {
    const std::size_t width = family.shape->values_per_series();
    for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
      std::string labels;
      std::istringstream texts{std::string(family.shape->series(i))};
      for (const std::string& name : family.shape->label_names) {
        std::string text;
        std::getline(texts, text, FamilyShape::kDelimiter);
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, text);
      }
      if (!labels.empty()) labels = "{" + labels + "}";
      const std::string& name = family.shape->name;
      const double* const at = &family.values[i * width];
      if (family.shape->type == MetricType::kHistogram) {
        values[name + "_count" + labels] = at[width - 2];
        values[name + "_sum" + labels] = at[width - 1];
      } else {
        values[name + labels] = at[0];
      }
    }
  }
  return values;
}

/// The value of a series; a series that is not there fails the test.
inline double At(const Values& values, const std::string& series) {
  const auto found = values.find(series);
  BOOST_TEST_REQUIRE((found != values.end()), "no series " + series);
  return found->second;
}

}  // namespace tocsin::collectors::dagster
