#include "collectors/atlas/worker_watch.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::atlas {
namespace {

BOOST_AUTO_TEST_SUITE(atlas_worker_watch_test)

BOOST_AUTO_TEST_CASE(TellsProcessesApart) {
  const std::string first =
      "optimization_requests_created{method=\"m\",status=\"success\"} 1.5e+09\n";
  const std::string other =
      "optimization_requests_created{method=\"m\",status=\"success\"} 1.6e+09\n";
  const std::string unrelated =
      "optimization_requests_created{method=\"n\",status=\"success\"} 1.7e+09\n";
  const struct {
    std::string name;
    std::vector<std::string> pages;
    std::vector<bool> another;
  } rows[] = {
      {"one process", {first, first, first + unrelated}, {false, false, false}},
      {"two in turn", {first, other, other, first}, {false, true, false, true}},
      {"one that has done nothing yet", {first, "", first}, {false, false, false}},
      {"and another after it", {first, "", other}, {false, false, true}},
      {"by start time",
       {"process_start_time_seconds 1\n", "process_start_time_seconds 2\n"},
       {false, true}},
      {"other names",
       {"process_start_time_seconds_x 1\n", "process_start_time_seconds_x 2\n"},
       {false, false}},
      {"half a line",
       {"process_start_time_seconds 12", "process_start_time_seconds"},
       {false, false}},
      {"what was added up",
       {"optimization_requests_total 5\n", "optimization_requests_total 4\n"},
       {false, false}},
  };
  for (const auto& row : rows) {
    WorkerWatch watch;
    std::vector<bool> another;
    for (const std::string& page : row.pages) another.push_back(watch.IsAnother(page));
    BOOST_TEST(another == row.another, row.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas
