// What Kailash's page of metrics says, apart from how it is written.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/kailash/pool_reports.h"
#include "collectors/prometheus/page.h"

namespace tocsin::collectors::kailash {

/// A histogram family of the page, its series added up by one label.
struct PageHistogram {
  struct Series {
    std::vector<std::uint64_t> counts;  ///< As HistogramPoint wants them.
    double sum = 0;
  };

  std::vector<double> bounds;            ///< Of the first series; series with others are left out.
  std::map<std::string, Series> series;  ///< By the label's value.
};

/// Reads a histogram's samples, and adds up those that differ in other labels only. Series without
/// `label` are left out, and those that are no histogram: buckets that fall, neither +Inf nor a
/// count, amounts that are not finite.
PageHistogram ReadHistogram(const PageFamily& family, std::string_view label);

struct WorkflowCounts {
  double succeeded = 0;
  double failed = 0;
};

/// What is absent from the page is empty here.
struct PageFacts {
  std::map<std::string, WorkflowCounts> workflows = {};
  std::map<std::string, double> node_errors = {};            ///< By node.
  std::optional<double> connection_timeouts = std::nullopt;  ///< A lifetime total.
  PoolReports pools = {};
  PageHistogram durations = {};   ///< By workflow.
  PageHistogram pool_waits = {};  ///< By pool.
};

/// Picks the facts out of a page. Three producers write it, so that labels vary (OpenTelemetry adds
/// some of its own) and one pool can appear under two spellings, with the same figures.
/// Source: kailash/runtime/metrics.py, kailash/monitoring/*.py, kailash/servers/*.py, 2.63.
PageFacts FactsOf(const Page& page);

}  // namespace tocsin::collectors::kailash
