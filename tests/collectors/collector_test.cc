#include "collectors/collector.h"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {
namespace {

constexpr MetricDesc kMetric = {"x", MetricType::kGauge, "Help."};

/// Reports what it is told to.
class Reporting final : public Collector {
 public:
  Status Collect(const Attempt& /*attempt*/, Collection& collection) override {
    collection.points.Add(kMetric, {}, 1);
    collection.sources = sources;
    collection.parts = parts;
    return status;
  }

  Status status;
  std::vector<SourceReport> sources;
  std::vector<SourceReport> parts;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(collector_test)

BOOST_AUTO_TEST_CASE(ACheckTellsWhatACollectionComplainsOf) {
  Reporting collector;
  BOOST_TEST(collector.Check({}).empty());
  const Error error{ErrorCode::kDenied, "no"};
  collector.status = error;
  collector.sources = {{"a", error}, {"b", Status()}};
  collector.parts = {{"c", error}};
  const std::vector<Finding> findings = collector.Check({});
  const std::vector<std::string> expected = {"no", "a: no", "c: no"};
  BOOST_TEST_REQUIRE(findings.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(findings[i].message == expected[i]);
    BOOST_TEST((findings[i].kind == Finding::Kind::kMistake));
    BOOST_TEST(!findings[i].place.has_value());
  }
}

BOOST_AUTO_TEST_CASE(AnAttemptEndsByItsDeadlineOrByAStop) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const std::chrono::minutes minute(1);
  std::stop_source stop;
  BOOST_TEST(!IsOver({now + minute, stop.get_token()}));
  BOOST_TEST(IsOver({now, stop.get_token()}));
  stop.request_stop();
  BOOST_TEST(IsOver({now + minute, stop.get_token()}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
