// One source of the Dagster collector, collected by hand.

#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/metric_sink.h"
#include "collectors/collector.h"
#include "collectors/dagster/source.h"
#include "tests/collectors/dagster/values.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"

namespace tocsin::collectors::dagster {

/// What one collection of a source came to.
struct Collected {
  Values values;
  Status status;
  std::vector<SourceReport> parts;
};

inline Collected CollectFrom(Source& source, const Attempt& attempt = LongAttempt()) {
  MetricSink sink({1000, {}}, nullptr);
  Collection collection{sink};
  Status status = source.Collect(attempt, collection);
  for (const std::uint64_t count : sink.dropped()) BOOST_TEST(count == 0U);
  return {ValuesOf(*sink.Finish(TimePoint())), std::move(status), std::move(collection.parts)};
}

}  // namespace tocsin::collectors::dagster
