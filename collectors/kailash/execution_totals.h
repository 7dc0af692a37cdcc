#pragma once

#include <array>
#include <cstdint>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "collectors/kailash/error_category.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kept_histogram.h"

namespace tocsin::collectors::kailash {

/// What was counted about the executions of one workflow.
struct ExecutionTotals {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::array<std::uint64_t, kErrorCategories> errors{};  ///< The failed ones, by ErrorCategory.
  KeptHistogram duration{kDurationBounds};

  void Add(const ExecutionTotals& other);
  boost::json::object Save() const;
  static ExecutionTotals Restored(const boost::json::value& saved);
};

}  // namespace tocsin::collectors::kailash
