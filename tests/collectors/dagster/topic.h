// Tables of tests for one topic: rows in, series out.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {

/// Rows in an otherwise empty Dagster, and what its first collection says of them.
struct TopicRow {
  std::string what;
  Store store;
  /// Statements that make the rows at the watcher's moment.
  std::function<std::string(const Watcher&)> rows;
  Values expected;
  /// Series that must not be there; all that begin like this.
  std::vector<std::string> absent = {};
};

inline bool HasSeriesLike(const Values& values, const std::string& begin) {
  const auto found = values.lower_bound(begin);
  return found != values.end() && found->first.starts_with(begin);
}

/// Runs each row of the table on a database of each kind.
inline void CheckTopic(const std::vector<TopicRow>& table, const Settings& settings = {}) {
  for (const TopicRow& row : table) {
    BOOST_TEST_CONTEXT(row.what) {
      OnEachDatabase([&](Instance& instance) {
        Watcher watcher(instance, settings);
        instance.Execute(row.store, row.rows(watcher));
        const Values values = watcher.CollectWhole(Duration(0));
        for (const auto& [series, value] : row.expected) {
          BOOST_TEST_CONTEXT(series) {
            BOOST_TEST(At(values, series) == value, boost::test_tools::tolerance(1e-12));
          }
        }
        for (const std::string& begin : row.absent) {
          BOOST_TEST(!HasSeriesLike(values, begin), "has " + begin);
        }
      });
    }
  }
}

}  // namespace tocsin::collectors::dagster
