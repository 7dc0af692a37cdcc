// What a collection published, as a map that tests can look into.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/snapshot.h"

namespace tocsin::collectors::dagster {

/// Values by series, as in `name{label="value"}`; histograms by their `name_sum` and `name_count`,
/// unless they were passed on from a page: then by each of their samples.
using Values = std::map<std::string, double>;

/// The name and labels of one series' sample.
inline std::pair<std::string, std::string> NameAndLabels(const FamilyShape& shape, std::size_t i) {
  std::string labels;
  const auto add = [&](std::string_view name, std::string_view text) {
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, text);
  };
  SeriesParts parts(shape.series(i));
  std::string sample = shape.name;
  if (shape.form == SeriesForm::kFlat) {
    sample = parts.Take();
    while (!parts.empty()) {
      const std::string_view name = parts.Take();
      add(name, parts.Take());
    }
  }
  for (const std::string& name : shape.label_names) add(name, parts.Take());
  return {std::move(sample), labels.empty() ? "" : "{" + labels + "}"};
}

inline Values ValuesOf(const Snapshot& snapshot) {
  Values values;
  for (const FamilyPoints& family : snapshot.families) {
    const std::size_t width = family.shape->values_per_series();
    for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
      const auto [name, labels] = NameAndLabels(*family.shape, i);
      const double* const at = &family.values[i * width];
      if (family.shape->has_histograms()) {
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
